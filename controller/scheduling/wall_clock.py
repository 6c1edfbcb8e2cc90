"""Wall clocks: which days and minutes entries match on them, and when a wall clock minute really happens.

A day is a proleptic ordinal, whose remainder by 7 is its weekday from Sunday = 0. Sets of days of a
month and of minutes of a day are bit masks, so that finding the next or the previous one is a shift
and a look at the lowest or highest bit.

Names and rules of time zones come from the ``tzdata`` package, never from the machine, so that every
installation of one version agrees. An event happens once on the real time line: a wall clock time that
occurs twice means its first pass, one that is skipped means the moment of the jump. The mapping from
wall clock to moment is therefore monotone, which is what lets the rest search on wall clocks alone.
"""

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

from controller.scheduling.schedule import (
    FIRST_YEAR,
    LAST_YEAR,
    DayRule,
    Entry,
    ExceptDates,
    InvalidSchedule,
    State,
)

_OFFSET = re.compile(r"(?:gmt|utc)?([+-])0?([0-9]{1,2})(?::?00)?")
ONE_MINUTE = timedelta(minutes=1)


@cache
def _spellings() -> dict[str, str]:
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    # "Factory" is the database's placeholder for "not set up"
    return {name.lower(): name for name in text.split() if name != "Factory"}


@cache
def _links() -> dict[str, str]:
    text = resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line.startswith("L ")]
    return {alias: target for _, target, alias in lines}


def alias_of(zone: str) -> str | None:
    """Return what zone an abbreviation or a former name of a country (``CET``, ``GB``) stands for, None for the name of a place.

    ``zone`` is as ``canonical_zone`` gives it. ``UTC`` is no alias here: it is the zone that has no place.
    """
    return None if "/" in zone or zone == "UTC" else _links().get(zone, zone)


