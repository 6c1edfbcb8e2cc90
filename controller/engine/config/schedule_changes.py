"""From a plan of the config scope to what its changes of schedules mean."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from controller.decisions.effective_schedules import of_environment, of_role, roles_of
from controller.engine.desired.accepted import AcceptedReader, accepted_after
from controller.kinds.parts.server_role import ServerRole
from controller.loading.compiled import CompiledKinds
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.observed import ObservedState
from controller.model.override import Override
from controller.model.plan import ScheduleMeaning, ScopePlan
from controller.model.ref import ResourceRef
from controller.planning.schedule_meaning import (
    EnvironmentFollowing,
    Following,
    RoleFollowing,
    schedule_meaning,
)

SCHEDULED: Final = frozenset({"Environment", "DeploymentMap", "Schedule", "Calendar"})
"""Kinds that decide when instances are on."""


def meaning_of(
    observed: ObservedState,
    made: ScopePlan,
    kinds: CompiledKinds,
    options: LiveOptions,
    now: datetime,
    overrides: Iterable[Override] = (),
) -> ScheduleMeaning | None:
    """Return what a plan of the config scope changes about schedules; None if it changes none of them.

    An override of a schedule is no change of it: it says itself what it does, and ends.
    """
    overridden = {override.ref for override in overrides if "schedule" in override.path.split(".")}
    made = replace(
        made,
        changes=tuple(
            change
            for change in made.changes
            if change.ref.kind in SCHEDULED and change.ref not in overridden
        ),
    )
    changed = frozenset(change.ref for change in made.changes if change.action == "update")
    if not changed:
        return None
    reader = AcceptedReader(kinds, options)
    wanted = {ref: one for ref, one in observed.objects.items() if ref.kind in SCHEDULED}
    before = replace(observed, objects=wanted)
    after = accepted_after(before, made)
    old, new = reader.read(before, now), reader.read(after, now)
    names = tuple(_concerned(changed, old, new))
    return schedule_meaning(_following(old, names), _following(new, names), now)


def _concerned(
    changed: frozenset[ResourceRef], before: AcceptedState, after: AcceptedState
) -> Iterator[str]:
    """Yield the environments whose schedules may be others: all of them, if a schedule itself is."""
    shared = any(ref.kind in ("Schedule", "Calendar") for ref in changed)
    for ref in after.of_kind("Environment"):
        if ref not in before.resources:
            continue
        on_map = ResourceRef("DeploymentMap", after.specs[ref].deployment_map)
        if shared or ref in changed or on_map in changed:
            yield ref.key


def _following(accepted: AcceptedState, names: Iterable[str]) -> Mapping[str, EnvironmentFollowing]:
    found = {}
    for name in names:
        own = of_environment(name, accepted)
        if own is None:
            continue
        roles = {
            role: RoleFollowing(desired_count(spec), _of_role(spec, accepted))
            for role, spec in roles_of(name, accepted).items()
        }
        found[name] = EnvironmentFollowing(Following(own.label, own.schedule), roles)
    return found


def _of_role(role: ServerRole, accepted: AcceptedState) -> Following | None:
    own = of_role(role, accepted)
    return None if own is None else Following(own.label, own.schedule)


def desired_count(role: ServerRole) -> int:
    """Return how many instances a role has in one environment, all its slices together, while nothing is parked."""
    desired = role.auto_scaling_settings.desired_capacity
    if not role.fleet_per_slice:
        return desired
    if role.slices is None:
        return 2 * desired
    kept = (one for one in (role.slices.blue, role.slices.green) if one is not None)
    return sum(desired if one.desired_capacity is None else one.desired_capacity for one in kept)
