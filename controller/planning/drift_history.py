"""Drift-storm breaker: an object that two writers fight over is left alone, both named, until they have settled it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef

FLIPS: Final = 3
WITHIN: Final = timedelta(minutes=30)
SOMEBODY: Final = "somebody outside envctl"


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


@dataclass(frozen=True, slots=True)
class DriftHistory:
    """What is remembered of the drift in one scope, and of whom has been told."""

    flips: Mapping[ResourceRef, tuple[datetime, ...]] = field(default_factory=dict)
    """By object: the moments it was put back to what it should be, oldest first."""
    told: frozenset[ResourceRef] = frozenset()
    """Objects whose storm somebody has been told of."""

    def recent(self, now: datetime) -> dict[ResourceRef, tuple[datetime, ...]]:
        """Return the flips that still count, objects without any left out."""
        young = {
            ref: tuple(at for at in moments if now - at < WITHIN)
            for ref, moments in self.flips.items()
        }
        return {ref: moments for ref, moments in young.items() if moments}

    def storms(
        self,
        drifting: Iterable[Change],
        now: datetime,
        *,
        ours: str,
        theirs: Mapping[ResourceRef, str],
    ) -> tuple[Storm, ...]:
        """Return the objects that drifted again after three flips within half an hour. ``theirs`` names known outside writers."""
        known = self.recent(now)
        return tuple(
            Storm(ref, known[ref], ours, theirs.get(ref, SOMEBODY))
            for ref in sorted({change.ref for change in drifting if change.cause is Cause.DRIFTED})
            if len(known.get(ref, ())) >= FLIPS
        )

    def untold(self, storms: Iterable[Storm]) -> tuple[Storm, ...]:
        """Return the storms nobody has been told of yet."""
        return tuple(storm for storm in storms if storm.ref not in self.told)

    def with_told(self, storms: Iterable[Storm], now: datetime) -> "DriftHistory":
        """Return the history once somebody has been told of storms."""
        return DriftHistory(self.recent(now), self.told | {storm.ref for storm in storms})

    def with_done(self, done: Iterable[Change], now: datetime) -> "DriftHistory":
        """Return the history after a run: each object that had drifted and was put back flipped once more."""
        flips = self.recent(now)
        for change in done:
            if change.cause is Cause.DRIFTED:
                flips[change.ref] = (*flips.get(change.ref, ()), now)
        return DriftHistory(flips, self.told & flips.keys())
