"""Moments and periods as people write them: ISO 8601, yesterday, or how long ago."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from controller.errors import WrongUsage
from controller.ledger.questions import Period

_TO: Final = ".."
_DAYS: Final = {"today": timedelta(0), "yesterday": timedelta(days=1)}
_LAST_MOMENT: Final = timedelta(days=1) - timedelta(milliseconds=1)


def parse_moment(text: str, now: datetime) -> datetime:
    """Return an aware moment: a date, a date and time (UTC without an offset), or ``2h ago`` (``2h``) for two hours before ``now``.

    ``today`` and ``yesterday`` are dates, of UTC; a time may follow: ``yesterday 18:00``. Raises WrongUsage for anything else.
    """
    word, _, clock = text.strip().partition(" ")
    try:
        if word in _DAYS:
            day = now.astimezone(UTC).date() - _DAYS[word]
            moment = datetime.combine(day, time.fromisoformat(clock or "00:00"))
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - timedelta(seconds=parse_duration(text.removesuffix(" ago")))
        except (WrongUsage, OverflowError) as error:
            raise WrongUsage(
                f"{text!r} is no moment",
                fix="write 2026-11-24, 2026-11-24T19:00 (UTC), yesterday 18:00, or how long ago: 2h, 7d",
            ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_period(text: str, now: datetime) -> Period:
    """Return a period: two moments as ``A..B``, one of which may be left out, a day, or a length of time up to ``now`` (``7d``).

    Any other moment is the beginning of a period without an end. Raises WrongUsage for what is none, or ends before it begins.
    """
    first, dots, last = text.partition(_TO)
    if not dots:
        start = parse_moment(text, now)
        return Period(start, start + _LAST_MOMENT if _is_day(text.strip()) else None)
    if not first.strip() and not last.strip():
        raise WrongUsage(f"{text!r} is no period", fix="write 7d, yesterday, or yesterday 18:00..")
    return parse_bounds(first.strip(), last.strip(), now)


def parse_bounds(first: str, last: str, now: datetime) -> Period:
    """Return the period from one moment to another, each empty for no bound; of a day the whole day. Raises WrongUsage."""
    since, until = (parse_moment(text, now) if text else None for text in (first, last))
    if until is not None and _is_day(last):
        until += _LAST_MOMENT
    if since is not None and until is not None and until < since:
        raise WrongUsage(
            f"{first} to {last} ends before it begins", fix="write the earlier moment first"
        )
    return Period(since, until)


def period_of(when: str | None, since: str | None, until: str | None, now: datetime) -> Period:
    """Return the period that is asked for as a whole, or by its bounds, which are moments. Raises WrongUsage for both."""
    if when is None:
        bounds = (parse_moment(text, now) if text else None for text in (since, until))
        return Period(*bounds)
    if since or until:
        raise WrongUsage("--when says from when to when", fix="leave --since and --until out")
    return parse_period(when, now)


def _is_day(text: str) -> bool:
    """Tell whether a moment names a whole day: its end is the day's then."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return text in _DAYS
    return True


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}
_FORM = re.compile(
    r"(?P<count>\d{1,6})(?:(?P<unit>[smhdw])|(?: ?(?P<word>second|minute|hour|day|week)s?))?"
)


def parse_duration(text: str) -> float:
    """Return seconds; a number without a unit is seconds. Raises WrongUsage for anything else."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise WrongUsage(
            f"{text!r} is no length of time", fix="write a number and s, m, h, d or w: 5m"
        )
    return float(match["count"]) * _UNITS[(match["unit"] or match["word"] or "s")[0]]
