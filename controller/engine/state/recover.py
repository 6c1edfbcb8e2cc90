"""A scope's own rows that were lost or damaged, made again from its chain: its head, and which records are open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.aws.items import WireItem, to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Claim, epoch_ms
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.commit.transaction import records_of
from controller.engine.state.open_records import (
    OPEN_PREFIX,
    open_records_of_row,
    row_of_open_records,
)
from controller.errors import Conflict, DamagedState, ScopeBusy
from controller.ledger.chain import ChainCheck, ChainEntry, FindingKind
from controller.ledger.heads import HEAD_PREFIX, row_of_head
from controller.ledger.verify import Chain
from controller.model.canonical import digest
from controller.model.ledger_record import Head, ItemWrite
from controller.model.plan import Cause
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.writes import as_found

Row = Mapping[str, Any]
_NO_VALUES: Final[WireItem] = {}


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was made again: the head as it was then, and the ids of open records; None for what was in order."""

    head: Head | None
    open_records: tuple[str, ...] | None
    transaction: str


def recover_scope(
    scope: str, chain_of: Chain, storage: Storage, request: ApplyRequest, claim: Claim
) -> Recovered | None:
    """Make those of a scope's rows again that are lost or damaged, and record that it was done; None if all are in order.

    The head's epoch is a moment, above any that was counted, so that no worker of before can write. Raises DamagedState if there
    are no records or their chain is not whole, ScopeBusy if somebody writes the scope, and as any read or write.
    """
    table = storage.physical(STATE_TABLE.name)
    head_row, open_row = (
        storage.store.get(table, {"Id": prefix + scope}) for prefix in (HEAD_PREFIX, OPEN_PREFIX)
    )
    is_head_lost, ids = _is_head_lost(storage, scope), _open_records(open_row)
    if not is_head_lost and ids is not None:
        return None
    led = _follow(scope, chain_of, storage)
    head, items, writes = None, [], []
    if is_head_lost:
        epoch = epoch_ms(storage.clock()) // 1000
        head = Head(scope, epoch, "", 0, led.last, led.last_hash, last_at=led.at)
        _put_head(storage, head, head_row)
        items.append(_write(head_row, row_of_head(head)))
    with ScopeWriter.take(scope, claim, storage, request) as writer:
        if writer.lease.head.sequence != led.last:
            raise ScopeBusy(
                f"scope {scope}: somebody wrote it while its records were read", fix="run it again"
            )
        is_open_lost = ids is None or set(ids) != set(led.open_records)
        if is_open_lost:
            row = row_of_open_records(scope, led.open_records)
            items.append(_write(open_row, row))
            writes.append(PutWrite(table, to_wire(row)))
        made = records_of(items, scope, storage, request, storage.clock(), phase="succeeded")
        # The same may be made again on another day.
        again = [
            replace(record, audit_id=digest(f"{record.audit_id} {request.transaction}".encode()))
            for record in made
        ]
        writer.append(again, writes)
    return Recovered(head, led.open_records if is_open_lost else None, request.transaction)


@dataclass(frozen=True, slots=True)
class _Led:
    """Where a chain leads: its last record, and those that announced something and have no end."""

    last: int
    last_hash: str
    at: str
    open_records: tuple[str, ...]


def _follow(scope: str, chain_of: Chain, storage: Storage) -> _Led:
    check, last_at = ChainCheck(scope, None, storage.blobs), ""
    opened: dict[str, None] = {}
    for page in chain_of.pages(scope, 0):
        check.add(page)
        for entry in page:
            last_at = max(last_at, _text(entry, "ISOTimestamp"))
            if _text(entry, "Phase") == "intended":
                opened[entry.audit_id] = None
            opened.pop(_text(entry, "Intended"), None)
    found = check.finish(None)
    wrong = [finding for finding in found.findings if finding.kind is not FindingKind.HEAD]
    if wrong or not found.last:
        what = wrong[0].what if wrong else "the ledger has no record of it"
        raise DamagedState(
            f"scope {scope}: its head cannot be made from its records: {what}",
            fix=wrong[0].fix
            if wrong
            else "check the scope's name: envctl audit verify lists the scopes that have records",
        )
    return _Led(found.last, found.last_hash, last_at, tuple(opened))


def _text(entry: ChainEntry, name: str) -> str:
    return str((entry.record or {}).get(name, {}).get("S", ""))


def _is_head_lost(storage: Storage, scope: str) -> bool:
    try:
        return storage.leases.read(scope) is None
    except DamagedState:
        return True


def _open_records(row: Row | None) -> tuple[str, ...] | None:
    """Return the ids a row holds, none where there is no row; None if it is damaged."""
    try:
        return () if row is None else open_records_of_row(row)
    except DamagedState:
        return None


def _put_head(storage: Storage, head: Head, damaged: Row | None) -> None:
    """Write a head where none is, or in place of a damaged one. Raises ScopeBusy if somebody else wrote it meanwhile."""
    condition, names, values = "attribute_not_exists(#id)", {"#id": "Id"}, _NO_VALUES
    if damaged is not None:
        condition, names, values = as_found(f"scope {head.scope}", damaged)
    table, row = storage.physical(STATE_TABLE.name), to_wire(row_of_head(head))
    try:
        storage.store.write(PutWrite(table, row, condition, names, values))
    except Conflict as error:
        raise ScopeBusy(
            f"scope {head.scope}: somebody wrote its head meanwhile", fix="run it again"
        ) from error


def _write(before: Row | None, after: Row) -> ItemWrite:
    row_id = str(after["Id"])
    return ItemWrite(
        table=STATE_TABLE.name,
        key={"Id": row_id},
        before=before,
        after=after,
        ref=ResourceRef("Row", row_id),
        cause=Cause.RESTORED.value,
        origin="",
        authorship=UNKNOWN_AUTHORSHIP,
    )
