"""Moments and lengths of time in words: the one place of every form in which they are shown."""

from datetime import UTC, date, datetime, timedelta, tzinfo


def bare_clock_text(at: datetime) -> str:
    """Return ``19:00``, in the zone of ``at``, which is told elsewhere."""
    return f"{at:%H:%M}"


def clock_text(at: datetime) -> str:
    """Return ``19:00 GMT``, in the zone of ``at``."""
    return f"{at:%H:%M %Z}"


def utc_text(at: datetime) -> str:
    """Return ``19:00 UTC``."""
    return clock_text(at.astimezone(UTC))


def date_text(day: date) -> str:
    """Return ``3 Nov``."""
    return f"{day.day} {day:%b}"


def day_text(day: date) -> str:
    """Return ``Tue 3 Nov``."""
    return f"{day:%a} {day.day} {day:%b}"


def even_day_text(day: date) -> str:
    """Return ``Tue 03 Nov``, always of one width."""
    return f"{day:%a %d %b}"


def moment_text(at: datetime, zone: tzinfo = UTC, width: int = 1) -> str:
    """Return ``Tue 3 Nov 19:00 GMT``, the day's number at least so wide."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day:>{width}} {local:%b %H:%M %Z}"


def even_moment_text(at: datetime, zone: tzinfo = UTC) -> str:
    """Return ``Tue 03 Nov 19:00 UTC``, always of one width."""
    return f"{at.astimezone(zone):%a %d %b %H:%M %Z}"


def second_text(at: datetime, zone: tzinfo, since: datetime | None = None) -> str:
    """Return ``Tue 3 Nov 19:00:41 GMT``; where it took from another second on, both are said."""
    local = at.astimezone(zone)
    begin = ""
    if since is not None and since.replace(microsecond=0) != at.replace(microsecond=0):
        begin = f"{since.astimezone(zone):%H:%M:%S}\N{EN DASH}"
    return f"{local:%a} {local.day} {local:%b} {begin}{local:%H:%M:%S %Z}"


def dated_second_text(at: datetime) -> str:
    """Return ``Tue 24 Nov 2026 19:00:22 UTC``, always of one width."""
    return f"{at.astimezone(UTC):%a %d %b %Y %H:%M:%S} UTC"


def stretch_text(since: datetime, until: datetime) -> str:
    """Return ``17 Nov 19:00 to 24 Nov 19:00 GMT``."""
    return f"{since:%d %b %H:%M} to {until:%d %b %H:%M %Z}"


def relative_day_text(at: datetime, now: datetime, *, even: bool = False) -> str:
    """Return ``today``, ``tomorrow``, ``Wed 25 Nov``, or that with the year where it is another; all in the zone of ``at``."""
    today = now.astimezone(at.tzinfo).date()
    if at.date() == today:
        return "today"
    if at.date() == today + timedelta(days=1):
        return "tomorrow"
    return dated_day_text(at, today.year, even=even)


def dated_day_text(day: date, year: int, *, even: bool = False) -> str:
    """Return ``Wed 25 Nov``, with its year where it is another than ``year``."""
    text = even_day_text(day) if even else day_text(day)
    return text if day.year == year else f"{text} {day.year}"


def age_text(now: datetime, then: datetime) -> str:
    """Return a length of time in its largest unit: ``20 min``, ``2 h``, ``6 d``."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
