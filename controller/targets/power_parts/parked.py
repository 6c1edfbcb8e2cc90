"""The tag that remembers what a group was like before its instances were stopped."""

import re
from dataclasses import dataclass
from typing import Final

from controller.decisions.group_tags import PARKED
from controller.model.live import FoundGroup

HELD_BACK: Final = frozenset({"ScheduledActions", "AlarmNotification", "AZRebalance"})
"""Processes suspended while a group is parked: they would resize it, or end what is left of it.

Never ``Launch``: a member that dies meanwhile is replaced, and a group that is woken can grow.
"""

_FORM = re.compile(r"min=(\d+) desired=(\d+)(?: suspended=([A-Za-z]+(?:/[A-Za-z]+)*))?")


@dataclass(frozen=True, slots=True)
class Parked:
    """Sizes and suspended processes a group gets back when it wakes."""

    minimum: int
    desired: int
    suspended: frozenset[str] = frozenset()
    """Processes that somebody had suspended before: they stay suspended."""

    def __str__(self) -> str:
        """Return the tag's value, of characters that tags take everywhere."""
        suspended = f" suspended={'/'.join(sorted(self.suspended))}" if self.suspended else ""
        return f"min={self.minimum} desired={self.desired}{suspended}"


@dataclass(frozen=True, slots=True)
class UnreadableTag:
    """The group carries the tag, but not as we write it: what it was like cannot be told."""

    text: str


def parked_of(group: FoundGroup) -> Parked | UnreadableTag | None:
    """Return what a group's tag remembers; None where it has none, so is not parked."""
    text = group.tag(PARKED)
    if text is None:
        return None
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return UnreadableTag(text)
    suspended = frozenset(match[3].split("/")) if match[3] else frozenset()
    return Parked(int(match[1]), int(match[2]), suspended)
