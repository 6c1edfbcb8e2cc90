"""A look as objects that are compared: instances, and what parking changes about groups."""

from functools import lru_cache

from controller.decisions.group_tags import PARKED
from controller.model.canonical import canonical_bytes, digest
from controller.model.live import LiveLook
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.targets.power_parts.look_facts import rows_of
from controller.targets.power_parts.power_changes import (
    INSTANCE,
    PARKING,
    instance_attributes,
    parking_attributes,
)


def observed_of(look: LiveLook) -> ObservedState:
    """Return every instance and group of a look. None is anybody's in particular: what may be switched is for schedules to say."""
    scope = look.scope.name
    places = {
        member.instance_id: member.lifecycle
        for group in look.groups.values()
        for member in group.members
    }
    objects = {}
    for instance_id, instance in look.instances.items():
        ref = ResourceRef(INSTANCE, f"{scope}/{instance_id}")
        attributes, sum_of = _instance(instance.state, places.get(instance_id))
        objects[ref] = Observation(ref, attributes, sum_of, None, Ownership.OURS, attributes)
    for name, group in look.groups.items():
        ref = ResourceRef(PARKING, f"{scope}/{name}")
        found = parking_attributes(
            group.minimum, group.suspended, parked=group.tag(PARKED) is not None
        )
        attributes = canonical_bytes(found)
        objects[ref] = Observation(
            ref, attributes, digest(attributes), None, Ownership.OURS, attributes
        )
    return ObservedState(scope, ScopeState.OK, objects, facts={"look": rows_of(look)})


@lru_cache(maxsize=256)
def _instance(state: str, lifecycle: str | None) -> tuple[bytes, str]:
    attributes = canonical_bytes(instance_attributes(state, lifecycle))
    return attributes, digest(attributes)


def projection_of(ref: ResourceRef, attributes: bytes, extra: bytes) -> Projection:
    """Return what an object is to become; never equal to one found, as that would not have been wished for."""
    return Projection(ref, attributes, extra, digest(attributes + extra))
