"""Alerts: what somebody has to look at, told once when it begins and once when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple


class AlertKind(StrEnum):
    """What an alert is about; each has a page of this name in ``docs/runbooks``."""

    GUARD_REFUSED = "guard-refused"
    """A guard holds back changes until somebody approves them or edits the source."""
    SCOPE_UNKNOWN = "scope-unknown"
    """A scope cannot be seen, also not when it was tried again: nothing is planned there."""
    SOURCE_STALLED = "source-stalled"
    """The source holds what cannot be applied, or does not answer: what was accepted last stays in force."""
    SCOPE_STALLED = "scope-stalled"
    """A run in an account did not come to its end, also not when it was tried again."""
    SCOPE_FROM_THE_FUTURE = "scope-from-the-future"
    """A newer controller wrote a scope; this older one leaves it alone."""
    DRIFT_STORM = "drift-storm"
    """An object is written back and forth by us and by somebody else; it is left alone for a while."""
    SNAPSHOT_FAILED = "snapshot-failed"
    """The last snapshot could not be taken or not be proven."""
    DEAD_LETTERS = "dead-letters"
    """Works were given up: trying them again would not help."""
    INSTANCES_OFF = "instances-off"
    """Instances that should be on have been off for a while."""
    OVERRIDE_ENDS_SOON = "override-ends-soon"
    """What is otherwise for a while will not be for long."""


ANNOUNCEMENTS: Final = frozenset({AlertKind.OVERRIDE_ENDS_SOON})
"""Alerts of what is to come: that they are over is told to nobody."""

Word = Literal["raised", "cleared"]


class AlertKey(NamedTuple):
    """Which alert: two with the same key are one, however their texts differ."""

    kind: AlertKind
    subject: str
    """A scope, an override's id, ``SCOPE REF`` of an object; empty where there is but one of the kind."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that stands now. ``text`` says in one line what and why, ``next`` what to type."""

    key: AlertKey
    text: str
    next: str = ""


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert as it is remembered: since when, until when, and what each sink was told of it last."""

    alert: Alert
    since: datetime
    cleared_at: datetime | None = None
    told: Mapping[str, Word] = field(default_factory=dict)
    """By name of the sink."""

    @property
    def word(self) -> Word:
        """What is to be told of it now."""
        return "raised" if self.cleared_at is None else "cleared"

    def owed_to(self, sink: str) -> bool:
        """Tell whether a sink has not been told how it stands; of what it never heard it need not hear the end."""
        if self.cleared_at is not None and self.alert.key.kind in ANNOUNCEMENTS:
            return False
        return self.told.get(sink, "cleared") != self.word


def runbook_of(kind: AlertKind) -> str:
    """Return the page that says what an alert means, how to see it, what to type and how it ends."""
    return f"docs/runbooks/{kind}.md"
