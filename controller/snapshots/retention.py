"""Which snapshots are kept: the newest of each of the last days, weeks and months. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Known(NamedTuple):
    """A snapshot as retention sees it. ``created_at`` is aware; ``verified`` says that it was read back and compared."""

    id: str
    created_at: datetime
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many are kept.

    All of the last ``keep_days`` days; of older ones the newest of each of the last ``daily`` days, ``weekly`` ISO weeks and
    ``monthly`` months that have any.
    """

    keep_days: int = 35
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


def to_remove(known: Iterable[Known], retention: Retention, now: datetime) -> tuple[Known, ...]:
    """Return the snapshots that are no longer kept, oldest first; never the last good one.

    Good is what was verified; where none was, the newest is kept.
    """
    newest_first = sorted(known, key=lambda found: (found.created_at, found.id), reverse=True)
    good = [found for found in newest_first if found.verified]
    kept = set(good[:1] or newest_first[:1])
    begin = now - timedelta(days=retention.keep_days)
    kept |= {found for found in newest_first if found.created_at >= begin}
    for count, form in (
        (retention.daily, "%Y-%m-%d"),
        (retention.weekly, "%G-%V"),
        (retention.monthly, "%Y-%m"),
    ):
        # Of each period the newest good one, where there is any: what was never verified proves nothing.
        kept |= set(_newest_of_each(good or newest_first, form)[:count])
    return tuple(found for found in reversed(newest_first) if found not in kept)


def _newest_of_each(newest_first: Sequence[Known], form: str) -> list[Known]:
    first: dict[str, Known] = {}
    for found in newest_first:
        first.setdefault(f"{found.created_at:{form}}", found)
    return list(first.values())
