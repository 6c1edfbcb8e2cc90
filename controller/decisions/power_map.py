"""What an accepted state says about power: the roles environments have, and the schedules both choose and follow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from controller.kinds import calendar, deployment_map, environment, schedule
from controller.kinds.language.kind import Kind
from controller.kinds.parts.server_role import ServerRole, effective_roles
from controller.kinds.schedule import FIXED_MODES, ScheduleChoice, expand_schedule
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, segments
from controller.scheduling.facts import EnvironmentFacts, Level, PowerOverride, RoleFacts
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import (
    ALWAYS_OFF,
    ALWAYS_ON,
    NOSCHEDULE,
    InvalidSchedule,
    Schedule,
    State,
)

Compiled = Schedule | InvalidSchedule

_FACTS = {"Schedule": schedule.KIND.facts, "Calendar": calendar.KIND.facts}
_FIXED = dict(zip(FIXED_MODES, (ALWAYS_ON, ALWAYS_OFF, NOSCHEDULE), strict=True))


class _AcceptedCalendars(NamedTuple):
    """Answers what schedules ask of their calendars."""

    accepted: AcceptedState

    def facts(self, kind: str, key: str) -> Any:
        spec = self.accepted.spec(kind, key)
        return None if spec is None else _FACTS[kind](key, spec)


def compiled(choice: ScheduleChoice, accepted: AcceptedState) -> Compiled:
    """Return the schedule that is chosen; why it cannot be told where it cannot."""
    if choice.mode in _FIXED:
        return _FIXED[choice.mode]
    if choice.expression is not None:
        return _parsed(choice.expression)
    world = _AcceptedCalendars(accepted)
    facts = world.facts("Schedule", str(choice.use))
    if facts is None:
        return InvalidSchedule(
            f"Schedule {choice.use} is not among the accepted documents, or cannot be read",
            "envctl doctor says what is wrong with it",
        )
    try:
        found: Schedule = facts.compiled(world)
    except InvalidSchedule as refusal:
        return refusal
    return found


def schedule_of_role(role: ServerRole, accepted: AcceptedState) -> Compiled | None:
    """Return the schedule a role has of its own; None where its environment's counts. A tag names no Schedule."""
    if role.schedule is not None:
        return compiled(role.schedule, accepted)
    return None if role.schedule_tag is None else _parsed(role.schedule_tag)


def schedule_tag(choice: ScheduleChoice, accepted: AcceptedState) -> str | InvalidSchedule:
    """Return the text of the Schedule tag for a role that chooses a schedule: a mode, or one line of text."""
    if choice.mode in _FIXED:
        return choice.mode
    if choice.expression is not None:
        return choice.expression
    found = compiled(choice, accepted)
    return found if isinstance(found, InvalidSchedule) else found.text


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Compiled:
    try:
        return parse_schedule(text)
    except InvalidSchedule as refusal:
        return refusal


def roles_if_readable(name: str, accepted: AcceptedState) -> Mapping[str, ServerRole] | None:
    """Return an environment's roles by name; None where its map cannot be read back from the tables.

    The environment itself is one that can be read back. Roles that are not enabled are left out.
    """
    ref = ResourceRef("Environment", name)
    of_map = map_of(name, accepted)
    if of_map not in accepted.resources or accepted.specs.get(of_map) is None:
        return None
    shared, own = accepted.resources[of_map].document, accepted.resources[ref].document
    return _laid_over(shared, _own(own))


def map_of(name: str, accepted: AcceptedState) -> ResourceRef:
    """Return the map an environment names; it need not exist."""
    return ResourceRef("DeploymentMap", accepted.spec("Environment", name).deployment_map)


@lru_cache(maxsize=8192)
def _own(document: bytes) -> bytes:
    return canonical_bytes(_expanded(environment.KIND, document).get("roles") or {})


@lru_cache(maxsize=4096)
def _laid_over(of_map: bytes, own: bytes) -> Mapping[str, ServerRole]:
    """Most environments share a map and differ in little: each pair is worked out once."""
    return effective_roles(_expanded(deployment_map.KIND, of_map), parse_canonical(own))


def _expanded(kind: Kind[Any], document: bytes) -> dict[str, Any]:
    """Return a document's spec with its short forms written out."""
    spec: dict[str, Any] = parse_canonical(document)["spec"]
    return kind.expand(spec)


class FollowedSchedule(NamedTuple):
    """A schedule as somebody chose it: how people call it, and what it means."""

    label: str
    """``office-hours``, ``on``, or the expression."""
    schedule: Compiled
    use: str = ""
    """Name of the Schedule, if it is one."""


def of_choice(choice: ScheduleChoice, accepted: AcceptedState) -> FollowedSchedule:
    """Return what a choice of a schedule follows."""
    label = choice.mode if choice.mode != "automatic" else choice.use or choice.expression or ""
    use = choice.use if choice.mode == "automatic" and choice.use else ""
    return FollowedSchedule(label, compiled(choice, accepted), use)


def of_environment(name: str, accepted: AcceptedState) -> FollowedSchedule | None:
    """Return what an environment follows; None if there is none by that name that can be read."""
    spec = accepted.spec("Environment", name)
    return None if spec is None else of_choice(spec.schedule, accepted)


def of_role(role: ServerRole, accepted: AcceptedState) -> FollowedSchedule | None:
    """Return what a role follows by itself; None where its environment's counts."""
    if role.schedule is not None:
        return of_choice(role.schedule, accepted)
    own = schedule_of_role(role, accepted)
    return None if own is None else FollowedSchedule(role.schedule_tag or "", own)


def roles_of(name: str, accepted: AcceptedState) -> Mapping[str, ServerRole]:
    """Return the roles an environment has, by name; none if it, or its map, cannot be read."""
    spec = accepted.spec("Environment", name)
    if spec is None or spec.lifecycle == "retired":
        return {}
    return roles_if_readable(name, accepted) or {}


def users_of(schedule: str, accepted: AcceptedState) -> Iterator[str]:
    """Yield the environments that follow a Schedule, by name."""
    for ref in accepted.of_kind("Environment"):
        choice = accepted.specs[ref].schedule
        if choice.mode == "automatic" and choice.use == schedule:
            yield ref.key


def roles_using(schedule: str, accepted: AcceptedState) -> Iterator[str]:
    """Yield the roles of maps that follow a Schedule, as ``map/role``."""
    for ref in accepted.of_kind("DeploymentMap"):
        for role in accepted.specs[ref].roles:
            choice = role.schedule
            if choice is not None and choice.mode == "automatic" and choice.use == schedule:
                yield f"{ref.key}/{role.server_role_name}"


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
