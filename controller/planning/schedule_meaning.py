"""Exchanged schedules compared: hours on per week before and after, what switches now, and when they first differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from controller.model.plan import ScheduleMeaning, ScheduleShift
from controller.scheduling.schedule import InvalidSchedule, Schedule, State
from controller.scheduling.timeline import first_difference, hours_per_week, state_at
from controller.scheduling.wall_clock import zone_of

DESIRED_SIZES = "desired sizes"
FOUND = "found"


class Following(NamedTuple):
    """What something follows: how people call the schedule, and the schedule, or why it cannot be told."""

    label: str
    schedule: Schedule | InvalidSchedule


class RoleFollowing(NamedTuple):
    """One role of an environment. ``own`` is None where it follows its environment."""

    instances: int
    own: Following | None = None


class EnvironmentFollowing(NamedTuple):
    """One environment with its roles, by name."""

    own: Following
    roles: Mapping[str, RoleFollowing]


class _Exchange(NamedTuple):
    environment: str
    role: str
    before: Following
    after: Following
    instances: int
    followers: tuple[tuple[str, str], ...]


def schedule_meaning(
    before: Mapping[str, EnvironmentFollowing],
    after: Mapping[str, EnvironmentFollowing],
    now: datetime,
) -> ScheduleMeaning | None:
    """Return what it means that environments follow ``after`` instead of ``before``; None if no schedule is exchanged.

    Environments that come or go are no exchange. ``now`` is aware. A role that begins to follow a schedule of its own,
    or its environment again, is one of its role.
    """
    alike: dict[tuple[str, Following, Following], list[_Exchange]] = {}
    for name in sorted(before.keys() & after.keys()):
        for exchange in _exchanges(name, before[name], after[name]):
            alike.setdefault((exchange.role, exchange.before, exchange.after), []).append(exchange)
    shifts = tuple(
        sorted(
            (_shift(exchanges, now) for exchanges in alike.values()),
            key=lambda shift: (-len(shift.environments), shift.role, shift.environments),
        )
    )
    if not shifts:
        return None
    firsts = [shift.first_difference for shift in shifts if shift.first_difference is not None]
    return ScheduleMeaning(
        shifts=shifts,
        now=now.astimezone(min(firsts).tzinfo if firsts else UTC),
        environment_hours=sum(
            _more(shift) * len(shift.environments) for shift in shifts if not shift.role
        ),
        instance_hours=sum(_more(shift) * shift.instances for shift in shifts),
        instances_are=DESIRED_SIZES,
    )


def _exchanges(
    name: str, before: EnvironmentFollowing, after: EnvironmentFollowing
) -> Iterator[_Exchange]:
    if before.own != after.own:
        following = [
            key
            for key, role in after.roles.items()
            if role.own is None and (key not in before.roles or before.roles[key].own is None)
        ]
        count = sum(after.roles[key].instances for key in following)
        # Instances of no role that is known follow their environment too.
        followers = tuple((name, key) for key in (*following, ""))
        yield _Exchange(name, "", before.own, after.own, count, followers)
    for key in sorted(before.roles.keys() & after.roles.keys()):
        owns = before.roles[key].own, after.roles[key].own
        old, new = owns[0] or before.own, owns[1] or after.own
        if owns != (None, None) and old != new:
            count = after.roles[key].instances
            yield _Exchange(name, key, old, new, count, ((name, key),))


def _shift(exchanges: Sequence[_Exchange], now: datetime) -> ScheduleShift:
    _, role, before, after, *_ = exchanges[0]
    old, new = before.schedule, after.schedule
    switches, first = "", None
    if isinstance(old, Schedule) and isinstance(new, Schedule):
        moment = first_difference(old, new, now)
        zone = zone_of(new.zone if new.fixed is None else old.zone)
        first = moment.astimezone(zone) if moment is not None else None
        state = state_at(new, now)
        if state is not state_at(old, now) and state in (State.ON, State.OFF):
            switches = state.value
    return ScheduleShift(
        environments=tuple(exchange.environment for exchange in exchanges),
        role=role,
        before=before.label,
        after=after.label,
        hours_before=_hours(old, now),
        hours_after=_hours(new, now),
        instances=sum(exchange.instances for exchange in exchanges),
        switches_now=switches,
        first_difference=first,
        followers=tuple(follower for exchange in exchanges for follower in exchange.followers),
    )


class Counted(NamedTuple):
    """Instances of one role of one environment that are there and follow its schedule."""

    total: int = 0
    running: int = 0


def with_found(
    meaning: ScheduleMeaning, found: Mapping[tuple[str, str], Counted]
) -> ScheduleMeaning:
    """Return a meaning with the instances there are, by environment and role, in place of those asked for."""
    shifts = []
    for shift in meaning.shifts:
        counted = [found.get(follower, Counted()) for follower in shift.followers]
        total = sum(follower.total for follower in counted)
        running = sum(follower.running for follower in counted)
        switched = {"on": total - running, "off": running}.get(shift.switches_now)
        shifts.append(replace(shift, instances=total, switched=switched))
    return replace(
        meaning,
        shifts=tuple(shifts),
        instance_hours=sum(_more(shift) * shift.instances for shift in shifts),
        instances_are=FOUND,
    )


def _hours(schedule: Schedule | InvalidSchedule, now: datetime) -> float | None:
    if isinstance(schedule, InvalidSchedule) or schedule.fixed is State.NOSCHEDULE:
        return None
    return hours_per_week(schedule, now)


def _more(shift: ScheduleShift) -> float:
    """Return the hours more of one environment; 0 where one of the two cannot be counted."""
    if shift.hours_before is None or shift.hours_after is None:
        return 0.0
    return shift.hours_after - shift.hours_before
