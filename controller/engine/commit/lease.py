"""Who may write a scope: ownership by lease, counted in epochs, kept in the scope's head row.

A lease only says how long others wait before they take over; what keeps a slow worker from writing is the epoch, on
which every write of the scope is conditional.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite, UpdateWrite
from controller.errors import Conflict, DamagedState, ScopeBusy, StaleEpoch
from controller.ledger.heads import HEAD_PREFIX, HeadRows, head_of_row, row_of_head
from controller.ledger.ledger_table import SCOPE_INDEX
from controller.model.ledger_record import Head

LEASE_S = 60.0
LOOK_AGAIN_S = 2.0
RENEWED_BELOW = 0.5
"""A lease with less than this share of its time left is renewed before the next act."""
_NAMES = {"#epoch": "Epoch", "#owner": "Owner", "#lease": "LeaseUntil"}


@dataclass(frozen=True, slots=True)
class Claim:
    """How ownership is asked for. ``wait_s`` is how long to wait for the present owner; ``take_over`` does not ask it."""

    owner: str
    lease_s: float = LEASE_S
    wait_s: float = 0.0
    take_over: bool = False


@dataclass(eq=False)
class Leases(HeadRows):
    """Takes, renews and gives back scopes, in the master account's items. ``clock`` gives aware time, ``sleep`` takes seconds.

    ``_ledger`` is the physical name of the audit table.
    """

    _ledger: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def ensure(self, scope: str) -> bool:
        """Create the head of a scope, owned by nobody, unless it is there; tell whether it was created.

        Raises DamagedState if there are records of the scope and no head: a second chain would begin.
        """
        if self.read(scope) is not None:
            return False
        if self._rows.has_any(self._ledger, SCOPE_INDEX, "Scope", scope):
            raise head_lost(scope)
        return self.restore(Head(scope, 0, "", 0, 0, ""))

    def has_records(self, scope: str) -> bool:
        """Tell whether anything was ever recorded of a scope, as its head says, or the ledger where that is lost. Raises as any read."""
        head = self.read(scope)
        if head is not None:
            return head.sequence > 0
        return self._rows.has_any(self._ledger, SCOPE_INDEX, "Scope", scope)

    def restore(self, head: Head) -> bool:
        """Write a head, unless there is one; tell whether it was written. Raises as any write."""
        row = row_of_head(head)
        try:
            self._rows.write(PutWrite(self._table, to_wire(row), "attribute_not_exists(Id)"))
        except Conflict:
            return False
        return True

    def take(self, scope: str, claim: Claim) -> Head:
        """Become the owner of a scope, in a new epoch; whoever owned it before can write no more.

        A scope is free if nobody owns it, if its lease has ended, or if it is ours already; else this waits
        ``wait_s``. Raises ScopeBusy after that, ScopeFromTheFuture, DamagedState if its head is lost, and as any write.
        """
        deadline = self.clock() + timedelta(seconds=claim.wait_s)
        while True:
            head = self.read(scope)
            if head is None:
                self.ensure(scope)
                continue
            now = self.clock()
            free = not head.owner or head.owner == claim.owner or head.lease_until <= epoch_ms(now)
            if free or claim.take_over:
                values = {
                    ":next": head.epoch + 1,
                    ":me": claim.owner,
                    ":until": epoch_ms(now + timedelta(seconds=claim.lease_s)),
                }
                change = "SET #epoch = :next, #owner = :me, #lease = :until"
                row = self._update(head, change, values)
                if row is not None:
                    return head_of_row(scope, row)
            elif now >= deadline:
                raise _scope_busy(head, now)
            else:
                left_s = (deadline - now).total_seconds()
                self.sleep(min(LOOK_AGAIN_S, left_s))

    def renew(self, head: Head, lease_s: float = LEASE_S) -> Head:
        """Prolong our lease. Raises StaleEpoch if another worker has taken the scope."""
        until = epoch_ms(self.clock() + timedelta(seconds=lease_s))
        if self._update(head, "SET #lease = :until", {":until": until}) is None:
            raise stale_epoch(head, self.read(head.scope))
        return replace(head, lease_until=until)

    def release(self, head: Head) -> None:
        """Give the scope back, so that the next worker need not wait; nothing happens if it is not ours any more."""
        self._update(head, "SET #lease = :now, #owner = :nobody", {":now": 0, ":nobody": ""})

    def note_revision(self, scope: str, sequence: int, revision: str) -> None:
        """Write which revision a scope holds, where nothing was to be written for it; nothing happens if its head has moved."""
        write = UpdateWrite(
            self._table,
            {"Id": {"S": HEAD_PREFIX + scope}},
            update="SET #revision = :revision",
            condition="#sequence = :sequence",
            names={"#revision": "Revision", "#sequence": "Sequence"},
            values=to_wire({":revision": revision, ":sequence": sequence}),
        )
        with suppress(Conflict):
            self._rows.write(write)

    def find_ours(self, head: Head) -> Head:
        """Return the head as it is now. Raises StaleEpoch if the scope is not ours any more, and as any read."""
        found = self.read(head.scope)
        if found is None or (found.epoch, found.owner) != (head.epoch, head.owner):
            raise stale_epoch(head, found)
        return found

    def _update(self, head: Head, change: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """Change the row if epoch and owner are still these; return it as it is then, None if they are not."""
        write = UpdateWrite(
            self._table,
            {"Id": {"S": HEAD_PREFIX + head.scope}},
            update=change,
            condition="#epoch = :epoch AND #owner = :owner",
            names=_NAMES,
            values=to_wire({**values, ":epoch": head.epoch, ":owner": head.owner}),
        )
        try:
            return self._rows.write(write)
        except Conflict:
            return None


@dataclass(slots=True)
class LeaseKeeper:
    """Our ownership of a scope during a run, kept alive and looked at before each act. Thread-safe."""

    head: Head
    """The head as it was taken, then as we left it."""
    leases: Leases
    _seen_at: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plans_from(self, sequence: int) -> None:
        """Take note of the config scope's sequence that what is written from now on is planned from."""
        with self._lock:
            self.head = replace(self.head, planned_from=sequence)

    def moved(self, head: Head) -> None:
        """Take note of the head after a transaction of ours: that it went through shows that the scope is ours."""
        with self._lock:
            self.head = head
            self._seen_at = epoch_ms(self.leases.clock())

    def find_head(self) -> None:
        """Look where the head is. Raises StaleEpoch if the scope is not ours any more, and as any read."""
        found = self.leases.find_ours(self.head)
        self.moved(replace(found, planned_from=self.head.planned_from))

    def confirm(self, believed_s: float = 0.0) -> None:
        """Make sure that the scope is ours, by a look not older than ``believed_s``, and for long enough.

        Raises StaleEpoch, and as any read or write.
        """
        with self._lock:
            now = epoch_ms(self.leases.clock())
            if self.head.lease_until - now < LEASE_S * 1000 * RENEWED_BELOW:
                self.head = self.leases.renew(self.head)
                self._seen_at = now
            elif not self._seen_at or now - self._seen_at >= believed_s * 1000:
                self.leases.find_ours(self.head)
                self._seen_at = now


