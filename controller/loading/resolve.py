"""A draft held against everything else: references exist, derived attributes filled in, rules kept."""

from typing import Any, NamedTuple

from controller.kinds.language.kind import Finding, Kind
from controller.kinds.language.merge import merge_derived
from controller.loading.draft import Draft
from controller.loading.issue import MAX_ISSUES, Issue, further
from controller.loading.world import ALL, TracingWorld
from controller.loading.written_references import no_such
from controller.model.canonical import canonical_bytes
from controller.model.extra import SHAPE, projection_digest
from controller.model.ref import ResourceRef
from controller.model.resource import Projection, Resource

NOTHING_EXTRA = canonical_bytes({"shape": SHAPE})


class Resolved(NamedTuple):
    """A resource with everything it asked about, so that one knows when to look again."""

    resource: Resource
    issues: tuple[Issue, ...]
    asked: tuple[ResourceRef, ...]


def resolve(
    draft: Draft, kind: Kind[Any], world: TracingWorld, broken: frozenset[ResourceRef]
) -> Resolved:
    """Check one draft against the world and give its final resource.

    ``broken`` are objects that exist but whose own documents are wrong: nothing is said of references to them.
    """
    ref = draft.ref
    world.start()
    dangling = [
        named
        for named in draft.references
        if world.facts(named.kind, named.name) is None and named[1:] not in broken
    ]
    issues = [no_such(named, world.names(named.kind)) for named in dangling[:MAX_ISSUES]]
    if len(dangling) > MAX_ISSUES:
        issues.append(further(("spec",), len(dangling) - MAX_ISSUES))
    items = draft.items
    if kind.derive is not None:
        items = merge_derived(items, kind.derive(ref, draft.facts, world))
    facts = draft.facts
    for rule in kind.rules:
        issues += map(_issue, rule(ref, facts, world))
    attributes, extra = canonical_bytes(items), _extra_bytes(draft.extra)
    asked = world.asked()
    projection = Projection(
        ref=ref,
        attributes=attributes,
        extra=extra,
        digest=projection_digest(attributes, extra),
        owned=draft.owned,
        depends_on=objects_in(asked),
        protected=draft.protected,
    )
    resource = Resource(ref, draft.origin, draft.index, draft.document, projection)
    return Resolved(resource, tuple(issues), asked)


def _issue(found: Finding) -> Issue:
    return Issue(
        found.path,
        found.message,
        found.fix,
        warning=found.warning,
        code=found.code,
        field=found.field,
    )


def _extra_bytes(extra: dict[str, Any]) -> bytes:
    """Most objects have nothing extra: those share one value."""
    return NOTHING_EXTRA if len(extra) == 1 else canonical_bytes(extra)


def objects_in(asked: tuple[ResourceRef, ...]) -> tuple[ResourceRef, ...]:
    """Return what was asked about single objects."""
    for ref in asked:
        if ref.key == ALL:
            return tuple([one for one in asked if one.key != ALL])
    return asked
