"""Moments as people write them: ISO 8601, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from controller.errors import WrongUsage


def parse_moment(text: str, now: datetime) -> datetime:
    """Return an aware moment: a date, a date and time (UTC without an offset), or ``2h ago`` (``2h``) for two hours before ``now``.

    Raises WrongUsage for anything else.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - timedelta(seconds=parse_duration(text.removesuffix(" ago")))
        except (WrongUsage, OverflowError) as error:
            raise WrongUsage(
                f"{text!r} is no moment",
                fix="write 2026-11-24, 2026-11-24T19:00 (UTC) or how long ago: 2h, 7d",
            ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"(?P<count>\d{1,6})(?P<unit>[smhd])?")


def parse_duration(text: str) -> float:
    """Return seconds; a number without a unit is seconds. Raises WrongUsage for anything else."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise WrongUsage(
            f"{text!r} is no length of time", fix="write a number and s, m, h or d: 5m"
        )
    return float(match["count"]) * _UNITS[match["unit"] or "s"]