def head_lost(scope: str) -> DamagedState:
    """Return the error that a scope has records and no head."""
    return DamagedState(
        f"scope {scope}: head lost: the ledger has records of it, and EnvctlState no row {HEAD_PREFIX}{scope}",
        fix=f"envctl audit recover {scope} rebuilds it from the last record",
    )


def epoch_ms(moment: datetime) -> int:
    """Return milliseconds since 1970 of an aware moment."""
    return int(moment.timestamp() * 1000)


def stale_epoch(mine: Head, found: Head | None) -> StaleEpoch:
    """Return the error that says who took the scope from us."""
    who = (
        f"{found.owner or 'nobody'} (epoch {found.epoch})" if found else "nobody: its head is gone"
    )
    return StaleEpoch(
        f"scope {mine.scope}: owned by {mine.owner} in epoch {mine.epoch} until another worker took it; now by {who}",
        fix="nothing was written after that; run again, with --wait to wait for the present owner",
    )


def _scope_busy(head: Head, now: datetime) -> ScopeBusy:
    until = datetime.fromtimestamp(head.lease_until / 1000, UTC)
    left_s = max(0, round((until - now).total_seconds()))
    return ScopeBusy(
        f"scope {head.scope}: owned by {head.owner} until {until:%Y-%m-%d %H:%M:%S} UTC ({left_s} s from now), longer if it renews",
        fix="--wait 5m waits for it; --take-over ends its ownership, and whatever it is doing stops",
    )
