"""Items read back as documents: the tables, a snapshot or the ledger as desired state, as YAML is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controller.kinds.language.fields import authored_spec
from controller.loading.compiled import CompiledKinds
from controller.loading.issue import Issue
from controller.loading.positions import dotted
from controller.loading.resolve import all_clashes, resolve_all
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.observed import BENEATH, put_back_base_fields
from controller.model.ref import Origin, Problem, ResourceRef, in_file_order
from controller.model.resource import DesiredState, Resource


class StoredObject(NamedTuple):
    """One object as the tables hold it: canonical attributes, the mark's extra, and where it was written."""

    attributes: bytes
    extra: Mapping[str, Any]
    origin: Origin


class ReadBack(NamedTuple):
    """What reading one object back gave: a valid document, or why it cannot be read as one of its kind."""

    stored: StoredObject
    document: ValidatedDocument | tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class ObjectsReadBack:
    """The tables as desired state. ``unreadable`` objects hold something their kind does not allow."""

    resources: Mapping[ResourceRef, Resource]
    facts: Mapping[ResourceRef, Any]
    unreadable: Mapping[ResourceRef, tuple[Issue, ...]]
    memory: Mapping[ResourceRef, ReadBack] = field(default_factory=dict)


class DesiredFromItems(NamedTuple):
    """Desired state made of items, and everything wrong with it. What is no document of its kind is not in it."""

    desired: DesiredState
    problems: tuple[Problem, ...]


def read_back(
    objects: Mapping[ResourceRef, StoredObject],
    kinds: CompiledKinds,
    *,
    default_region: str,
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
            read[ref] = ReadBack(stored, _read_back(ref, stored, kinds))
    valid, unreadable = _divided({ref: result.document for ref, result in read.items()})
    resolved = resolve_all(valid, kinds, ("none", default_region))
    resources = {ref: found.resource for ref, found in resolved.items()}
    facts = {ref: document.facts for ref, document in valid.items()}
    return ObjectsReadBack(resources, facts, unreadable, read)


def desired_from_items(
    objects: Mapping[ResourceRef, StoredObject],
    kinds: CompiledKinds,
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
    made = {
        ref: _read_back(ref, stored._replace(origin=Origin(f"{source}: {ref}")), kinds, base=True)
        for ref, stored in objects.items()
    }
    valid, wrong = _divided(made)
    resolved = resolve_all(valid, kinds, settings)
    for ref, found in resolved.items():
        wrong[ref] = found.issues
    for ref, clash in all_clashes({ref: document.facts for ref, document in valid.items()}, kinds):
        wrong[ref] = (*wrong[ref], clash)
    problems = in_file_order(
        Problem(
            origin=Origin(f"{source}: {ref}"),
            path=dotted(issue.path),
            message=issue.message,
            fix=issue.fix,
            warning=issue.warning,
        )
        for ref, issues in wrong.items()
        for issue in issues
    )
    resources = {ref: found.resource for ref, found in resolved.items()}
    return DesiredFromItems(DesiredState(revision, source, "", "", resources), problems)


def document_from_item(
    ref: ResourceRef, stored: StoredObject, kinds: CompiledKinds
) -> dict[str, Any]:
    """Return ``{"metadata": …, "spec": …}`` as somebody would have written it to get this object.

    Raises KeyError or TypeError if the item lacks what even its name is made of.
    """
    kind = kinds.by_name[ref.kind].kind
    name, spec = authored_spec(kind, parse_canonical(stored.attributes), stored.extra.get("spec"))
    return {"metadata": {"name": name, **stored.extra.get("metadata", {})}, "spec": spec}


def spec_of(resource: Resource, kinds: CompiledKinds) -> Any:
    """Return the spec model of a resource that was valid. Built anew at each call."""
    return kinds.by_name[resource.ref.kind].spec_model(parse_canonical(resource.document)["spec"])


def _read_back(
    ref: ResourceRef, stored: StoredObject, kinds: CompiledKinds, *, base: bool = False
) -> ValidatedDocument | tuple[Issue, ...]:
    """Read one object; with ``base`` as its document is without what overrides put in it."""
    if ref.kind not in kinds.by_name:
        return (Issue((), f"there is no kind {ref.kind!r}"),)
    try:
        document = document_from_item(ref, stored, kinds)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return (Issue((), f"the item is not in the shape of a {ref.kind}: {error!r}"),)
    if base:
        put_back_base_fields(document, stored.extra.get(BENEATH, {}))
    body = canonical_bytes(document)
    made = validate_document(kinds.by_name[ref.kind], body, stored.origin, 0)
    if base and isinstance(made, ValidatedDocument) and made.ref != ref:
        return (Issue((), f"the item goes by another name: {made.ref}, not {ref}"),)
    return made


def _divided(
    made: Mapping[ResourceRef, ValidatedDocument | tuple[Issue, ...]],
) -> tuple[dict[ResourceRef, ValidatedDocument], dict[ResourceRef, tuple[Issue, ...]]]:
    """Divide results into valid documents and what is wrong with the others."""
    valid: dict[ResourceRef, ValidatedDocument] = {}
    wrong: dict[ResourceRef, tuple[Issue, ...]] = {}
    for ref, result in made.items():
        if isinstance(result, ValidatedDocument):
            valid[ref] = result
        else:
            wrong[ref] = result
    return valid, wrong
