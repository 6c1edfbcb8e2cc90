"""One document on its own: defaults merged, validated, references listed, own attributes projected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from controller.kinds.language.fields import Named, controller_only, references
from controller.kinds.language.kind import Items, Kind, SharedField
from controller.kinds.language.spec import Metadata, merge
from controller.loading.compiled import CompiledKind
from controller.loading.defaults import NO_DEFAULTS, KindDefaults
from controller.loading.issue import Issue, issue_of
from controller.loading.validation_issues import validation_issues
from controller.loading.written_fields import null_field_issues
from controller.model.canonical import canonical_bytes, parse_canonical, without_empty
from controller.model.observed import SHAPE
from controller.model.ref import Origin, ResourceRef


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
    compiled: CompiledKind, body: bytes, defaults: KindDefaults = NO_DEFAULTS
) -> CheckedDocument | tuple[Issue, ...]:
    """Check the fields of one document after merging ``defaults`` under it.

    ``body`` is the canonical JSON of metadata and spec as authored. Returns every issue if there is any.
    """
    document, kind = parse_canonical(body), compiled.kind
    issues: list[Issue] = []
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
        spec = compiled.spec_model(document["spec"])
    except ValidationError as error:
        issues += validation_issues(error, ("spec",), kind.spec)
    if issues or metadata is None or spec is None:
        if not any(issue.path == NAME for issue in issues):
            issues += _name_issues(kind, document)
        return tuple(dict.fromkeys(issues))
    return CheckedDocument(body, metadata, document["metadata"], spec)


def validate_document(
    compiled: CompiledKind,
    body: bytes,
    origin: Origin,
    index: int,
    defaults: KindDefaults = NO_DEFAULTS,
) -> ValidatedDocument | tuple[Issue, ...]:
    """Check one document and work out what it asks for by itself. Returns every issue if there is any."""
    checked = check_document(compiled, body, defaults)
    if not isinstance(checked, CheckedDocument):
        return checked
    kind, spec, body = compiled.kind, checked.spec, checked.document
    key = kind.key(checked.metadata.name, spec)
    items = kind.project(key, compiled.dump(spec))
    if b'""' in body:
        items = without_empty(items)
    owned = owned_fields(items, kind.shared) if kind.shared else ()
    return ValidatedDocument(
        ResourceRef(kind.name, key),
        origin,
        index,
        body,
        kind.facts(key, spec),
        references(spec),
        items,
        _extra(checked.written, controller_only(spec), owned),
        owned,
        checked.metadata.protect,
    )


def _name_issues(kind: Kind[Any], document: dict[str, Any]) -> list[Issue]:
    """Say that a name is none for the kind; of a valid document a rule does."""
    name = document["metadata"].get("name")
    if kind.names is None or name is None:
        return []
    return [issue_of(finding) for finding in kind.names.findings(name)]


def _extra(
    metadata: dict[str, Any], only_ours: dict[str, Any], owned: tuple[str, ...]
) -> dict[str, Any]:
    """Return what was authored and is in no attribute; see ``controller.model.observed``."""
    extra: dict[str, Any] = {"shape": SHAPE}
    kept = {name: value for name, value in metadata.items() if name != "name" and value}
    if kept:
        extra["metadata"] = kept
    if only_ours:
        extra["spec"] = only_ours
    if owned:
        extra["owned"] = list(owned)
    return extra


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
