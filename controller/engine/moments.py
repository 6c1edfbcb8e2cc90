"""Moments as people write them: ISO 8601, or how long ago."""

from datetime import UTC, datetime, timedelta

from controller.engine.duration import parse_duration
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
