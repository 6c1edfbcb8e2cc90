"""Overrides come and go together with their records: one transaction with the head of the config scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final, NamedTuple

from controller.aws.items import item_bytes, to_wire
from controller.aws.transactions import DeleteWrite, PutWrite, in_parts
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.commit.transaction import records_of
from controller.engine.state.override_rows import (
    Row,
    overrides_of_row,
    row_id,
    row_of_override,
    rows_of_overrides,
)
from controller.errors import Conflict, ScopeBusy, StaleEpoch
from controller.events import Emit, discard_event
from controller.model.ledger_record import ItemWrite
from controller.model.observed import CONFIG_SCOPE
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.targets.table_items.definitions import STATE_TABLE

MOST: Final = 40
"""Rows of one transaction: far below DynamoDB's hundred writes."""
MOST_BYTES: Final = 3 * 1024 * 1024
"""What rows of one transaction and their records take together: DynamoDB takes 4 MB."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An override that goes, or a part of one, and why."""

    override: Override
    why: str


class _RowWrite(NamedTuple):
    """A row that is written, what it takes of a transaction with its record, and which overrides, or parts, it ends."""

    item: ItemWrite
    bytes: int
    ids: tuple[str, ...]


def make_overrides(
    storage: Storage,
    overrides: Sequence[Override],
    request: ApplyRequest,
    claim: Claim,
    emit: Emit = discard_event,
) -> None:
    """Write new overrides, and new parts, a transaction's worth at a time.

    Raises Conflict if one of that id is there, ScopeBusy, and as any write; those of earlier transactions are there then.
    """
    with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request, emit) as writer:
        rows = [_made(writer, alike) for alike in _by_row(overrides)]
        for batch in in_parts(rows, attrgetter("bytes"), MOST, MOST_BYTES):
            _record(writer, [row.item for row in batch])


def record_row(
    storage: Storage,
    item: ItemWrite,
    request: ApplyRequest,
    claim: Claim,
    emit: Emit = discard_event,
) -> None:
    """Write a new row of EnvctlState with its record. Raises Conflict if it is there, ScopeBusy, and as any write."""
    with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request, emit) as writer:
        _record(writer, [item])


def end_overrides(
    storage: Storage,
    endings: Sequence[Ending],
    request: ApplyRequest,
    claim: Claim,
    emit: Emit = discard_event,
) -> tuple[Ending, ...]:
    """Take overrides, and parts of overrides, away; return those that were there still. Raises ScopeBusy, and as any write.

    Those that end for one reason, and the parts of one override, share a transaction; the reason is the trigger of their records.
    """
    together: dict[str, list[Ending]] = {}
    for ending in endings:
        made = ending.override
        together.setdefault(made.whole_id if made.is_part else ending.why, []).append(ending)
    gone: list[Ending] = []
    for alike in together.values():
        actor = replace(
            request.actor, trigger=f"override ended: {why_of(ending.why for ending in alike)}"
        )
        request = replace(request, actor=actor)
        with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request, emit) as writer:
            gone += _end(writer, alike)
    return tuple(gone)


def why_of(whys: Iterable[str]) -> str:
    """Say why the parts of an override end: the first reason, and how many others there are."""
    first, *others = dict.fromkeys(whys)
    return f"{first}; {len(others)} more alike" if others else first


def _by_row(overrides: Iterable[Override]) -> Iterable[list[Override]]:
    rows: dict[str, list[Override]] = {}
    for override in overrides:
        rows.setdefault(row_id(override.id), []).append(override)
    return rows.values()


def _made(writer: ScopeWriter, alike: Sequence[Override]) -> _RowWrite:
    """Return the write of a new row, or of new parts beside those that a row holds."""
    before = _found(writer, alike[0]) if alike[0].is_part else None
    known = overrides_of_row(before) if before is not None else ()
    (after,) = rows_of_overrides({made.id: made for made in (*known, *alike)}.values())
    return _write(alike[0], before, after)


def _end(writer: ScopeWriter, endings: Sequence[Ending]) -> list[Ending]:
    """Take away what ends, a transaction's worth of rows at a time; return what was there still."""
    ends = {ending.override.id: ending for ending in endings}
    rows = [_ended(writer, alike) for alike in _by_row(ending.override for ending in endings)]
    gone: list[Ending] = []
    known = (row for row in rows if row is not None)
    for batch in in_parts(known, attrgetter("bytes"), MOST, MOST_BYTES):
        try:
            _record(writer, [row.item for row in batch])
        except Conflict:
            # Somebody else took one of the rows away meanwhile: each for itself.
            for row in batch if len(batch) > 1 else ():
                gone += _end(writer, [ends[id_] for id_ in row.ids])
        else:
            gone += [ends[id_] for row in batch for id_ in row.ids]
    return gone


def _ended(writer: ScopeWriter, alike: Sequence[Override]) -> _RowWrite | None:
    """Return the write of a row without what ends of it; None where it holds nothing of that any more."""
    first, before = alike[0], _found(writer, alike[0])
    if not first.is_part:
        # A damaged one is recorded as it was found.
        return _write(
            first, row_of_override(first) if before is None else before, None, (first.id,)
        )
    known = overrides_of_row(before) if before is not None else ()
    ids = {made.id for made in alike} & {made.id for made in known}
    if not ids:
        return None
    left = rows_of_overrides(made for made in known if made.id not in ids)
    return _write(first, before, left[0] if left else None, tuple(sorted(ids)))


def _found(writer: ScopeWriter, override: Override) -> Row | None:
    storage = writer.storage
    return storage.store.get(storage.physical(STATE_TABLE.name), {"Id": row_id(override.id)})


def _write(
    override: Override, before: Row | None, after: Row | None, ids: tuple[str, ...] = ()
) -> _RowWrite:
    ref = override.ref
    if override.is_part:
        ref = ResourceRef("Override", override.whole_id)
    item = ItemWrite(
        table=STATE_TABLE.name,
        key={"Id": row_id(override.id)},
        before=before,
        after=after,
        ref=ref,
        cause=Cause.OVERRIDDEN.value,
        # What it is of, so that lists of changes find it by that.
        origin=str(ref),
        authorship=UNKNOWN_AUTHORSHIP,
    )
    before_bytes, after_bytes = (
        0 if row is None else item_bytes(to_wire(row)) for row in (before, after)
    )
    return _RowWrite(item, before_bytes + 2 * after_bytes, ids)


def _record(writer: ScopeWriter, items: Sequence[ItemWrite]) -> None:
    storage = writer.storage
    table = storage.physical(STATE_TABLE.name)
    try:
        writer.append(
            records_of(items, CONFIG_SCOPE, storage, writer.request, storage.clock()),
            [_guarded(item, table) for item in items],
        )
    except StaleEpoch as error:
        raise ScopeBusy(
            "scope config: another worker took it while the override was written; nothing was written",
            fix="run again",
        ) from error
    except Conflict as error:
        raise Conflict(
            "an override was made or released by somebody else meanwhile",
            fix="envctl override list shows what there is",
        ) from error


def _guarded(item: ItemWrite, table: str) -> PutWrite | DeleteWrite:
    there = "attribute_not_exists(Id)" if item.before is None else "attribute_exists(Id)"
    if item.after is not None:
        return PutWrite(table, to_wire(item.after), there)
    return DeleteWrite(table, to_wire(item.key), there)
