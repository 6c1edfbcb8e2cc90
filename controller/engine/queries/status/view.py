"""Where everything stands, as one value: what status shows, whether it is read here or told by a server. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from controller.engine.state.notification_rows import SinkHealth
from controller.engine.state.rows import FLIPS_PREFIX, history_of_row
from controller.model.alert import KnownAlert
from controller.model.ledger_record import Head
from controller.model.observed import CONFIG_SCOPE, ScopeCounts, ScopeState, ScopeStatus
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.drift_history import FLIPS, WITHIN

UNSEEN: Final = "unseen"
"""How a scope stands that no run has looked at yet."""

SourceState = Literal["current", "changed", "unreachable", "none"]
"""Whether the source has what was applied last: yes, something else, cannot be told, or no source is set."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """The source of the settings beside what was applied from it last. ``detail`` says why it cannot be told."""

    name: str
    state: SourceState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """The newest snapshot that was proven. Without one ``id`` is empty, and where that cannot be told ``detail`` says why."""

    id: str = ""
    at: datetime | None = None
    items: int | None = None
    stored_bytes: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLine:
    """One scope. ``status`` None: nobody looked at it yet; ``head`` None: nothing was ever written there.

    ``known`` is False for a scope that no account names any more. ``open_records`` were announced and not ended.
    ``damaged`` says which of its rows is not as we write it, if one is; ``newer`` that a newer controller wrote it, if one did.
    """

    name: str
    status: ScopeStatus | None
    head: Head | None = None
    open_records: int = 0
    known: bool = True
    damaged: str = ""
    newer: str = ""

    @property
    def state(self) -> str:
        """The state as shown, ``unseen`` before the first look."""
        return self.status.state.value if self.status else UNSEEN

    @property
    def in_order(self) -> bool:
        """Tell whether there is nothing to say about it."""
        found = self.status
        if found is None or found.state is not ScopeState.OK:
            return False
        left = found.changes or found.blocked or self.open_records or self.lacking
        return self.known and not (left or self.damaged or self.newer)

    @property
    def lacking(self) -> int:
        """How many objects wait for something that the account lacks."""
        seen = self.status.seen if self.status else None
        return sum(remark.objects for remark in seen.missing) if seen else 0


@dataclass(frozen=True, slots=True)
class StormView:
    """An object that is left alone until its writers have settled it."""

    scope: str
    ref: ResourceRef
    flips: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Switch:
    """What schedules ask of environments at one coming moment."""

    at: datetime
    on: tuple[str, ...]
    off: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerView:
    """What the accepted schedules ask of environments now, in numbers, and the switches that come next.

    ``unscheduled`` are left as they are; ``invalid`` have a schedule that cannot be read, with the reason.
    """

    on: int = 0
    off: int = 0
    unscheduled: int = 0
    invalid: Mapping[str, str]
    next: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedScope:
    """What a look at this moment gave of one scope; ``seen`` is None if it could not be seen."""

    state: ScopeState
    reason: str = ""
    changes: int = 0
    blocked: int = 0
    seen: ScopeCounts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """Everything. ``power`` is None where the config tables could not be read, with ``unreadable`` saying why.

    ``looked`` is None if accounts were not looked at; ``replicas`` tells whether there are to be copies in them; ``snapshot`` is
    None where the settings name no place for snapshots. ``alerts`` are those that a daemon found and that stand, by kind and
    subject; ``failing_sinks`` did not take what they were told last. All that others did to the tables before
    ``streams_read_until`` is on record; None where nobody has read a stream yet.
    """

    at: datetime
    version: str
    installation: str
    source: SourceView
    scopes: tuple[ScopeLine, ...]
    overrides: tuple[Override, ...]
    storms: tuple[StormView, ...]
    power: PowerView | None
    unreadable: str = ""
    replicas: bool = False
    snapshot: SnapshotView | None = None
    alerts: tuple[KnownAlert, ...] = ()
    failing_sinks: tuple[SinkHealth, ...] = ()
    streams_read_until: datetime | None = None
    looked: Mapping[str, LookedScope] | None = None

    @property
    def config(self) -> ScopeStatus | None:
        """How the config scope stands."""
        return next((scope.status for scope in self.scopes if scope.name == CONFIG_SCOPE), None)

    def sighting(self, scope: ScopeLine) -> ScopeCounts | None:
        """Return what was counted in a scope: now, if it was looked at now and could be seen, else at its last look."""
        before = scope.status.seen if scope.status else None
        looked = (self.looked or {}).get(scope.name)
        return looked.seen.after(before) if looked and looked.seen else before

    @property
    def sightings(self) -> dict[str, ScopeCounts | None]:
        """What was counted in each account, by scope."""
        accounts = (scope for scope in self.scopes if scope.name != CONFIG_SCOPE and scope.known)
        return {account.name: self.sighting(account) for account in accounts}


def storms_in(rows: Mapping[str, Mapping[str, Any]], now: datetime) -> tuple[StormView, ...]:
    """Return the objects that are left alone, by scope and name, from rows of EnvctlState by their ``Id``."""
    histories = {
        name.removeprefix(FLIPS_PREFIX): history_of_row(row)
        for name, row in rows.items()
        if name.startswith(FLIPS_PREFIX)
    }
    return tuple(
        StormView(scope, ref, len(moments), moments[-1] + WITHIN)
        for scope in sorted(histories)
        for ref, moments in sorted(histories[scope].recent(now).items())
        if len(moments) >= FLIPS
    )
