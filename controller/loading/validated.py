"""One document on its own: its folder's defaults merged, validated, references listed, own attributes projected."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from controller.kinds.language.fields import Named, controller_only, merge, references
from controller.kinds.language.kind import Finding, Items, Kind, Kinds, SharedField
from controller.kinds.language.spec import Metadata
from controller.loading.closest import did_you_mean
from controller.loading.envelope import ParsedFile
from controller.loading.issue import PlacedIssue, placed, unknown_kind
from controller.loading.validation_issues import validation_issues
from controller.loading.written_fields import null_field_issues
from controller.model.canonical import canonical_bytes, parse_canonical, without_empty
from controller.model.observed import SHAPE
from controller.model.ref import Origin, ProblemCode, ResourceRef


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

    def for_kind(self, folder: str, kind: str) -> KindDefaults:
        """Return what documents of ``kind`` in ``folder`` start from."""
        key = (folder, kind)
        found = self._merged.get(key)
        if found is None:
            spec: dict[str, Any] = {}
            origins: list[Origin] = []
            for document in self.over(folder):
                partial = document.partial_specs().get(kind)
                if isinstance(partial, dict):
                    spec = merge(spec, partial)
                    origins.insert(0, document.origin)
            found = KindDefaults(spec, tuple(origins)) if origins else NO_DEFAULTS
            self._merged[key] = found
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


def folder_of(path: str) -> str:
    """Return the folder part of a slash-separated path; empty for a file at the top."""
    return path.rpartition("/")[0]


def folders_above(folder: str) -> list[str]:
    """Return the folder and those around it, outermost (the empty text) first."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


def defaults_issues(documents: Iterable[DefaultsDocument], kinds: Kinds) -> Iterator[PlacedIssue]:
    """Yield the issues of every Defaults document; a missing field is none, documents may still give it."""
    given: dict[tuple[str, str], DefaultsDocument] = {}
    for document in documents:
        issues: list[Finding] = []
        try:
            Metadata.model_validate(parse_canonical(document.body)["metadata"])
        except ValidationError as error:
            issues += validation_issues(error, ("metadata",), Metadata)
        for name, partial in document.partial_specs().items():
            path = ("spec", name)
            first = given.setdefault((document.folder, name), document)
            if name not in kinds:
                fix = did_you_mean(name, kinds, f"one of {', '.join(sorted(kinds))}")
                issues.append(unknown_kind(path, name, fix, at_key=True))
            elif not isinstance(partial, dict):
                fix = f"write '{name}: {{field: value}}'"
                issues.append(Finding(path, "expected a map of fields", fix))
            elif first is not document:
                message = f"this folder's defaults for {name} are already given at {first.origin}"
                issues.append(
                    Finding(path, message, "merge the two", at_key=True, code=ProblemCode.DUPLICATE)
                )
            else:
                issues += _partial_issues(kinds[name], partial, path)
        yield from placed(issues, document.origin, document.index)


def _partial_issues(
    kind: Kind[Any], partial: dict[str, Any], path: tuple[str, ...]
) -> Iterator[Finding]:
    yield from null_field_issues(kind, partial, path)
    spec = merge({}, partial)
    for field, authored in kind.authored_fields.items():
        # Where no object uses it, expanding forgets it.
        try:
            authored.model.model_validate(authored.expand(spec.pop(field, {})))
        except ValidationError as error:
            yield from validation_issues(error, (*path, field), authored.model, partial=True)
    try:
        kind.model_of(spec)
    except ValidationError as error:
        yield from validation_issues(error, path, kind.spec, partial=True)


@dataclass(slots=True)
class ValidatedDocument:
    """A valid document, not yet held against the others. ``items`` has the attributes that need nobody else."""

    ref: ResourceRef
    origin: Origin
    index: int
    document: bytes
    facts: Any
    references: list[Named]
    items: Items
    extra: dict[str, Any]
    owned: tuple[str, ...]
    protected: bool


@dataclass(slots=True)
class CheckedDocument:
    """A document whose fields are all as its kind allows; nothing is worked out from them yet."""

    document: bytes
    """Canonical JSON of metadata and spec, defaults merged."""
    metadata: Metadata
    written: dict[str, Any]
    """The metadata as authored."""
    spec: Any


METADATA = Metadata.__pydantic_validator__.validate_python
NAME = ("metadata", "name")


def check_document(
    kind: Kind[Any], body: bytes, defaults: KindDefaults = NO_DEFAULTS
) -> CheckedDocument | tuple[Finding, ...]:
    """Check the fields of one document after merging ``defaults`` under it.

    ``body`` is the canonical JSON of metadata and spec as authored. Returns every issue if there is any.
    """
    document = parse_canonical(body)
    issues: list[Finding] = []
    if defaults.origins or b"null" in body:
        if b"null" in body:
            issues += null_field_issues(kind, document["spec"], ("spec",))
        document["spec"] = merge(defaults.spec, document["spec"])
        body = canonical_bytes(document)
    metadata, spec = None, None
    try:
        metadata = METADATA(document["metadata"])
    except ValidationError as error:
        issues += validation_issues(error, ("metadata",), Metadata)
    try:
        spec = kind.model_of(document["spec"])
    except ValidationError as error:
        issues += validation_issues(error, ("spec",), kind.spec)
    if issues or metadata is None or spec is None:
        if not any(issue.path == NAME for issue in issues):
            issues += _name_issues(kind, document)
        return tuple(dict.fromkeys(issues))
    return CheckedDocument(body, metadata, document["metadata"], spec)


def validate_document(
    kind: Kind[Any],
    body: bytes,
    origin: Origin,
    index: int,
    defaults: KindDefaults = NO_DEFAULTS,
) -> ValidatedDocument | tuple[Finding, ...]:
    """Check one document and work out what it asks for by itself. Returns every issue if there is any."""
    checked = check_document(kind, body, defaults)
    if not isinstance(checked, CheckedDocument):
        return checked
    spec, body = checked.spec, checked.document
    key, dump = kind.key(checked.metadata.name, spec), kind.spec.__pydantic_serializer__.to_python
    items = kind.project(key, dump(spec, by_alias=True, exclude_none=True))
    if b'""' in body:
        items = without_empty(items)
    owned = owned_fields(items, kind.shared) if kind.shared else ()
    # What was authored and is in no attribute; see ``controller.model.observed``.
    extra = {
        "metadata": {
            name: value for name, value in checked.written.items() if name != "name" and value
        },
        "spec": controller_only(spec),
        "owned": list(owned),
    }
    return ValidatedDocument(
        ResourceRef(kind.name, key),
        origin,
        index,
        body,
        kind.facts(key, spec),
        references(spec),
        items,
        {"shape": SHAPE, **{part: given for part, given in extra.items() if given}},
        owned,
        checked.metadata.protect,
    )


def _name_issues(kind: Kind[Any], document: dict[str, Any]) -> list[Finding]:
    """Say that a name is none for the kind; of a valid document a rule does."""
    name = document["metadata"].get("name")
    if kind.names is None or name is None:
        return []
    return list(kind.names.findings(name))


def owned_fields(items: Mapping[str, Any], shared: tuple[SharedField, ...]) -> tuple[str, ...]:
    """Return those shared fields the YAML gives, as ``Table.Path.To.Field``."""
    return tuple(
        [
            ".".join((field.table, *field.path))
            for field in shared
            if _given(items.get(field.table), field.path)
        ]
    )


def _given(value: Any, path: tuple[str, ...]) -> bool:
    for place, step in enumerate(path):
        if step == "*":
            rest = path[place + 1 :]
            return isinstance(value, list) and any(_given(member, rest) for member in value)
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True
