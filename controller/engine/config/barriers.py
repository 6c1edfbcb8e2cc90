"""Environments whose schedule their type protects: SCHEDULE_ENVIRONMENT, as it was last applied. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.kinds.environment import CONFIG, OPERATIONAL
from controller.kinds.environment_type import TABLE as TYPES
from controller.kinds.language.kind import Kind, Leaving
from controller.model.canonical import Json, parse_canonical
from controller.model.observed import Observation, ObservedState, spec_value
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import departing
from controller.planning.scope_plan import Barrier
from controller.scheduling.environment_schedule import SCHEDULE_ATTRIBUTES
from controller.targets.table_items.item_form import still_naming

SCHEDULE_ENVIRONMENT: Final = "SCHEDULE_ENVIRONMENT"


def schedule_barriers(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState
) -> Iterator[Barrier]:
    """Yield a barrier for each environment that would get another schedule although its type, as applied, protects it.

    Domain rule: for everyone, so nothing approves it; the type gives the protection up first. Schedules go on being
    followed all the same.
    """
    protected = {
        ref.key
        for ref, found in observed.objects.items()
        if ref.kind == "EnvironmentType"
        and SCHEDULE_ENVIRONMENT in (_value(found, TYPES.name).get("ProtectedActions") or ())
    }
    if not protected:
        return
    for ref, projection in desired.items():
        found = observed.objects.get(ref)
        if ref.kind != "Environment" or found is None or found.digest == projection.digest:
            continue
        kind = str(_value(found, CONFIG.name).get("EnvironmentType"))
        if kind in protected and _schedule_differs(projection, found):
            yield Barrier(
                guard="protectedActions",
                because=f"EnvironmentType/{kind} is protected against {SCHEDULE_ENVIRONMENT}: its"
                " environments keep their schedules",
                refs=frozenset({ref}),
                overridable=False,
            )


def _schedule_differs(projection: Projection, found: Observation) -> bool:
    wanted = parse_canonical(projection.attributes).get(OPERATIONAL.name, {}).get("Value", {})
    there = _value(found, OPERATIONAL.name)
    if any(wanted.get(name) != there.get(name) for name in SCHEDULE_ATTRIBUTES):
        return True
    authored: Mapping[str, Any] = {} if found.mark is None else found.mark.extra
    paths = ("schedule", "schedule.use")
    now = parse_canonical(projection.extra)
    return any(spec_value(now, path) != spec_value(authored, path) for path in paths)


def _value(found: Observation, table: str) -> Mapping[str, Any]:
    items: Json = parse_canonical(found.attributes)
    value = items.get(table, {}).get("Value")
    return value if isinstance(value, dict) else {}


def still_in_use(
    desired: Mapping[ResourceRef, Projection],
    observed: ObservedState,
    kinds: Mapping[str, Kind[Any]],
) -> Iterator[Barrier]:
    """Hold the leaving of what somebody's virtual host sends requests to (domain rule: not while one names it)."""
    marked = {name for name, kind in kinds.items() if kind.leaving is Leaving.MARK_THEN_DELETE}
    leaving = [ref for ref in departing(desired, observed) if ref.kind in marked]
    for ref, by in still_naming(observed, leaving, kinds).items():
        because = f"{by}, which is not in the YAML, still names it"
        yield Barrier(guard="stillNamed", because=because, refs=frozenset({ref}))
