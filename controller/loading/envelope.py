"""A parsed file: its documents split into kind and body, kept by content so that nothing is parsed twice."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from controller.loading.closest import closest
from controller.loading.documents import Document, parse_documents
from controller.loading.issue import MAX_ISSUES, Issue, further
from controller.loading.scalars import Irregular
from controller.model.canonical import canonical_bytes
from controller.model.problem import ProblemCode

API_VERSION = "envctl/v1"
DEFAULTS = "Defaults"
FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec"})


class ParsedDocument(NamedTuple):
    """One document. ``body`` is the canonical JSON of ``{"metadata": …, "spec": …}`` as authored."""

    line: int
    kind: str
    body: bytes
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """Everything one file says. ``broken`` keeps the text of a file that is not entirely regular YAML.

    ``defaults`` are the positions among ``documents`` of well-formed Defaults.
    """

    documents: tuple[ParsedDocument, ...]
    defaults: tuple[int, ...] = ()
    broken: bytes | None = None


def parse_file(data: bytes, kinds: Collection[str]) -> ParsedFile:
    """Parse one file; an irregular one comes back with no documents and its text in ``broken``."""
    try:
        documents = tuple([_document(document, kinds) for document in parse_documents(data)])
    except Irregular:
        return ParsedFile((), broken=data)
    defaults = (
        index
        for index, found in enumerate(documents)
        if found.kind == DEFAULTS and not found.issues
    )
    return ParsedFile(documents, tuple(defaults))


def _document(document: Document, kinds: Collection[str]) -> ParsedDocument:
    value = document.value
    kind = value.get("kind")
    if (
        value.keys() <= FIELDS
        and value.get("apiVersion") == API_VERSION
        and isinstance(kind, str)
        and (kind in kinds or kind == DEFAULTS)
    ):
        metadata, spec = value.get("metadata"), value.get("spec")
        if isinstance(metadata, dict) and isinstance(spec, dict):
            return ParsedDocument(
                document.line, kind, canonical_bytes({"metadata": metadata, "spec": spec})
            )
    issues = tuple(_envelope_issues(value, kinds))
    return ParsedDocument(document.line, kind if isinstance(kind, str) else "", b"{}", issues)


def _envelope_issues(value: dict[str, Any], kinds: Collection[str]) -> list[Issue]:
    issues = []
    unknown = [name for name in value if name not in FIELDS]
    if len(unknown) > MAX_ISSUES:
        issues.append(further((), len(unknown) - MAX_ISSUES))
    for name in unknown[:MAX_ISSUES]:
        meant = closest(name, FIELDS)
        fix = (
            f"did you mean {meant!r}?"
            if meant
            else "a document has apiVersion, kind, metadata and spec"
        )
        issues.append(
            Issue(
                (name,), f"unknown field {name!r}", fix, at_key=True, code=ProblemCode.UNKNOWN_FIELD
            )
        )
    version = value.get("apiVersion")
    if version is None:
        issues.append(_missing("apiVersion", f"add 'apiVersion: {API_VERSION}'"))
    elif version != API_VERSION:
        issues.append(
            Issue(("apiVersion",), f"unknown apiVersion {version!r}", f"write '{API_VERSION}'")
        )
    kind = value.get("kind")
    known = [*sorted(kinds), DEFAULTS]
    if kind is None:
        issues.append(_missing("kind", f"add 'kind: …', one of {', '.join(known)}"))
    elif kind not in known:
        meant = closest(str(kind), known)
        fix = f"did you mean {meant!r}?" if meant else f"one of {', '.join(known)}"
        issues.append(
            Issue(("kind",), f"there is no kind {kind!r}", fix, code=ProblemCode.UNKNOWN_KIND)
        )
    for name, example in (("metadata", "metadata: {name: …}"), ("spec", "spec: {…}")):
        part = value.get(name)
        if name not in value:
            issues.append(_missing(name, f"add '{example}'"))
        elif not isinstance(part, dict):
            issues.append(
                Issue((name,), f"expected a map, found {yaml_type(part)}", f"write '{example}'")
            )
    return issues


def yaml_type(value: Any) -> str:
    """Name a value's type as people who write YAML say it."""
    if value is None:
        return "nothing"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a map",
    }
    return names[type(value)]


def _missing(field: str, fix: str) -> Issue:
    return Issue((), f"{field} is missing", fix, code=ProblemCode.MISSING, field=field)
