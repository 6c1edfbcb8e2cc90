"""Until when something is to hold, as people write it: ``10:00``, ``fri 18:00``, ``+2h``, or date and time.

In a tag, ``on until <time>``, people who have only the console keep something on for a while.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.wall_clock import Wall, moment_of

_FIX = "write 10:00, fri 18:00, tomorrow 09:00, +2h, or 2026-11-25T10:00"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_AND_CLOCK = re.compile(r"(?:([a-z]{3,9})(?:\s+(?=.)|$))?(?:([01]?\d|2[0-3]):([0-5]\d))?")
_LENGTH = re.compile(r"\+(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")
_MINUTES_AHEAD = 366 * 24 * 60


def parse_until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment (UTC) a text means, seen from the aware moment ``now``; clocks are those of ``zone``.

    A time of day is its next occurrence, a day of the week the next day of that name, its midnight without a time. A time
    that the clocks show twice is the first, one that they skip is the moment of the jump. Raises InvalidSchedule for what
    is none of these, is past, or more than a year ahead.
    """
    words = text.strip().lower()
    moment = _after_length(words, now) or _next_time(words, now, zone) or _iso_moment(text.strip())
    if moment is None:
        raise InvalidSchedule(f"{text.strip()!r} is no moment", _FIX)
    if moment.tzinfo is None:
        moment = _moment_on(moment.date(), moment.hour * 60 + moment.minute, zone)
    if moment <= now:
        raise InvalidSchedule(f"{text!r} is past", "write a moment to come")
    if moment - now > timedelta(minutes=_MINUTES_AHEAD):
        raise InvalidSchedule(
            f"{text!r} is more than a year ahead", "what holds for good belongs into Git"
        )
    return moment.astimezone(UTC)


def _after_length(words: str, now: datetime) -> datetime | None:
    match = _LENGTH.fullmatch(words)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes = (int(group or 0) for group in match.groups())
    return now + timedelta(days=days, hours=hours, minutes=minutes)


def _next_time(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _DAY_AND_CLOCK.fullmatch(words)
    if match is None or not words:
        return None
    name, clock_hour, clock_minute = match.groups()
    minute = int(clock_hour or 0) * 60 + int(clock_minute or 0)
    today = now.astimezone(zone).date()
    if name in ("today", "tomorrow"):
        return _moment_on(today + timedelta(days=name == "tomorrow"), minute, zone)
    ahead, again = 0, 1
    if name is not None:
        weekday = next((n for n, full in enumerate(_WEEKDAYS) if full.startswith(name)), None)
        if weekday is None:
            return None
        ahead, again = (weekday - today.weekday()) % 7, 7
    at = _moment_on(today + timedelta(days=ahead), minute, zone)
    return at if at > now else _moment_on(today + timedelta(days=ahead + again), minute, zone)


def _iso_moment(text: str) -> datetime | None:
    # "2027-03-25" alone would read as its midnight, which nobody means who writes "until"
    if ":" not in text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _moment_on(day: date, minute: int, zone: tzinfo) -> datetime:
    return moment_of(Wall(day.toordinal(), minute), zone).at.astimezone(UTC)


_FORM = re.compile(r"on\s+until\s+(\S.*)", re.IGNORECASE)
_TAG_FIX = "write for example 'on until 2027-03-25T10:00Z' or 'on until 2027-03-25 10:00+01:00'"


def parse_override_tag(text: str) -> datetime:
    """Return until when (UTC) a tag ``on until <time>`` keeps its resource on.

    The time is ISO 8601 with date and offset; without an offset it is UTC. A time of day alone is
    refused: the tag does not say on which day it was put there.

    Raises InvalidSchedule.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise InvalidSchedule(f"{text.strip()!r} is no override", _TAG_FIX)
    until = _iso_moment(match[1])
    if until is None:
        raise InvalidSchedule(f"{match[1]!r} is no date and time", _TAG_FIX, match.start(1))
    return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
