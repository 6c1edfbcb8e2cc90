"""A parsed file: its documents split into kind and body, kept by content so that nothing is parsed twice; and what its Defaults say."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from controller.kinds.language.fields import merge
from controller.kinds.language.kind import API_VERSION, DEFAULTS, Finding
from controller.loading.documents import Document, Irregular, parse_documents, yaml_type
from controller.loading.issues import FIELDS, MAX_ISSUES, further, unknown_field, unknown_kind
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ref import Origin

API_GROUP = "envctl/"
"""What every version of our own documents begins with."""

Read = Callable[[bytes], tuple[Document, ...]]

_UNTOLD = (further((), 1),)
"""What stands for all that is wrong with the envelope of one document, where enough is told of others in its file."""


class ParsedDocument(NamedTuple):
    """One document. ``body`` is the canonical JSON of ``{"metadata": …, "spec": …}`` as authored."""

    line: int
    kind: str
    body: bytes
    issues: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """Everything one file says. ``broken`` keeps the text of a file that is not entirely regular YAML.

    ``defaults`` are the positions among ``documents`` of well-formed Defaults.
    """

    documents: tuple[ParsedDocument, ...]
    defaults: tuple[int, ...] = ()
    broken: bytes | None = None


def parse_file(data: bytes, kinds: Collection[str], read: Read = parse_documents) -> ParsedFile:
    """Parse one file; an irregular one comes back with no documents and its text in ``broken``.

    ``read`` gives the documents of a text as ``parse_documents`` does, by whatever way.
    """
    documents: list[ParsedDocument] = []
    defaults: list[int] = []
    wrong = 0
    try:
        parsed = read(data)
    except Irregular:
        return ParsedFile((), broken=data)
    for line, value in parsed:
        kind, metadata, spec = value.get("kind"), value.get("metadata"), value.get("spec")
        if (
            value.keys() <= FIELDS
            and value.get("apiVersion") == API_VERSION
            and isinstance(kind, str)
            and (kind in kinds or kind == DEFAULTS)
            and isinstance(metadata, dict)
            and isinstance(spec, dict)
        ):
            if kind == DEFAULTS:
                defaults.append(len(documents))
            body = canonical_bytes({"metadata": metadata, "spec": spec})
            documents.append(ParsedDocument(line, kind, body))
        else:
            named = kind if isinstance(kind, str) else ""
            wrong += 1
            issues = tuple(_envelope_issues(value, kinds)) if wrong <= MAX_ISSUES else _UNTOLD
            documents.append(ParsedDocument(line, named, b"{}", issues))
    return ParsedFile(tuple(documents), tuple(defaults))


def _envelope_issues(value: dict[str, Any], kinds: Collection[str]) -> list[Finding]:
    if not value:
        return [Finding((), "the document is empty", "write one, or remove one '---'")]
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and not version.startswith(API_GROUP) and kind not in kinds:
        message = f"{version!r} is no apiVersion of envctl: is this file another tool's?"
        fix = f"name it in .envctlignore, or write '{API_VERSION}' and a kind of envctl"
        return [Finding(("apiVersion",), message, fix)]
    unknown = [name for name in value if name not in FIELDS]
    issues = [further((), len(unknown) - MAX_ISSUES)] if len(unknown) > MAX_ISSUES else []
    there_are = "a document has apiVersion, kind, metadata and spec"
    issues += [unknown_field((name,), FIELDS, there_are) for name in unknown[:MAX_ISSUES]]
    if version is None:
        issues.append(Finding.missing((), "apiVersion", "", f"add 'apiVersion: {API_VERSION}'"))
    elif version != API_VERSION:
        issues.append(
            Finding(("apiVersion",), f"unknown apiVersion {version!r}", f"write '{API_VERSION}'")
        )
    known = [*sorted(kinds), DEFAULTS]
    if kind is None:
        issues.append(Finding.missing((), "kind", "", f"add 'kind: …', one of {', '.join(known)}"))
    elif kind not in known:
        issues.append(unknown_kind(("kind",), kind, known))
    for name, example in (("metadata", "metadata: {name: …}"), ("spec", "spec: {…}")):
        part = value.get(name)
        if name not in value:
            issues.append(Finding.missing((), name, "", f"add '{example}'"))
        elif not isinstance(part, dict):
            issues.append(
                Finding(
                    (name,),
                    f"expected a map, found {yaml_type(part)}",
                    f"write '{example}'",
                    hidden=True,
                )
            )
    return issues


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


class FolderDefaults:
    """All Defaults documents of one revision, asked by folder and kind."""

    def __init__(self, files: Mapping[str, str], parsed: Mapping[str, ParsedFile]) -> None:
        """Take the revision (path -> content id, and what each content says).

        A later document in the same folder wins over an earlier one.
        """
        self.documents: list[DefaultsDocument] = []
        """In file order."""
        self._by_folder: dict[str, list[DefaultsDocument]] = {}
        for path, content_id in files.items():
            for index in parsed[content_id].defaults:
                document = parsed[content_id].documents[index]
                made = DefaultsDocument(Origin(path, document.line), index, document.body)
                self.documents.append(made)
                self._by_folder.setdefault(made.folder, []).append(made)
        self._merged: dict[tuple[str, str], dict[str, Any]] = {}

    def for_kind(self, folder: str, kind: str) -> dict[str, Any]:
        """Return the partial spec that documents of ``kind`` in ``folder`` start from."""
        key = (folder, kind)
        if key not in self._merged:
            spec: dict[str, Any] = {}
            for document in self.over(folder):
                partial = document.partial_specs().get(kind)
                if isinstance(partial, dict):
                    spec = merge(spec, partial)
            self._merged[key] = spec
        return self._merged[key]

    def over(self, folder: str) -> list[DefaultsDocument]:
        """Return the documents that apply to a folder, the one that wins last."""
        if not self._by_folder:
            return []
        parts = folder.split("/") if folder else []
        levels = ["/".join(parts[:count]) for count in range(len(parts) + 1)]
        return [document for level in levels for document in self._by_folder.get(level, ())]


def folder_of(path: str) -> str:
    """Return the folder part of a slash-separated path; empty for a file at the top."""
    return path.rpartition("/")[0]
