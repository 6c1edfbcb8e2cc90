"""Items read back as documents: the tables are a source like any other, the one live accounts are planned from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from controller.kinds.language.rename import authored_spec
from controller.loading.compiled import CompiledKinds
from controller.loading.draft import Draft, draft
from controller.loading.issue import Issue
from controller.loading.resolve import resolve
from controller.loading.world import TracingWorld
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.origin import Origin
from controller.model.problem import ProblemCode
from controller.model.ref import ResourceRef
from controller.model.resource import Resource

NONE_BROKEN: frozenset[ResourceRef] = frozenset()


class Held(NamedTuple):
    """One object as the tables hold it: canonical attributes, the mark's extra, and where it was written."""

    attributes: bytes
    extra: Mapping[str, Any]
    origin: Origin


class ReadBack(NamedTuple):
    """What reading one object back gave: a draft, or why it cannot be read as a document of its kind."""

    held: Held
    draft: Draft | tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """The tables as desired state. ``unreadable`` objects hold something their kind does not allow."""

    resources: Mapping[ResourceRef, Resource]
    facts: Mapping[ResourceRef, Any]
    unreadable: Mapping[ResourceRef, tuple[Issue, ...]]
    memory: Mapping[ResourceRef, ReadBack] = field(default_factory=dict)


def recover(
    objects: Mapping[ResourceRef, Held],
    kinds: CompiledKinds,
    *,
    default_region: str,
    memory: Mapping[ResourceRef, ReadBack] | None = None,
) -> Recovered:
    """Read objects back. What was read before and is held as then is not read again (``memory`` of an earlier result).

    Required fields of the old product do not matter here: what is in the tables was accepted.
    """
    known = memory or {}
    read = {ref: _read_back(ref, held, kinds, known.get(ref)) for ref, held in objects.items()}
    drafts = {ref: one.draft for ref, one in read.items() if isinstance(one.draft, Draft)}
    facts = {ref: one.facts for ref, one in drafts.items()}
    world = TracingWorld(facts, "none", default_region)
    by_name = kinds.by_name
    resources = {
        ref: resolve(one, by_name[ref.kind].kind, world, NONE_BROKEN).resource
        for ref, one in drafts.items()
    }
    unreadable = {ref: one.draft for ref, one in read.items() if not isinstance(one.draft, Draft)}
    return Recovered(resources, facts, unreadable, read)


def document_of(ref: ResourceRef, held: Held, kinds: CompiledKinds) -> dict[str, Any]:
    """Return ``{"metadata": …, "spec": …}`` as somebody would have written it to get this object.

    Raises KeyError or TypeError if the item lacks what even its name is made of.
    """
    kind = kinds.by_name[ref.kind].kind
    name, spec = authored_spec(kind, parse_canonical(held.attributes), held.extra.get("spec"))
    return {"metadata": {"name": name, **held.extra.get("metadata", {})}, "spec": spec}


def spec_of(resource: Resource, kinds: CompiledKinds) -> Any:
    """Return the spec model of a resource that was valid. Built anew at each call."""
    compiled = kinds.by_name[resource.ref.kind]
    spec = parse_canonical(resource.document)["spec"]
    return compiled.validate(compiled.kind.expand(spec) if compiled.kind.expand else spec)


def _read_back(
    ref: ResourceRef, held: Held, kinds: CompiledKinds, before: ReadBack | None
) -> ReadBack:
    if (
        before is not None
        and before.held.attributes == held.attributes
        and before.held.extra == held.extra
    ):
        return ReadBack(held, before.draft)
    if ref.kind not in kinds.by_name:
        return ReadBack(
            held, (Issue((), f"there is no kind {ref.kind!r}", code=ProblemCode.UNKNOWN_KIND),)
        )
    try:
        document = document_of(ref, held, kinds)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return ReadBack(
            held, (Issue((), f"the item is not in the shape of a {ref.kind}: {error!r}"),)
        )
    return ReadBack(held, draft(kinds.by_name[ref.kind], canonical_bytes(document), held.origin, 0))
