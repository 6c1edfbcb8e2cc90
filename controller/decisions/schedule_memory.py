"""The schedules power last worked by, and what AWS refused to stop.

By what is remembered the clock is told from edits: a switch is the clock's where the schedule known before wants the same now,
as then it was only a matter of time. It is an edit's where the schedule known before wants something else, or none was known.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from controller.decisions.evaluator import Evaluation
from controller.decisions.power_map import PowerMap
from controller.model.plan import Cause
from controller.scheduling.decision import Decision, SkipCode
from controller.scheduling.facts import Source
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import (
    FIXED,
    ExceptDates,
    InvalidSchedule,
    Schedule,
    State,
)
from controller.scheduling.timeline import state_at


@dataclass(frozen=True, slots=True)
class ScheduleMemory:
    """Schedules by environment, and by environment and role where a role has its own. Names in lower case.

    ``cannot_stop`` is when AWS refused for good to stop an instance, by its id.
    """

    environments: Mapping[str, Schedule] = field(default_factory=dict)
    roles: Mapping[tuple[str, str], Schedule] = field(default_factory=dict)
    cannot_stop: Mapping[str, datetime] = field(default_factory=dict)

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


def left_to_switch(
    instances: Iterable[Evaluation],
    before: ScheduleMemory,
    after: ScheduleMemory,
    switched: Collection[str],
    now: datetime,
) -> frozenset[str]:
    """Return the environments, in lower case, in which the edit from ``before`` to ``after`` has something left to switch.

    That is an instance which follows the documents and is not where they want it now, although the schedule known before
    wanted something else of it: postponed, in maintenance, kept on by an override, failed, or refused. Once it is switched it
    is so by that edit, however late. ``switched`` are the ids of instances and the names of groups that a run has just
    brought where they are wanted.
    """
    left = set()
    for found in instances:
        role = found.role.facts.name if found.role else ""
        wanted = after.wanted(found.environment, role, now)
        if found.group and found.lifecycle is None:
            continue
        if wanted is before.wanted(found.environment, role, now) or not _by_documents(found):
            continue
        ignored = found.role is not None and found.role.facts.when_off == "ignore"
        if wanted is State.ON:
            there = found.instance.state in ("pending", "running")
        elif wanted is State.OFF and not ignored:
            there = found.instance.state not in ("pending", "running")
        else:
            continue
        if not there and not {found.instance.instance_id, found.group} & set(switched):
            left.add(found.environment.lower())
    return frozenset(left)


def _by_documents(found: Evaluation) -> bool:
    """Tell whether a schedule of documents counts for an instance, now or once overrides and maintenance have ended."""
    decision = found.decision
    if not decision.chain:
        return decision.reason is not None and decision.reason.code is SkipCode.IN_MAINTENANCE
    own = next(
        rule
        for rule in decision.chain
        if rule.source is not Source.OVERRIDE and rule.schedule is not None
    )
    return not own.is_persons_tag


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
        "cannotStop": {name: at.isoformat() for name, at in sorted(memory.cannot_stop.items())},
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
            {
                str(name): datetime.fromisoformat(at).astimezone(UTC)
                for name, at in found.get("cannotStop", {}).items()
            },
        )
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
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
    if text in FIXED:
        return FIXED[text]
    dates = tuple(
        ExceptDates(date.fromisoformat(first), date.fromisoformat(last), name)
        for first, last, name in exceptions
    )
    found = parse_schedule(text)
    if found.fixed is not None:
        raise InvalidSchedule(f"{text!r} is no text of entries", "remove the row")
    return replace(found, exceptions=dates)
