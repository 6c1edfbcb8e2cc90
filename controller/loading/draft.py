"""One document on its own: defaults merged, validated, references listed, own attributes projected."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from controller.kinds.language.kind import Items, Kind, SharedField
from controller.kinds.language.merge import merge
from controller.kinds.language.references import Named
from controller.kinds.language.spec import Metadata
from controller.loading.cleared import cleared_issues
from controller.loading.defaults import NO_DEFAULTS, KindDefaults
from controller.loading.issue import Issue
from controller.loading.validation_issues import validation_issues
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.extra import SHAPE
from controller.model.origin import Origin
from controller.model.ref import ResourceRef


@dataclass(frozen=True, slots=True)
class CompiledKind:
    """A kind with what is worked out once from its spec's types: how to validate, dump, and walk it."""

    kind: Kind[Any]
    validate: Callable[[Any], Any]
    dump: Callable[[Any], dict[str, Any]]
    references: Callable[[Any], list[Named]]
    controller_only: Callable[[Any], dict[str, Any]]


@dataclass(slots=True)
class Draft:
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


METADATA = Metadata.__pydantic_validator__.validate_python
NO_METADATA = {"name"}
NAME = ("metadata", "name")


def draft(
    compiled: CompiledKind,
    body: bytes,
    origin: Origin,
    index: int,
    defaults: KindDefaults = NO_DEFAULTS,
) -> Draft | tuple[Issue, ...]:
    """Validate one document after merging ``defaults`` under it.

    ``body`` is the canonical JSON of metadata and spec as authored. Returns every issue if there is any.
    """
    document = parse_canonical(body)
    cleared: list[Issue] = []
    if defaults.origins or b"null" in body:
        if b"null" in body:
            cleared += cleared_issues(compiled.kind, document["spec"], ("spec",))
        document["spec"] = merge(defaults.spec, document["spec"])
        body = canonical_bytes(document)
    valid = _validated(compiled, document)
    if isinstance(valid, list) or cleared:
        found = [*cleared, *(valid if isinstance(valid, list) else ())]
        if not any(issue.path == NAME for issue in found):
            found += _name_issues(compiled.kind, document)
        return tuple(dict.fromkeys(found))
    metadata, spec = valid
    kind = compiled.kind
    key = kind.key(metadata.name, spec)
    items = kind.project(key, compiled.dump(spec))
    if b'""' in body:
        items = without_empty(items)
    owned = owned_fields(items, kind.shared) if kind.shared else ()
    return Draft(
        ResourceRef(kind.name, key),
        origin,
        index,
        body,
        kind.facts(key, spec),
        compiled.references(spec),
        items,
        _extra(document["metadata"], compiled.controller_only(spec), owned),
        owned,
        metadata.protect,
    )


def _validated(
    compiled: CompiledKind, document: dict[str, Any]
) -> tuple[Metadata, Any] | list[Issue]:
    """Return (metadata, spec) as models, or everything that is wrong with both."""
    kind, metadata, spec = compiled.kind, None, None
    issues: list[Issue] = []
    try:
        metadata = METADATA(document["metadata"])
    except ValidationError as error:
        issues += validation_issues(error, ("metadata",), Metadata)
    written = document["spec"]
    try:
        spec = compiled.validate(kind.expand(written) if kind.expand else written)
    except ValidationError as error:
        issues += validation_issues(error, ("spec",), kind.spec)
    return issues if metadata is None or spec is None else (metadata, spec)


def _name_issues(kind: Kind[Any], document: dict[str, Any]) -> Iterator[Issue]:
    """Say that a name is none for the kind; of a valid document a rule does."""
    name = document["metadata"].get("name")
    if kind.names is not None and name is not None:
        for found in kind.names.findings(name):
            yield Issue(found.path, found.message, found.fix)


def _extra(
    metadata: dict[str, Any], only_ours: dict[str, Any], owned: tuple[str, ...]
) -> dict[str, Any]:
    """Return what was authored and is in no attribute; see ``controller.model.extra``."""
    extra: dict[str, Any] = {"shape": SHAPE}
    if metadata.keys() != NO_METADATA:
        kept = {name: value for name, value in metadata.items() if name != "name" and value}
        if kept:
            extra["metadata"] = kept
    if only_ours:
        extra["spec"] = only_ours
    if owned:
        extra["owned"] = list(owned)
    return extra


def without_empty(items: Items) -> Items:
    """Strip empty texts, which the tables take for absent."""
    return {table: _strip(item) for table, item in items.items()}


def _strip(value: Any) -> Any:
    if isinstance(value, dict):
        stripped = ((name, _strip(member)) for name, member in value.items())
        return {name: member for name, member in stripped if member not in ("", None)}
    if isinstance(value, list):
        return [member for member in map(_strip, value) if member not in ("", None)]
    return value


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
