"""What the accepted state says about power: the schedules of environments and roles, and who overrides them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from controller.decisions.role_schedules import (
    Compiled,
    compiled,
    map_of,
    roles_of,
    schedule_of_role,
)
from controller.kinds.parts.schedule_choice import ScheduleChoice, expand_schedule
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, segments
from controller.scheduling.facts import EnvironmentFacts, Level, PowerOverride, RoleFacts
from controller.scheduling.schedule import NOSCHEDULE, InvalidSchedule, State

DEFAULT_WAKE_TIMEOUT_S: Final = 900
SCHEDULE_PATH: Final = ("spec", "schedule")
_SLICES: Final = ("-blue", "-green")


class RolePower(NamedTuple):
    """One role of an environment."""

    facts: RoleFacts
    wake_timeout_s: int = DEFAULT_WAKE_TIMEOUT_S
    replaces_stuck: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentPower:
    """One environment. ``roles`` by name in lower case."""

    facts: EnvironmentFacts
    roles: Mapping[str, RolePower] = field(default_factory=dict)

    def role(self, runtime_role: str) -> RolePower | None:
        """Return a role by its name or that of a slice of it (``Web-blue``), in any case."""
        name = runtime_role.lower()
        found = self.roles.get(name)
        if found is None:
            for slice_name in _SLICES:
                if name.endswith(slice_name):
                    return self.roles.get(name.removesuffix(slice_name))
        return found


@dataclass(frozen=True, slots=True)
class PowerMap:
    """Everything the accepted state says about power, by names in lower case (domain rule: tags match in any case)."""

    environments: Mapping[str, EnvironmentPower]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Environment -> why it cannot be told what it should be: its instances are left as they are."""
    of_instances: Mapping[str, tuple[PowerOverride, ...]] = field(default_factory=dict)
    of_groups: Mapping[str, tuple[PowerOverride, ...]] = field(default_factory=dict)
    of_environments: Mapping[str, tuple[PowerOverride, ...]] = field(default_factory=dict)

    def overrides(self, instance_id: str, group: str, name: str) -> tuple[PowerOverride, ...]:
        """Return the overrides that concern an instance, narrowest first."""
        return (
            *self.of_instances.get(instance_id, ()),
            *self.of_groups.get(group, ()),
            *self.of_environments.get(name, ()),
        )


@lru_cache(maxsize=2)
def power_map(accepted: AcceptedState) -> PowerMap:
    """Read the accepted state, once. What is written as ``noschedule`` stays so: no override of a document goes before it."""
    found: dict[str, EnvironmentPower] = {}
    unreadable = {
        ref.key.lower(): why
        for ref, why in accepted.unreadable.items()
        if ref.kind == "Environment"
    }
    for ref in accepted.of_kind("Environment"):
        spec = accepted.specs.get(ref)
        if spec is None:
            unreadable[ref.key.lower()] = "it cannot be read back from the tables"
            continue
        roles = _roles(ref, accepted)
        if isinstance(roles, str):
            unreadable[ref.key.lower()] = roles
            continue
        written = accepted.written.specs.get(ref, spec).schedule
        choice = written if written.mode == State.NOSCHEDULE else spec.schedule
        label = choice.expression or choice.use or choice.mode
        facts = EnvironmentFacts(ref.key, compiled(choice, accepted), label)
        found[ref.key.lower()] = EnvironmentPower(facts, roles)
    by_level = _overrides(accepted)
    return PowerMap(
        found,
        unreadable,
        by_level[Level.INSTANCE],
        by_level[Level.GROUP],
        by_level[Level.ENVIRONMENT],
    )


def _roles(ref: ResourceRef, accepted: AcceptedState) -> Mapping[str, RolePower] | str:
    roles = roles_of(ref.key, accepted)
    if roles is None:
        return f"its {map_of(ref.key, accepted)} cannot be read back from the tables"
    written = (roles_of(ref.key, accepted.written) or {}) if accepted.beneath else roles
    left_alone = {
        name for name, role in written.items() if schedule_of_role(role, accepted) == NOSCHEDULE
    }
    return {
        name.lower(): RolePower(
            RoleFacts(
                name,
                NOSCHEDULE if name in left_alone else schedule_of_role(role, accepted),
                role.when_off or "standby",
            ),
            role.wake_timeout_seconds or DEFAULT_WAKE_TIMEOUT_S,
            role.when_stuck == "replace",
        )
        for name, role in roles.items()
    }


_LEVELS: Final = {
    "Instance": Level.INSTANCE,
    "Group": Level.GROUP,
    "Environment": Level.ENVIRONMENT,
}


def _overrides(accepted: AcceptedState) -> dict[Level, dict[str, tuple[PowerOverride, ...]]]:
    found: dict[Level, dict[str, tuple[PowerOverride, ...]]] = {level: {} for level in Level}
    for override in sorted(accepted.overrides, key=lambda o: (o.since, o.id), reverse=True):
        level = _LEVELS.get(override.ref.kind)
        schedule = None if level is None else _overriding(override, accepted)
        if level is None or schedule is None or is_of_tag(override):
            continue
        name = override.ref.key.rpartition("/")[2]
        name = name.lower() if level is Level.ENVIRONMENT else name
        of_power = PowerOverride(
            level,
            str(override.ref),
            schedule,
            override.until,
            override.actor,
            override.reason,
            override.id,
        )
        found[level][name] = (*found[level].get(name, ()), of_power)
    return found


def _overriding(override: Override, accepted: AcceptedState) -> Compiled | None:
    """Return the schedule an override puts in place; None where it is about something else."""
    if not override.path:
        # Of an environment it keeps the document as it is, of a group or an instance the thing itself.
        return None if override.ref.kind == "Environment" else NOSCHEDULE
    if segments(override.path) != SCHEDULE_PATH or override.value is ABSENT:
        return None
    try:
        choice = ScheduleChoice.model_validate(expand_schedule(override.value))
    except ValueError as error:
        return InvalidSchedule(str(error), "release the override and make it again")
    return compiled(choice, accepted)
