"""Who may write a scope: ownership by lease, counted in epochs, kept in the scope's head row.

A lease only says how long others wait before they take over; what keeps a slow worker from writing is the epoch, on
which every write of the scope is conditional.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite, UpdateWrite
from controller.errors import Conflict, EnvctlError, ScopeBusy, ScopeFromTheFuture, StaleEpoch
from controller.model.head import LEDGER_FORMAT, Head
from controller.targets.table_items.store import ItemStore

HEAD_PREFIX = "head#"
LEASE_S = 60.0
LOOK_AGAIN_S = 2.0
_NAMES = {"#epoch": "Epoch", "#owner": "Owner", "#lease": "LeaseUntil"}


@dataclass(frozen=True, slots=True)
class Claim:
    """How ownership is asked for. ``wait_s`` is how long to wait for the present owner; ``take_over`` does not ask it."""

    owner: str
    lease_s: float = LEASE_S
    wait_s: float = 0.0
    take_over: bool = False


class Leases:
    """Takes, renews and gives back scopes. ``table`` is the physical name of EnvctlState; ``clock`` gives aware time."""

    def __init__(
        self,
        store: ItemStore,
        table: str,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        """Take the master account's items, and the clock and sleep of the process."""
        self._store = store
        self._table = table
        self._clock = clock
        self._sleep = sleep

    def read(self, scope: str) -> Head | None:
        """Return the head of a scope as it is now; None if the scope has none yet.

        Raises ScopeFromTheFuture if a newer controller wrote it, and as any read.
        """
        row = self._store.get(self._table, {"Id": head_id(scope)})
        return None if row is None else head_of_row(scope, row)

    def ensure(self, scope: str) -> bool:
        """Create the head of a scope, owned by nobody, unless it is there; tell whether it was created."""
        row = row_of_head(Head(scope, 0, "", 0, 0, ""))
        try:
            self._store.write(PutWrite(self._table, to_wire(row), "attribute_not_exists(Id)"))
        except Conflict:
            return False
        return True

    def take(self, scope: str, claim: Claim) -> Head:
        """Become the owner of a scope, in a new epoch; whoever owned it before can write no more.

        A scope is free if nobody owns it, if its lease has ended, or if it is ours already; else this waits
        ``wait_s``. Raises ScopeBusy after that, ScopeFromTheFuture, and as any write.
        """
        deadline = self._clock() + timedelta(seconds=claim.wait_s)
        while True:
            head = self.read(scope)
            if head is None:
                self.ensure(scope)
                continue
            now = self._clock()
            free = not head.owner or head.owner == claim.owner or head.lease_until <= epoch_ms(now)
            if free or claim.take_over:
                taken = self._seize(head, claim, now)
                if taken is not None:
                    return taken
            elif now >= deadline:
                raise _busy(head, now)
            else:
                left_s = (deadline - now).total_seconds()
                self._sleep(min(LOOK_AGAIN_S, left_s))

    def renew(self, head: Head, lease_s: float = LEASE_S) -> Head:
        """Prolong our lease. Raises StaleEpoch if another worker has taken the scope."""
        until = epoch_ms(self._clock() + timedelta(seconds=lease_s))
        if self._update(head, "SET #lease = :until", {":until": until}) is None:
            raise stale(head, self.read(head.scope))
        return replace(head, lease_until=until)

    def release(self, head: Head) -> None:
        """Give the scope back, so that the next worker need not wait; nothing happens if it is not ours any more."""
        self._update(head, "SET #lease = :now, #owner = :nobody", {":now": 0, ":nobody": ""})

    def _seize(self, head: Head, claim: Claim, now: datetime) -> Head | None:
        taken = replace(
            head,
            epoch=head.epoch + 1,
            owner=claim.owner,
            lease_until=epoch_ms(now + timedelta(seconds=claim.lease_s)),
        )
        change = "SET #epoch = :next, #owner = :me, #lease = :until"
        values = {":next": taken.epoch, ":me": taken.owner, ":until": taken.lease_until}
        row = self._update(head, change, values)
        return None if row is None else head_of_row(head.scope, row)

    def _update(self, head: Head, change: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """Change the row if epoch and owner are still these; return it as it is then, None if they are not."""
        write = UpdateWrite(
            self._table,
            {"Id": {"S": head_id(head.scope)}},
            change,
            condition="#epoch = :epoch AND #owner = :owner",
            names=_NAMES,
            values=to_wire({**values, ":epoch": head.epoch, ":owner": head.owner}),
        )
        try:
            return self._store.write(write)
        except Conflict:
            return None


def head_id(scope: str) -> str:
    """Return the key of a scope's head in EnvctlState."""
    return HEAD_PREFIX + scope


def row_of_head(head: Head) -> dict[str, Any]:
    """Return a head as the row that holds it."""
    return {
        "Id": head_id(head.scope),
        "Epoch": head.epoch,
        "Owner": head.owner,
        "LeaseUntil": head.lease_until,
        "Sequence": head.sequence,
        "LastHash": head.last_hash,
        "Format": head.format,
    }


def head_of_row(scope: str, row: dict[str, Any]) -> Head:
    """Read a head row.

    Raises ScopeFromTheFuture if its format is newer than ours, EnvctlError if it is not a head.
    """
    try:
        head = Head(
            scope,
            int(row["Epoch"]),
            str(row["Owner"]),
            int(row["LeaseUntil"]),
            int(row["Sequence"]),
            str(row["LastHash"]),
            int(row["Format"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EnvctlError(
            f"scope {scope}: row {head_id(scope)} of EnvctlState is damaged ({error!r})",
            fix="envctl audit verify shows where the ledger stands; restore the row from it",
        ) from error
    if head.format > LEDGER_FORMAT:
        raise ScopeFromTheFuture(
            f"scope {scope}: its ledger has format {head.format}, this controller knows up to {LEDGER_FORMAT}",
            fix="run a controller at least as new as the one that wrote it last",
        )
    return head


def epoch_ms(moment: datetime) -> int:
    """Return milliseconds since 1970 of an aware moment."""
    return int(moment.timestamp() * 1000)


def stale(mine: Head, found: Head | None) -> StaleEpoch:
    """Return the error that says who took the scope from us."""
    who = (
        f"{found.owner or 'nobody'} (epoch {found.epoch})" if found else "nobody: its head is gone"
    )
    return StaleEpoch(
        f"scope {mine.scope}: owned by {mine.owner} in epoch {mine.epoch} until another worker took it; now by {who}",
        fix="nothing was written after that; run again, with --wait to wait for the present owner",
    )


def _busy(head: Head, now: datetime) -> ScopeBusy:
    until = datetime.fromtimestamp(head.lease_until / 1000, UTC)
    left_s = max(0, round((until - now).total_seconds()))
    return ScopeBusy(
        f"scope {head.scope}: owned by {head.owner} until {until:%Y-%m-%d %H:%M:%S} UTC ({left_s} s from now), longer if it renews",
        fix="--wait 5m waits for it; --take-over ends its ownership, and whatever it is doing stops",
    )
