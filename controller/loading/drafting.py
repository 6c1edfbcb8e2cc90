"""Which documents have to be looked at again, and what looking at them gave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.loading.compiled import CompiledKinds
from controller.loading.defaults import FolderDefaults, folder_of
from controller.loading.draft import Draft, draft
from controller.loading.envelope import DEFAULTS, ParsedDocument, ParsedFile
from controller.loading.issue import Issue, PlacedIssue
from controller.loading.world import ALL
from controller.loading.written_references import WrittenReference, written_references
from controller.model.canonical import parse_canonical
from controller.model.origin import Origin
from controller.model.problem import ProblemCode
from controller.model.ref import ResourceRef
from controller.model.resource import Resource


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What one file gave: the objects it holds and what is wrong with the rest of it.

    ``broken_refs`` are objects it does hold, but whose documents are not valid.
    """

    content_id: str
    defaults_id: str
    refs: tuple[ResourceRef, ...]
    issues: tuple[PlacedIssue, ...] = ()
    broken_refs: tuple[ResourceRef, ...] = ()
    references: tuple[WrittenReference, ...] = ()
    """What documents name that are not valid."""


@dataclass(slots=True)
class DraftingChanges:
    """The difference to the load before. ``touched`` are names whose facts are not what they were."""

    files: dict[str, LoadedFile]
    facts: dict[ResourceRef, Any]
    drafts: dict[ResourceRef, Draft] = field(default_factory=dict)
    gone: set[ResourceRef] = field(default_factory=set)
    touched: set[ResourceRef] = field(default_factory=set)
    broken_refs: frozenset[ResourceRef] = frozenset()
    duplicates: bool = False


class Drafting:
    """Drafts the documents of one revision."""

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

    def again(self, resource: Resource) -> Draft:
        """Draft an object a second time from its unchanged document."""
        document = self._parsed[self._files[resource.origin.path]].documents[resource.index]
        again = self._draft(
            document, resource.origin, resource.index, folder_of(resource.origin.path)
        )
        assert isinstance(again, Draft), f"{resource.ref} was valid and has not changed: {again}"
        return again

    def changes(
        self, before: Mapping[str, LoadedFile], facts: Mapping[ResourceRef, Any]
    ) -> DraftingChanges:
        """Draft what is new or different since ``before``."""
        result = DraftingChanges(dict(before), dict(facts))
        redo = []
        folder_ids: dict[str, str] = {}
        for path, content_id in self._files.items():
            folder = folder_of(path)
            defaults_id = folder_ids.get(folder)
            if defaults_id is None:
                defaults_id = folder_ids[folder] = self._defaults.id_of(folder)
            old = before.get(path)
            if old is None or old.content_id != content_id or old.defaults_id != defaults_id:
                redo.append((path, content_id, defaults_id))
        for path in [path for path in before if path not in self._files] + [
            path for path, _, _ in redo
        ]:
            self._forget(path, result)
        for path, content_id, defaults_id in redo:
            result.files[path] = self._file(path, content_id, defaults_id, result)
        _note_what_differs(result, facts, before)
        return result

    def _forget(self, path: str, result: DraftingChanges) -> None:
        old = result.files.pop(path, None)
        if old is not None:
            for ref in old.refs:
                result.facts.pop(ref, None)
                result.gone.add(ref)

    def _file(
        self, path: str, content_id: str, defaults_id: str, result: DraftingChanges
    ) -> LoadedFile:
        refs, issues, broken = [], [], []
        references: list[WrittenReference] = []
        folder = folder_of(path)
        for index, document in enumerate(self._parsed[content_id].documents):
            if document.kind == DEFAULTS and not document.issues:
                continue
            origin = Origin(path, document.line)
            one = self._draft(document, origin, index, folder)
            if isinstance(one, Draft) and one.ref not in result.facts:
                refs.append(one.ref)
                result.drafts[one.ref] = one
                result.facts[one.ref] = one.facts
                continue
            if isinstance(one, Draft):
                result.duplicates = True
                one = (_duplicate(one, result),)
            else:
                broken += _name_of(document)
                references += self._references(document, path, index)
            issues += [PlacedIssue(path, index, document.line, issue) for issue in one]
        return LoadedFile(
            content_id, defaults_id, tuple(refs), tuple(issues), tuple(broken), tuple(references)
        )

    def _references(
        self, document: ParsedDocument, path: str, index: int
    ) -> Iterator[WrittenReference]:
        if not document.issues:
            defaults = self._defaults.for_kind(folder_of(path), document.kind)
            kind = self._kinds[document.kind].kind
            for named in written_references(kind, document.body, defaults):
                yield WrittenReference(path, index, document.line, named)

    def _draft(
        self, document: ParsedDocument, origin: Origin, index: int, folder: str
    ) -> Draft | tuple[Issue, ...]:
        if document.issues:
            return document.issues
        defaults = self._defaults.for_kind(folder, document.kind)
        return draft(self._kinds[document.kind], document.body, origin, index, defaults)


def _note_what_differs(
    result: DraftingChanges, facts: Mapping[ResourceRef, Any], before: Mapping[str, LoadedFile]
) -> None:
    """Fill in ``touched``, ``gone`` and ``broken_refs`` once all files have been drafted."""
    result.gone -= result.drafts.keys()
    missing = object()
    result.touched = {
        ref for ref, one in result.drafts.items() if facts.get(ref, missing) != one.facts
    } | result.gone
    come_or_gone = result.gone | (result.drafts.keys() - facts.keys())
    result.touched |= {ResourceRef(ref.kind, ALL) for ref in come_or_gone}
    broken = frozenset(ref for file in result.files.values() for ref in file.broken_refs)
    result.touched |= broken ^ frozenset(
        ref for file in before.values() for ref in file.broken_refs
    )
    result.broken_refs = broken


def _duplicate(second: Draft, result: DraftingChanges) -> Issue:
    first = result.drafts.get(second.ref)
    where = f" at {first.origin}" if first is not None else ""
    return Issue(
        ("metadata", "name"),
        f"{second.ref} is already defined{where}",
        "remove one of the two",
        code=ProblemCode.DUPLICATE,
    )


def _name_of(document: ParsedDocument) -> list[ResourceRef]:
    """Name the object an invalid document is about, where it says so much."""
    body = parse_canonical(document.body)
    name = body.get("metadata", {}).get("name")
    if not isinstance(name, str):
        return []
    owner = body.get("spec", {}).get("environmentName")
    names = [ResourceRef(document.kind, name)]
    return (
        [*names, ResourceRef(document.kind, f"{owner}/{name}")] if isinstance(owner, str) else names
    )
