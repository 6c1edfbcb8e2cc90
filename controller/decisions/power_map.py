"""What an accepted state says about power: the roles environments have, and the schedules both choose and follow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from controller.kinds import calendar, deployment_map, schedule
from controller.kinds.parts.server_role import ServerRole, effective_roles, expand_role
from controller.kinds.schedule import ScheduleChoice, expand_schedule
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, segments
from controller.scheduling.decision import Rule
from controller.scheduling.facts import EnvironmentFacts, Level, RoleFacts, Source
from controller.scheduling.grammar import schedule_or_refusal
from controller.scheduling.schedule import (
    FIXED,
    NOSCHEDULE,
    InvalidSchedule,
    Schedule,
    State,
)

Compiled = Schedule | InvalidSchedule


class _AcceptedCalendars(NamedTuple):
    """Answers what schedules ask of their calendars."""

    accepted: AcceptedState

    def facts(self, kind: str, key: str) -> Any:
        spec = self.accepted.spec(kind, key)
        return None if spec is None else calendar.KIND.facts(key, spec)


def compiled(choice: ScheduleChoice, accepted: AcceptedState) -> Compiled:
    """Return the schedule that is chosen; why it cannot be told where it cannot."""
    if choice.mode in FIXED:
        return FIXED[choice.mode]
    if choice.expression is not None:
        return schedule_or_refusal(choice.expression)
    use = str(choice.use)
    spec = accepted.spec("Schedule", use)
    if spec is None:
        return InvalidSchedule(
            f"Schedule {use} is not among the accepted documents, or cannot be read",
            "envctl doctor says what is wrong with it",
        )
    try:
        found: Schedule = schedule.KIND.facts(use, spec).compiled(_AcceptedCalendars(accepted))
    except InvalidSchedule as refusal:
        return refusal
    return found


def schedule_of_role(role: ServerRole, accepted: AcceptedState) -> Compiled | None:
    """Return the schedule a role has of its own; None where its environment's counts. A tag names no Schedule."""
    if role.schedule is not None:
        return compiled(role.schedule, accepted)
    return None if role.schedule_tag is None else schedule_or_refusal(role.schedule_tag)


def schedule_tag(choice: ScheduleChoice, accepted: AcceptedState) -> str | InvalidSchedule:
    """Return the text of the Schedule tag for a role that chooses a schedule: a mode, or one line of text."""
    if choice.mode not in FIXED and choice.expression is not None:
        return choice.expression
    found = compiled(choice, accepted)
    return found if isinstance(found, InvalidSchedule) else found.text


def roles_if_readable(name: str, accepted: AcceptedState) -> Mapping[str, ServerRole] | None:
    """Return an environment's roles by name; None where it, or its map, cannot be read back from the tables.

    Roles that are not enabled are left out.
    """
    spec = accepted.spec("Environment", name)
    if spec is None:
        return None
    of_map = ResourceRef("DeploymentMap", spec.deployment_map)
    if of_map not in accepted.resources or accepted.specs.get(of_map) is None:
        return None
    own = accepted.resources[ResourceRef("Environment", name)].document
    return _laid_over(accepted.resources[of_map].document, _own_roles(own))


@lru_cache(maxsize=8192)
def _own_roles(document: bytes) -> bytes:
    roles = parse_canonical(document)["spec"].get("roles") or {}
    return canonical_bytes({name: expand_role(role) for name, role in roles.items()})


@lru_cache(maxsize=4096)
def _laid_over(of_map: bytes, own: bytes) -> Mapping[str, ServerRole]:
    """Most environments share a map and differ in little: each pair is worked out once."""
    spec = deployment_map.KIND.expand(parse_canonical(of_map)["spec"])
    return effective_roles(spec, parse_canonical(own))


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
        whole = name.rpartition("-")[0] if name.endswith(_SLICES) else name
        return self.roles.get(name) or self.roles.get(whole)


@dataclass(frozen=True, slots=True)
class PowerMap:
    """Everything the accepted state says about power, by names in lower case (domain rule: tags match in any case)."""

    environments: Mapping[str, EnvironmentPower]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Environment -> why it cannot be told what it should be: its instances are left as they are."""
    recorded: Mapping[tuple[Level, str], tuple[Rule, ...]] = field(default_factory=dict)
    """Recorded overrides of power by what they are of: an instance's id, the names of a group and of an environment."""

    def overrides(self, instance_id: str, group: str, name: str) -> tuple[Rule, ...]:
        """Return the overrides that concern an instance, narrowest first."""
        return (
            *self.recorded.get((Level.INSTANCE, instance_id), ()),
            *self.recorded.get((Level.GROUP, group), ()),
            *self.recorded.get((Level.ENVIRONMENT, name), ()),
        )


_LEVELS: Final = {
    "Instance": Level.INSTANCE,
    "Group": Level.GROUP,
    "Environment": Level.ENVIRONMENT,
}


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
        environment = _environment(ref, accepted)
        if isinstance(environment, str):
            unreadable[ref.key.lower()] = environment
        else:
            found[ref.key.lower()] = environment
    recorded: dict[tuple[Level, str], tuple[Rule, ...]] = {}
    for override in sorted(accepted.overrides, key=lambda o: (o.since, o.id), reverse=True):
        level = _LEVELS.get(override.ref.kind)
        schedule = None if level is None else _overriding(override, accepted)
        if level is None or schedule is None or is_of_tag(override):
            continue
        name = override.ref.key.rpartition("/")[2]
        place = level, name.lower() if level is Level.ENVIRONMENT else name
        who = f" by {override.actor}" if override.actor else ""
        rule = Rule(
            Source.OVERRIDE,
            schedule.text if isinstance(schedule, Schedule) else "",
            schedule,
            why=f"{override.ref}{who}: {override.reason}".rstrip(": "),
            until=override.until,
            blocks_when_invalid=False,
            level=level,
            override=override.id,
            since=override.since,
        )
        recorded[place] = (*recorded.get(place, ()), rule)
    return PowerMap(found, unreadable, recorded)


def _environment(ref: ResourceRef, accepted: AcceptedState) -> EnvironmentPower | str:
    """Return what is said of an environment, or why that cannot be told."""
    spec = accepted.specs.get(ref)
    if spec is None:
        return "it cannot be read back from the tables"
    roles = roles_if_readable(ref.key, accepted)
    if roles is None:
        return f"its DeploymentMap/{spec.deployment_map} cannot be read back from the tables"
    written = (roles_if_readable(ref.key, accepted.written) or {}) if accepted.beneath else roles
    power = {}
    for name, role in roles.items():
        own = schedule_of_role(role, accepted)
        if name in written and schedule_of_role(written[name], accepted) == NOSCHEDULE:
            own = NOSCHEDULE
        power[name.lower()] = RolePower(
            RoleFacts(name, own, role.when_off or "standby"),
            role.wake_timeout_seconds or DEFAULT_WAKE_TIMEOUT_S,
            role.when_stuck == "replace",
        )
    # What an override makes readable need not be so beneath it.
    choice = (accepted.written.specs.get(ref) or spec).schedule
    choice = choice if choice.mode == State.NOSCHEDULE else spec.schedule
    label = choice.expression or choice.use or choice.mode
    return EnvironmentPower(EnvironmentFacts(ref.key, compiled(choice, accepted), label), power)


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
