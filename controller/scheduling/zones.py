"""Time zones and the one mapping between wall clocks and real moments.

Names and rules come from the ``tzdata`` package, never from the machine, so that every installation
of one version agrees. An event happens once on the real time line: a wall clock time that occurs
twice means its first pass, one that is skipped means the moment of the jump. The mapping from wall
clock to moment is therefore monotone, which is what lets the rest search on wall clocks alone.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

from controller.scheduling.refusals import InvalidSchedule

ONE_MINUTE = timedelta(minutes=1)


@cache
def _spellings() -> dict[str, str]:
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    # "Factory" is the database's placeholder for "not set up"
    return {name.lower(): name for name in text.split() if name != "Factory"}


@lru_cache(maxsize=4096)
def canonical_zone(name: str) -> str:
    """Return the IANA name as the time zone data spell it; upper and lower case do not matter.

    Raises InvalidSchedule for a name that is not in the data.
    """
    known = _spellings()
    wanted = name.strip().lower()
    if wanted in known:
        return known[wanted]
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
    assert before is not None
    assert after is not None
    if before >= after:
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
    wanted = after.astimezone(zone).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == wanted:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)
