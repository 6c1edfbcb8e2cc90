"""The tag with which people who have only the console keep something on for a while."""

import re
from datetime import UTC, datetime

from controller.scheduling.refusals import InvalidSchedule

_FORM = re.compile(r"on\s+until\s+(\S.*)", re.IGNORECASE)
_FIX = "write for example 'on until 2027-03-25T10:00Z' or 'on until 2027-03-25 10:00+01:00'"


def parse_override_tag(text: str) -> datetime:
    """Return until when (UTC) a tag ``on until <time>`` keeps its resource on.

    The time is ISO 8601 with date and offset; without an offset it is UTC. A time of day alone is
    refused: the tag does not say on which day it was put there.

    Raises InvalidSchedule.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise InvalidSchedule(f"{text.strip()!r} is no override", _FIX)
    try:
        until = datetime.fromisoformat(match[1])
    except ValueError:
        until = None
    # "2027-03-25" alone would read as its midnight, which nobody means who writes "until"
    if until is None or ":" not in match[1]:
        raise InvalidSchedule(f"{match[1]!r} is no date and time", _FIX, match.start(1))
    return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
