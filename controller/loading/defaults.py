"""Folder defaults: which apply to a file, how they merge with what a document says, and what is wrong in them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from controller.kinds.language.spec import Metadata, merge
from controller.loading.closest import did_you_mean
from controller.loading.compiled import CompiledKind, CompiledKinds
from controller.loading.envelope import ParsedFile
from controller.loading.issue import Issue, PlacedIssue, placed, unknown_kind
from controller.loading.validation_issues import validation_issues
from controller.loading.written_fields import null_field_issues
from controller.model.canonical import digest, parse_canonical
from controller.model.ref import Origin, ProblemCode


@dataclass(frozen=True, slots=True)
class DefaultsDocument:
    """One ``kind: Defaults`` document: partial specs by kind, for its folder and everything below."""

    origin: Origin
    index: int
    body: bytes

    @property
    def folder(self) -> str:
        """The folder it applies to; empty for the top."""
        return folder_of(self.origin.path)

    def partial_specs(self) -> dict[str, Any]:
        """Return the authored ``spec``: kind name -> partial spec."""
        spec = parse_canonical(self.body)["spec"]
        return spec if isinstance(spec, dict) else {}


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """What a folder gives to one kind: the merged partial spec and where it comes from, nearest first."""

    spec: Mapping[str, Any]
    origins: tuple[Origin, ...]


NO_DEFAULTS = KindDefaults({}, ())


def defaults_documents(
    files: Mapping[str, str], parsed: Mapping[str, ParsedFile]
) -> Iterator[DefaultsDocument]:
    """Yield the Defaults documents of a revision (path -> content id), in file order."""
    for path, content_id in files.items():
        for index in parsed[content_id].defaults:
            document = parsed[content_id].documents[index]
            yield DefaultsDocument(Origin(path, document.line), index, document.body)


class FolderDefaults:
    """All Defaults documents of one revision, asked by folder and kind."""

    def __init__(self, documents: Iterable[DefaultsDocument]) -> None:
        """Take the documents in file order; a later one in the same folder wins over an earlier one."""
        self._by_folder: dict[str, list[DefaultsDocument]] = {}
        for document in documents:
            self._by_folder.setdefault(document.folder, []).append(document)
        self._merged: dict[tuple[str, str], KindDefaults] = {}
        self._ids: dict[str, str] = {}

    def for_kind(self, folder: str, kind: str) -> KindDefaults:
        """Return what documents of ``kind`` in ``folder`` start from."""
        key = (folder, kind)
        found = self._merged.get(key)
        if found is None:
            found = self._merged[key] = self._merge(folder, kind)
        return found

    def id_of(self, folder: str) -> str:
        """Return a text that changes whenever a Defaults document over the folder changes."""
        found = self._ids.get(folder)
        if found is None:
            parts = [document.body for document in self.over(folder)]
            found = self._ids[folder] = digest(b"\n".join(parts)) if parts else ""
        return found

    def over(self, folder: str) -> list[DefaultsDocument]:
        """Return the documents that apply to a folder, the one that wins last."""
        if not self._by_folder:
            return []
        return [
            document
            for level in folders_above(folder)
            for document in self._by_folder.get(level, ())
        ]

    def _merge(self, folder: str, kind: str) -> KindDefaults:
        spec: dict[str, Any] = {}
        origins: list[Origin] = []
        for document in self.over(folder):
            partial = document.partial_specs().get(kind)
            if isinstance(partial, dict):
                spec = merge(spec, partial)
                origins.insert(0, document.origin)
        return KindDefaults(spec, tuple(origins)) if origins else NO_DEFAULTS


def folder_of(path: str) -> str:
    """Return the folder part of a slash-separated path; empty for a file at the top."""
    return path.rpartition("/")[0]


def folders_above(folder: str) -> list[str]:
    """Return the folder and those around it, outermost (the empty text) first."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


def defaults_issues(
    documents: Iterable[DefaultsDocument], kinds: CompiledKinds
) -> Iterator[PlacedIssue]:
    """Yield the issues of every Defaults document; a missing field is none, documents may still give it."""
    given: dict[tuple[str, str], DefaultsDocument] = {}
    for document in documents:
        issues: list[Issue] = []
        try:
            Metadata.model_validate(parse_canonical(document.body)["metadata"])
        except ValidationError as error:
            issues += validation_issues(error, ("metadata",), Metadata)
        for kind, partial in document.partial_specs().items():
            compiled = kinds.by_name.get(kind)
            path = ("spec", kind)
            first = given.setdefault((document.folder, kind), document)
            if compiled is None:
                fix = did_you_mean(kind, kinds.names, f"one of {', '.join(sorted(kinds.names))}")
                issues.append(unknown_kind(path, kind, fix, at_key=True))
            elif not isinstance(partial, dict):
                fix = f"write '{kind}: {{field: value}}'"
                issues.append(Issue(path, "expected a map of fields", fix))
            elif first is not document:
                message = f"this folder's defaults for {kind} are already given at {first.origin}"
                issues.append(
                    Issue(path, message, "merge the two", at_key=True, code=ProblemCode.DUPLICATE)
                )
            else:
                issues += _partial_issues(compiled, partial, path)
        yield from placed(issues, document.origin, document.index)


def _partial_issues(
    compiled: CompiledKind, partial: dict[str, Any], path: tuple[str, ...]
) -> Iterator[Issue]:
    kind = compiled.kind
    yield from null_field_issues(kind, partial, path)
    spec = merge({}, partial)
    for field, authored in kind.authored_fields.items():
        # Where no object uses it, expanding forgets it.
        try:
            authored.model.model_validate(authored.expand(spec.pop(field, {})))
        except ValidationError as error:
            yield from validation_issues(error, (*path, field), authored.model, partial=True)
    try:
        compiled.spec_model(spec)
    except ValidationError as error:
        yield from validation_issues(error, path, kind.spec, partial=True)