@lru_cache(maxsize=4096)
def canonical_zone(name: str) -> str:
    """Return the IANA name as the time zone data spell it; upper and lower case do not matter.

    Raises InvalidSchedule for a name that is not in the data.
    """
    known = _spellings()
    wanted = name.strip().lower()
    if wanted in known:
        return known[wanted]
    if offset := _OFFSET.fullmatch(wanted):
        # In the database's own names the sign is the other way round.
        sign, hours = {"+": "-", "-": "+"}[offset[1]], int(offset[2])
        fixed = (
            f", or Etc/GMT{sign}{hours} for this offset all year" if hours in range(1, 13) else ""
        )
        fix = f"write the place whose clock is meant, such as Europe/London{fixed}"
        raise InvalidSchedule(f"unknown time zone {name.strip()!r}", fix, 0)
    near = get_close_matches(wanted, known, n=1) or [
        zone for zone in sorted(known) if wanted and zone.endswith("/" + wanted.replace(" ", "_"))
    ]
    fix = (
        f"did you mean {known[near[0]]!r}?" if near else "write an IANA name such as Europe/London"
    )
    raise InvalidSchedule(f"unknown time zone {name.strip()!r}", fix, 0)


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the rules of a canonical zone name, from the pinned data alone."""
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


class Wall(NamedTuple):
    """A wall clock minute: day as a proleptic ordinal, minute of the day."""

    day: int
    minute: int


def last_wall(at: datetime, zone: tzinfo) -> Wall:
    """Return the latest wall clock minute whose events have happened at the moment ``at``.

    That is what the clock shows, except in the second pass of a repeated hour: there every event of
    the hour lies behind.
    """
    local = at.astimezone(zone)
    if local.fold:
        before = local.replace(fold=0).utcoffset()
        after = local.utcoffset()
        assert before is not None
        assert after is not None
        moment = at.astimezone(UTC)
        change = _offset_change(zone, moment - (before - after), moment)
        local = (change + before).replace(tzinfo=None) - ONE_MINUTE
    return Wall(local.toordinal(), local.hour * 60 + local.minute)


class Moment(NamedTuple):
    """When a wall clock minute happens."""

    at: datetime
    """In the zone, aware."""
    skipped: bool
    """The clocks jump over that minute; it happens at the jump."""


def moment_of(wall: Wall, zone: tzinfo) -> Moment:
    """Return the real moment of a wall clock minute: first pass if repeated, the jump if skipped."""
    day = date.fromordinal(wall.day)
    at = datetime(day.year, day.month, day.day, wall.minute // 60, wall.minute % 60, tzinfo=zone)
    if _is_steady(wall.day, zone):
        return Moment(at, skipped=False)
    before = at.utcoffset()
    after = at.replace(fold=1).utcoffset()
    if before is None or after is None or before >= after:
        return Moment(at, skipped=False)
    naive = at.replace(tzinfo=UTC)
    jump = _offset_change(zone, naive - after, naive - before)
    return Moment(jump.astimezone(zone), skipped=True)


@lru_cache(maxsize=4096)
def _is_steady(day: int, zone: tzinfo) -> bool:
    """Say whether the clocks do not change on a day (no zone changes them back on the same day)."""
    midnight = datetime.combine(date.fromordinal(day), time.min, tzinfo=zone)
    offset = midnight.utcoffset()
    folded = midnight.replace(fold=1).utcoffset()
    return offset == folded == (midnight + timedelta(days=1)).utcoffset()


def offset_changes(zone: tzinfo, start: datetime, end: datetime) -> list[datetime]:
    """Return the moments (UTC) after ``start`` and up to ``end`` at which the clocks change."""
    changes = []
    step = timedelta(hours=12)
    moment = start.astimezone(UTC).replace(microsecond=0)
    last = end.astimezone(UTC)
    while moment < last:
        following = min(moment + step, last)
        if moment.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            changes.append(_offset_change(zone, moment, following))
        moment = following
    return changes


def _offset_change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the first second (UTC) in (before, after] with the offset that ``after`` has."""
    seconds = range(1, int((after - before).total_seconds()))
    wanted = after.astimezone(zone).utcoffset()

    def is_wanted(second: int) -> bool:
        return (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == wanted

    return before + timedelta(seconds=1 + bisect_left(seconds, True, key=is_wanted))


FIRST_DAY = date(FIRST_YEAR, 1, 1).toordinal()
LAST_DAY = date(LAST_YEAR, 12, 31).toordinal()
_MONTHS = [
    (date(year, month, 1).toordinal(), monthrange(year, month)[1])
    for year in range(FIRST_YEAR, LAST_YEAR + 1)
    for month in range(1, 13)
]
"""(ordinal of the first day, number of days) of each month of the known years."""


class DayEvents(NamedTuple):
    """What happens on one day: bit m of ``on`` or ``off`` for minute m. No bit is in both."""

    on: int
    off: int


_NOTHING = DayEvents(0, 0)
_MIDNIGHT = 1
# attributes of an enum are looked up slowly, and this file is where the time goes
_ON = State.ON


def nearest_day(
    entries: Sequence[Entry], day: int, step: int, exceptions: tuple[ExceptDates, ...] = ()
) -> int | None:
    """Return the first day from ``day`` on that one of the entries matches, or a stretch of excepted dates begins or ends.

    ``step`` is 1, or -1 for the last day up to ``day``. None if there is no such day.
    """
    found = None
    in_years = 0
    for entry in entries:
        in_years |= entry.years
    start = date.fromordinal(min(max(day, FIRST_DAY), LAST_DAY))
    kept = -1 << start.day if step > 0 else (2 << start.day) - 1
    number = (start.year - FIRST_YEAR) * 12 + start.month - 1
    outside = day > LAST_DAY if step > 0 else day < FIRST_DAY
    while not outside and 0 <= number < len(_MONTHS):
        year, month = divmod(number, 12)
        if not (in_years >> year if step > 0 else in_years & ((2 << year) - 1)):
            break
        first, length = _MONTHS[number]
        days = 0
        for entry in entries:
            if entry.months >> month + 1 & 1 and entry.years >> year & 1:
                days |= _days_of_month(entry.days, first % 7, length)
        days &= kept
        if days:
            found = first + (days & -days if step > 0 else days).bit_length() - 2
            break
        number, kept = number + step, -1
    if exceptions:
        for edges in _stretches(exceptions):
            index = bisect_left(edges, day) if step > 0 else bisect_right(edges, day) - 1
            if 0 <= index < len(edges) and (found is None or (found - edges[index]) * step > 0):
                found = edges[index]
    return found


@lru_cache(maxsize=1024)
def _stretches(exceptions: tuple[ExceptDates, ...]) -> tuple[list[int], list[int]]:
    """Return the first days of all stretches of excepted dates, and the days after each, ascending."""
    firsts: list[int] = []
    afters: list[int] = []
    for dates in sorted(exceptions):
        first, after = dates.first.toordinal(), dates.last.toordinal() + 1
        if afters and first <= afters[-1]:
            afters[-1] = max(afters[-1], after)
        else:
            firsts.append(first)
            afters.append(after)
    return firsts, afters


def events_of_day(
    entries: Sequence[Entry], day: int, exceptions: tuple[ExceptDates, ...] = ()
) -> DayEvents:
    """Return the events of one day. Of two entries at one minute the one written first counts."""
    if not FIRST_DAY <= day <= LAST_DAY:
        plain = _NOTHING
    else:
        at = date.fromordinal(day)
        month, day_of_month, year = at.month, at.day, at.year - FIRST_YEAR
        first, length = _MONTHS[year * 12 + month - 1]
        on = off = 0
        for power, times, rule, months, years, _ in entries:
            if (
                months >> month & 1
                and years >> year & 1
                and _days_of_month(rule, first % 7, length) >> day_of_month & 1
            ):
                if power is _ON:
                    on |= times & ~off if off else times
                else:
                    off |= times & ~on if on else times
        plain = DayEvents(on, off)
    return _excepted(plain, entries, day, exceptions) if exceptions else plain


def _excepted(
    plain: DayEvents, entries: Sequence[Entry], day: int, exceptions: tuple[ExceptDates, ...]
) -> DayEvents:
    """Return the events of a day whose entries alone have the ``plain`` ones."""
    firsts, afters = _stretches(exceptions)
    index = bisect_right(firsts, day) - 1
    if index < 0 or day > afters[index]:
        return plain
    if day < afters[index]:
        return DayEvents(0, _MIDNIGHT if day == firsts[index] else 0)
    before = nearest_day(entries, day - 1, -1)
    if (plain.on | plain.off) & _MIDNIGHT or before is None:
        return plain
    on, off = events_of_day(entries, before)
    # no bit is in both, so the greater of the two masks has the last event of that day
    if on > off:
        return DayEvents(plain.on | _MIDNIGHT, plain.off)
    return DayEvents(plain.on, plain.off | _MIDNIGHT)


@lru_cache(maxsize=16384)
def _days_of_month(rule: DayRule, first_weekday: int, length: int) -> int:
    """Return bit d for each day d of a month of that shape on which both parts of the rule match."""
    inside = (2 << length) - 2
    by_date = rule.days & inside
    if rule.last:
        by_date |= 1 << length
    if rule.last_weekday:
        by_date |= 1 << _nearest_weekday(length, first_weekday, length)
    for day in range(1, length + 1):
        if rule.nearest >> day & 1:
            by_date |= 1 << _nearest_weekday(day, first_weekday, length)
    by_weekday = 0
    for day in range(1, length + 1):
        weekday = (first_weekday + day - 1) % 7
        if (
            rule.weekdays >> weekday & 1
            or rule.nth >> ((day - 1) // 7 * 7 + weekday) & 1
            or (day + 7 > length and rule.last_of >> weekday & 1)
        ):
            by_weekday |= 1 << day
    return by_date & by_weekday


def _nearest_weekday(day: int, first_weekday: int, length: int) -> int:
    """Return the Monday-to-Friday day nearest to a day, without leaving the month."""
    weekday = (first_weekday + day - 1) % 7
    if weekday == 6:
        return day - 1 if day > 1 else 3
    if weekday == 0:
        return day + 1 if day < length else length - 2
    return day
