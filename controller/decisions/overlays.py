"""Overrides of one object that say something else of the same place: which of them holds until when."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from controller.decisions.power_map import SCHEDULE_PATH
from controller.model.override import Override
from controller.planning.overrides import BY_AGE, by_object, is_of_tag, segments

_LIVE: Final = frozenset({"Group", "Instance"})
"""Not in Git: each override of one of them says what it is to be as a whole."""


class Overlay(NamedTuple):
    """An override that does not hold where others go before it."""

    beneath: Override
    above: tuple[Override, ...]
    """Those that go before it, the oldest first."""
    path: str
    """Where they do; empty for all that it says."""

    @property
    def until(self) -> datetime | None:
        """When the last of those above ends; None if no clock ends it."""
        ends = [override.until for override in self.above if override.until is not None]
        return max(ends) if len(ends) == len(self.above) else None

    @property
    def holds_again(self) -> bool:
        """Whether it is still there when no other goes before it."""
        own = self.beneath.until
        return self.until is not None and (own is None or own > self.until)


def overlays(holding: Iterable[Override]) -> Iterator[Overlay]:
    """Yield where overrides, all of which hold, go before others of the same object: the oldest beneath first.

    Records of tags decide nothing. Parts of one override are of different places.
    """
    recorded = (override for override in holding if not is_of_tag(override))
    for own in by_object(sorted(recorded, key=BY_AGE)).values():
        for beneath in own if len(own) > 1 else ():
            above: dict[str, list[Override]] = {}
            for override in own:
                if override.whole_id != beneath.whole_id and _goes_before(override, beneath):
                    within = len(_place(override)) > len(_place(beneath))
                    above.setdefault(override.path if within else "", []).append(override)
            for path in sorted(above):
                yield Overlay(beneath, tuple(above[path]), path)


def _goes_before(one: Override, other: Override) -> bool:
    """Tell whether the one decides where both, of the same object, say something.

    Of values the later one holds. What leaves a field of a document as it is goes before values for it, whichever is older: but
    for schedules, which accounts follow.
    """
    if one.ref.kind in _LIVE:
        return BY_AGE(one) > BY_AGE(other)
    places = _place(one), _place(other)
    shared = min(map(len, places))
    if places[0][:shared] != places[1][:shared] or not other.puts_value:
        return False
    if one.puts_value:
        return BY_AGE(one) > BY_AGE(other)
    return places[1][: len(SCHEDULE_PATH)] != SCHEDULE_PATH


def _place(override: Override) -> tuple[str, ...]:
    """Return the part of the object that an override is about; empty for all of it."""
    return segments(override.path) if override.path and override.ref.kind not in _LIVE else ()
