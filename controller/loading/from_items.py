"""Items read back as documents: the tables, a snapshot or the ledger as desired state, as YAML is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controller.kinds.language.fields import authored_spec
from controller.kinds.language.kind import Finding, Kinds
from controller.loading.issue import unknown_kind
from controller.loading.positions import dotted
from controller.loading.resolve import all_clashes, resolve_all
from controller.loading.validated import (
    CheckedDocument,
    ValidatedDocument,
    check_document,
    validate_document,
)
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.observed import BENEATH, put_back_base_fields
from controller.model.ref import Origin, Problem, ResourceRef, in_file_order
from controller.model.resource import AuthoredDocument, DesiredState, Resource


class StoredObject(NamedTuple):
    """One object as the tables hold it: canonical attributes, the mark's extra, and where it was written."""

    attributes: bytes
    extra: Mapping[str, Any]
    origin: Origin


class ReadBack(NamedTuple):
    """What reading one object back gave: its document, or why it cannot be read as one of its kind."""

    stored: StoredObject
    document: CheckedDocument | tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ObjectsReadBack:
    """The documents of what the tables hold. ``unreadable`` objects hold something their kind does not allow.

    What was accepted was checked then, against all others too: nothing but its own fields is checked again.
    """

    resources: Mapping[ResourceRef, AuthoredDocument]
    specs: Mapping[ResourceRef, Any]
    unreadable: Mapping[ResourceRef, tuple[Finding, ...]]
    memory: Mapping[ResourceRef, ReadBack] = field(default_factory=dict)


class DesiredFromItems(NamedTuple):
    """Desired state made of items, and everything wrong with it. What is no document of its kind is not in it."""

    desired: DesiredState
    problems: tuple[Problem, ...]


def read_back(
    objects: Mapping[ResourceRef, StoredObject],
    kinds: Kinds,
    *,
    memory: Mapping[ResourceRef, ReadBack] | None = None,
) -> ObjectsReadBack:
    """Read objects back. What was read before and is held as then is not read again (``memory`` of an earlier result).

    Required fields of the old product do not matter here: what is in the tables was accepted.
    """
    read: dict[ResourceRef, ReadBack] = {}
    for ref, stored in objects.items():
        known = memory.get(ref) if memory is not None else None
        if known is not None and known.stored[:2] == stored[:2]:
            read[ref] = ReadBack(stored, known.document)
        else:
            body = _body(ref, stored, kinds)
            document = check_document(kinds[ref.kind], body) if isinstance(body, bytes) else body
            read[ref] = ReadBack(stored, document)
    resources: dict[ResourceRef, AuthoredDocument] = {}
    specs: dict[ResourceRef, Any] = {}
    unreadable: dict[ResourceRef, tuple[Finding, ...]] = {}
    for ref, (stored, document) in read.items():
        if isinstance(document, CheckedDocument):
            resources[ref] = AuthoredDocument(ref, stored.origin, document.document)
            specs[ref] = document.spec
        else:
            unreadable[ref] = document
    return ObjectsReadBack(resources, specs, unreadable, read)


def desired_from_items(
    objects: Mapping[ResourceRef, StoredObject],
    kinds: Kinds,
    *,
    source: str,
    revision: str,
    settings: tuple[str, str] = ("none", ""),
) -> DesiredFromItems:
    """Return what would have been written to get these objects, checked as documents are.

    ``attributes`` of the objects are without the shared fields that their YAML did not give. What overrides had put into
    them is taken out. Every origin names ``source`` (``snapshot 2026-11-28``) and the object, instead of a file.
    ``settings`` are what rules depend on besides the objects: compatibility and default region.
    """
    valid: dict[ResourceRef, ValidatedDocument] = {}
    wrong: dict[ResourceRef, tuple[Finding, ...]] = {}
    for ref, stored in objects.items():
        made = _valid(ref, stored._replace(origin=Origin(f"{source}: {ref}")), kinds)
        if isinstance(made, ValidatedDocument):
            valid[ref] = made
        else:
            wrong[ref] = made
    resolved = resolve_all(valid, kinds, settings)
    for ref, found in resolved.items():
        wrong[ref] = found.issues
    for ref, clash in all_clashes(valid, kinds):
        wrong[ref] = (*wrong[ref], clash)
    problems = in_file_order(
        issue.at(Origin(f"{source}: {ref}"), dotted(issue.path))
        for ref, issues in wrong.items()
        for issue in issues
    )
    resources = {ref: found.resource for ref, found in resolved.items()}
    return DesiredFromItems(DesiredState(revision, source, "", "", resources), problems)


def spec_of(resource: Resource, kinds: Kinds) -> Any:
    """Return the spec model of a resource that was valid. Built anew at each call."""
    return kinds[resource.ref.kind].model_of(parse_canonical(resource.document)["spec"])


def _body(
    ref: ResourceRef, stored: StoredObject, kinds: Kinds, *, base: bool = False
) -> bytes | tuple[Finding, ...]:
    """Return the canonical document (metadata and spec) as somebody would have written it to get this object.

    With ``base`` it is without what overrides put in it. The item may lack what even the object's name is made of.
    """
    if ref.kind not in kinds:
        return (unknown_kind((), ref.kind),)
    try:
        kind, extra = kinds[ref.kind], stored.extra
        name, spec = authored_spec(kind, parse_canonical(stored.attributes), extra.get("spec"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return (Finding((), f"the item is not in the shape of a {ref.kind}: {error!r}"),)
    document = {"metadata": {"name": name, **extra.get("metadata", {})}, "spec": spec}
    if base:
        put_back_base_fields(document, extra.get(BENEATH, {}))
    return canonical_bytes(document)


def _valid(
    ref: ResourceRef, stored: StoredObject, kinds: Kinds
) -> ValidatedDocument | tuple[Finding, ...]:
    body = _body(ref, stored, kinds, base=True)
    if not isinstance(body, bytes):
        return body
    made = validate_document(kinds[ref.kind], body, stored.origin, 0)
    if isinstance(made, ValidatedDocument) and made.ref != ref:
        return (Finding((), f"the item goes by another name: {made.ref}, not {ref}"),)
    return made
