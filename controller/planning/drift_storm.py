"""Drift-storm breaker: an object that two writers fight over is left alone, both named, until they have settled it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef

FLIPS: Final = 3
WITHIN: Final = timedelta(minutes=30)
SOMEBODY: Final = "somebody outside envctl"

Flips = Mapping[ResourceRef, Sequence[datetime]]
"""By object: the moments we put it back to what it should be, oldest first."""


@dataclass(frozen=True, slots=True)
class Storm:
    """One object that is left alone: since when, until when, and who writes it."""

    ref: ResourceRef
    flips: tuple[datetime, ...]
    ours: str
    theirs: str

    @property
    def until(self) -> datetime:
        """When it is tried again: half an hour after the last flip."""
        return self.flips[-1] + WITHIN

    @property
    def text(self) -> str:
        """What a reader is told."""
        return (
            f"changed back and forth {len(self.flips)} times within {WITHIN.seconds // 60} minutes: left alone"
            f" until {self.until:%Y-%m-%d %H:%M} UTC; writers: {self.ours} and {self.theirs}"
        )


def recent(flips: Flips, now: datetime) -> dict[ResourceRef, tuple[datetime, ...]]:
    """Return the flips that still count, objects without any left out."""
    young = {
        ref: tuple(at for at in moments if now - at < WITHIN) for ref, moments in flips.items()
    }
    return {ref: moments for ref, moments in young.items() if moments}


def with_flips(
    flips: Flips, done: Iterable[Change], now: datetime
) -> dict[ResourceRef, tuple[datetime, ...]]:
    """Return the flips after a run: each object that had drifted and was put back flipped once more."""
    known = recent(flips, now)
    for change in done:
        if change.cause is Cause.DRIFTED:
            known[change.ref] = (*known.get(change.ref, ()), now)
    return known


def storms(
    flips: Flips,
    drifting: Iterable[Change],
    now: datetime,
    *,
    ours: str,
    theirs: Mapping[ResourceRef, str],
) -> tuple[Storm, ...]:
    """Return the objects that drifted again after three flips within half an hour. ``theirs`` names known outside writers."""
    known = recent(flips, now)
    return tuple(
        Storm(ref, known[ref], ours, theirs.get(ref, SOMEBODY))
        for ref in sorted({one.ref for one in drifting if one.cause is Cause.DRIFTED})
        if len(known.get(ref, ())) >= FLIPS
    )
