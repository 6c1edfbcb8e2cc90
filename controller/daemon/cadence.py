"""When what recurs is due: at moments of its own for every scope, the same on all machines, so that they ask the same at once, and never all scopes."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


def due_moment(name: str, every_s: int, since: datetime, now: datetime) -> datetime | None:
    """Return the last moment after ``since`` and up to ``now`` at which what recurs under a name is due; None if it is not.

    It recurs every ``every_s`` seconds, at a phase that its name gives: names spread evenly over the time between.
    """
    digest = hashlib.sha256(name.encode()).digest()
    phase_s = int.from_bytes(digest[:6], "big") % every_s
    passed_s = int((now - _EPOCH).total_seconds()) - phase_s
    moment = _EPOCH + timedelta(seconds=passed_s // every_s * every_s + phase_s)
    return moment if since < moment else None
