"""What an accepted state says about power, by environment and role, and the schedules power last worked by.

By what is remembered the clock is told from edits: a switch is the clock's where the schedule known before wants the same now,
as then it was only a matter of time. It is an edit's where the schedule known before wants something else, or none was known.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from controller.decisions.role_schedules import (
    Compiled,
    compiled,
    map_of,
    roles_if_readable,
    schedule_of_role,
)
from controller.kinds.schedule import ScheduleChoice, expand_schedule
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, segments
from controller.scheduling.decision import Decision
from controller.scheduling.facts import EnvironmentFacts, Level, PowerOverride, RoleFacts, Source
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import (
    ALWAYS_OFF,
    ALWAYS_ON,
    NOSCHEDULE,
    ExceptDates,
    InvalidSchedule,
    Schedule,
    State,
)
from controller.scheduling.timeline import state_at

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
    roles = roles_if_readable(ref.key, accepted)
    if roles is None:
        return f"its {map_of(ref.key, accepted)} cannot be read back from the tables"
    written = (roles_if_readable(ref.key, accepted.written) or {}) if accepted.beneath else roles
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


_FIXED = {State.ON: ALWAYS_ON, State.OFF: ALWAYS_OFF, State.NOSCHEDULE: NOSCHEDULE}


@dataclass(frozen=True, slots=True)
class ScheduleMemory:
    """Schedules by environment, and by environment and role where a role has its own. Names in lower case."""

    environments: Mapping[str, Schedule] = field(default_factory=dict)
    roles: Mapping[tuple[str, str], Schedule] = field(default_factory=dict)

    def wanted(self, environment: str, role: str, now: datetime) -> State | None:
        """Return what was wanted of a role's instances at a moment, going by what is remembered; None if nothing is."""
        name = environment.lower()
        known = self.roles.get((name, role.lower())) or self.environments.get(name)
        return None if known is None else state_at(known, now)

    def only(self, environments: Collection[str]) -> "ScheduleMemory":
        """Return what is remembered of some environments, named in lower case."""
        return ScheduleMemory(
            {name: self.environments[name] for name in self.environments if name in environments},
            {key: schedule for key, schedule in self.roles.items() if key[0] in environments},
        )


NOTHING_KNOWN = ScheduleMemory()


def memory_of(power: PowerMap) -> ScheduleMemory:
    """Return what is to be remembered. Invalid schedules are not: they switch nothing."""
    environments = {}
    roles = {}
    for name, environment in power.environments.items():
        if isinstance(environment.facts.schedule, Schedule):
            environments[name] = environment.facts.schedule
        for role_name, role in environment.roles.items():
            if isinstance(role.facts.schedule, Schedule):
                roles[name, role_name] = role.facts.schedule
    return ScheduleMemory(environments, roles)


def cause_of(
    decision: Decision,
    environment: str,
    role: str,
    memory: ScheduleMemory,
    now: datetime,
    *,
    tag_is_ours: bool = False,
) -> Cause:
    """Say why a switch is due: an override, an edit, or the clock. A tag that a person set is nobody's edit of ours."""
    if decision.source is Source.OVERRIDE:
        return Cause.OVERRIDDEN
    theirs = decision.source is Source.GROUP and not tag_is_ours
    if decision.source is Source.INSTANCE or theirs:
        return Cause.SCHEDULED
    before = memory.wanted(environment, role, now)
    return Cause.SCHEDULED if before is decision.wanted else Cause.EDITED


def to_json(memory: ScheduleMemory) -> dict[str, Any]:
    """Return the memory as plain JSON; equal schedules are written once."""
    places: dict[Schedule, int] = {}

    def place(schedule: Schedule) -> int:
        return places.setdefault(schedule, len(places))

    environments = {name: place(schedule) for name, schedule in sorted(memory.environments.items())}
    roles = {"/".join(key): place(schedule) for key, schedule in sorted(memory.roles.items())}
    return {
        "schedules": [_written(schedule) for schedule in places],
        "environments": environments,
        "roles": roles,
    }


def from_json(found: Mapping[str, Any]) -> ScheduleMemory:
    """Read the memory back; what cannot be read is not known."""
    try:
        schedules = [
            _read(str(text), *(tuple(map(str, exception)) for exception in exceptions))
            for text, *exceptions in found["schedules"]
        ]
        return ScheduleMemory(
            {name: schedules[int(index)] for name, index in found["environments"].items()},
            {
                (environment, role): schedules[int(index)]
                for key, index in found["roles"].items()
                for environment, _, role in [key.partition("/")]
            },
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return NOTHING_KNOWN


def _written(schedule: Schedule) -> list[Any]:
    if schedule.fixed is not None:
        return [schedule.fixed.value]
    text = f"{'; '.join(entry.text for entry in schedule.entries)} | {schedule.zone}"
    exceptions = [
        [exception.first.isoformat(), exception.last.isoformat(), exception.name]
        for exception in schedule.exceptions
    ]
    return [text, *exceptions]


@lru_cache(maxsize=4096)
def _read(text: str, *exceptions: tuple[str, ...]) -> Schedule:
    """Read one schedule. Raises InvalidSchedule, a ValueError, for what is none."""
    for state, fixed in _FIXED.items():
        if text == state.value:
            return fixed
    dates = tuple(
        ExceptDates(date.fromisoformat(first), date.fromisoformat(last), name)
        for first, last, name in exceptions
    )
    found = parse_schedule(text)
    if found.fixed is not None:
        raise InvalidSchedule(f"{text!r} is no text of entries", "remove the row")
    return replace(found, exceptions=dates)
