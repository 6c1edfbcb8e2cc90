"""Which documents have to be validated again, and what that gave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.kinds.language.kind import DEFAULTS
from controller.loading.compiled import CompiledKinds
from controller.loading.defaults import FolderDefaults, folder_of
from controller.loading.envelope import ParsedDocument, ParsedFile
from controller.loading.issue import Issue, PlacedIssue, placed
from controller.loading.resolve import ALL
from controller.loading.validated import ValidatedDocument, validate_document
from controller.loading.written_fields import WrittenReference, written_references
from controller.model.canonical import parse_canonical
from controller.model.ref import Origin, ProblemCode, ResourceRef
from controller.model.resource import Resource

SourceIds = tuple[str, str]
"""Content id of a file and id of the Defaults over it: what it gives depends on nothing else."""


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What one file gave: the objects it holds and what is wrong with the rest of it.

    ``broken_refs`` are objects it does hold, but whose documents are not valid.
    """

    ids: SourceIds
    refs: tuple[ResourceRef, ...]
    issues: tuple[PlacedIssue, ...] = ()
    broken_refs: tuple[ResourceRef, ...] = ()
    references: tuple[WrittenReference, ...] = ()
    """What documents name that are not valid."""


@dataclass(slots=True)
class DocumentChanges:
    """The difference to the load before. ``touched`` are names whose facts are not what they were."""

    files: dict[str, LoadedFile]
    facts: dict[ResourceRef, Any]
    valid: dict[ResourceRef, ValidatedDocument] = field(default_factory=dict)
    gone: set[ResourceRef] = field(default_factory=set)
    touched: set[ResourceRef] = field(default_factory=set)
    broken_refs: frozenset[ResourceRef] = frozenset()
    duplicates: bool = False


class ChangedDocuments:
    """Validates the documents of one revision that are not what they were."""

    def __init__(
        self,
        files: Mapping[str, str],
        parsed: Mapping[str, ParsedFile],
        defaults: FolderDefaults,
        kinds: CompiledKinds,
    ) -> None:
        """Take the revision's files (path -> content id) and what each content says."""
        self._files, self._parsed, self._defaults = files, parsed, defaults
        self._kinds = kinds.by_name

    def again(self, resource: Resource) -> ValidatedDocument:
        """Validate an object's unchanged document a second time."""
        document = self._parsed[self._files[resource.origin.path]].documents[resource.index]
        again = self._validate(document, resource.origin, resource.index)
        assert isinstance(again, ValidatedDocument), f"{resource.ref} has not changed: {again}"
        return again

    def since(
        self, before: Mapping[str, LoadedFile], facts: Mapping[ResourceRef, Any]
    ) -> DocumentChanges:
        """Validate what is new or different since ``before``."""
        result = DocumentChanges(dict(before), dict(facts))
        defaults_ids: dict[str, str] = {}
        redo: dict[str, SourceIds] = {}
        for path, content_id in self._files.items():
            folder = folder_of(path)
            if folder not in defaults_ids:
                defaults_ids[folder] = self._defaults.id_of(folder)
            old = before.get(path)
            if old is None or old.ids != (content_id, defaults_ids[folder]):
                redo[path] = (content_id, defaults_ids[folder])
        for path in [*(path for path in before if path not in self._files), *redo]:
            old = result.files.pop(path, None)
            for ref in old.refs if old is not None else ():
                result.facts.pop(ref, None)
                result.gone.add(ref)
        for path, ids in redo.items():
            result.files[path] = self._file(path, ids, result)
        _note_what_differs(result, facts, before)
        return result

    def _file(self, path: str, ids: SourceIds, result: DocumentChanges) -> LoadedFile:
        refs, broken = [], []
        issues: list[PlacedIssue] = []
        references: list[WrittenReference] = []
        for index, document in enumerate(self._parsed[ids[0]].documents):
            if document.kind == DEFAULTS and not document.issues:
                continue
            origin = Origin(path, document.line)
            made = self._validate(document, origin, index)
            if not isinstance(made, ValidatedDocument):
                broken += _refs_named(document)
                references += self._references(document, origin, index)
                issues += placed(made, origin, index)
            elif made.ref in result.facts:
                result.duplicates = True
                first = result.valid.get(made.ref)
                where = f" at {first.origin}" if first is not None else ""
                message = f"{made.ref} is already defined{where}"
                fix = "remove one of the two"
                issue = Issue(("metadata", "name"), message, fix, code=ProblemCode.DUPLICATE)
                issues += placed([issue], origin, index)
            else:
                refs.append(made.ref)
                result.valid[made.ref] = made
                result.facts[made.ref] = made.facts
        return LoadedFile(ids, tuple(refs), tuple(issues), tuple(broken), tuple(references))

    def _references(
        self, document: ParsedDocument, origin: Origin, index: int
    ) -> Iterator[WrittenReference]:
        if not document.issues:
            defaults = self._defaults.for_kind(folder_of(origin.path), document.kind).spec
            for named in written_references(self._kinds[document.kind], document.body, defaults):
                yield WrittenReference(origin, index, named)

    def _validate(
        self, document: ParsedDocument, origin: Origin, index: int
    ) -> ValidatedDocument | tuple[Issue, ...]:
        if document.issues:
            return document.issues
        defaults = self._defaults.for_kind(folder_of(origin.path), document.kind)
        return validate_document(self._kinds[document.kind], document.body, origin, index, defaults)


def _note_what_differs(
    result: DocumentChanges, facts: Mapping[ResourceRef, Any], before: Mapping[str, LoadedFile]
) -> None:
    """Fill in ``touched``, ``gone`` and ``broken_refs`` once all files have been looked at."""
    result.gone -= result.valid.keys()
    missing = object()
    result.touched = {
        ref for ref, document in result.valid.items() if facts.get(ref, missing) != document.facts
    } | result.gone
    come_or_gone = result.gone | (result.valid.keys() - facts.keys())
    result.touched |= {ResourceRef(ref.kind, ALL) for ref in come_or_gone}
    result.broken_refs = _broken_refs(result.files)
    result.touched |= result.broken_refs ^ _broken_refs(before)


def _broken_refs(files: Mapping[str, LoadedFile]) -> frozenset[ResourceRef]:
    return frozenset(ref for file in files.values() for ref in file.broken_refs)


def _refs_named(document: ParsedDocument) -> list[ResourceRef]:
    """Name the object an invalid document is about, where it says so much."""
    body = parse_canonical(document.body)
    name = body.get("metadata", {}).get("name")
    owner = body.get("spec", {}).get("environmentName")
    keys = [name, f"{owner}/{name}"] if isinstance(owner, str) else [name]
    return [ResourceRef(document.kind, key) for key in keys] if isinstance(name, str) else []
