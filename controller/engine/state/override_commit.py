"""Overrides come and go together with their records: one transaction with the head of the config scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.commit.transaction import records_of
from controller.engine.state.rows import OVERRIDE_PREFIX, Row, row_of_override
from controller.errors import Conflict, ScopeBusy, StaleEpoch
from controller.events import Emit, discard_event
from controller.model.ledger_record import ItemWrite
from controller.model.observed import CONFIG_SCOPE
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import UNKNOWN_AUTHORSHIP
from controller.targets.table_items.definitions import STATE_TABLE

MOST: Final = 40
"""Overrides of one transaction: far below DynamoDB's hundred writes."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An override that goes, and why."""

    override: Override
    why: str


def make_overrides(
    storage: Storage,
    overrides: Sequence[Override],
    request: ApplyRequest,
    claim: Claim,
    emit: Emit = discard_event,
) -> None:
    """Write new overrides, a transaction's worth at a time.

    Raises Conflict if one of that id is there, ScopeBusy, and as any write; those of earlier transactions are there then.
    """
    with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request, emit) as writer:
        for first in range(0, len(overrides), MOST):
            part = overrides[first : first + MOST]
            _record(
                writer, [_write(override, None, row_of_override(override)) for override in part]
            )


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
    """Take overrides away; return those that were there still. Raises ScopeBusy, and as any write.

    Those that end for one reason share a transaction; the reason is the trigger of their records.
    """
    gone: list[Ending] = []
    for why in dict.fromkeys(ending.why for ending in endings):
        actor = replace(request.actor, trigger=f"override ended: {why}")
        request = replace(request, actor=actor)
        alike = [ending for ending in endings if ending.why == why]
        for first in range(0, len(alike), MOST):
            part = alike[first : first + MOST]
            with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request, emit) as writer:
                gone += _end(writer, part)
    return tuple(gone)


def _end(writer: ScopeWriter, part: Sequence[Ending]) -> Sequence[Ending]:
    try:
        _record(writer, [_write(ending.override, _found(writer, ending), None) for ending in part])
    except Conflict:
        if len(part) == 1:
            return ()
        # Somebody else ended one of them meanwhile: each for itself.
        return [gone for ending in part for gone in _end(writer, [ending])]
    return part


def _found(writer: ScopeWriter, ending: Ending) -> Row:
    """Return the row as it is: a damaged one is recorded as it was found."""
    storage, key = writer.storage, {"Id": OVERRIDE_PREFIX + ending.override.id}
    found = storage.store.get(storage.physical(STATE_TABLE.name), key)
    return row_of_override(ending.override) if found is None else found


def _write(override: Override, before: Row | None, after: Row | None) -> ItemWrite:
    return ItemWrite(
        table=STATE_TABLE.name,
        key={"Id": OVERRIDE_PREFIX + override.id},
        before=before,
        after=after,
        ref=override.ref,
        cause=Cause.OVERRIDDEN.value,
        origin="",
        authorship=UNKNOWN_AUTHORSHIP,
    )


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
    if item.after is not None:
        return PutWrite(table, to_wire(item.after), "attribute_not_exists(Id)")
    return DeleteWrite(table, to_wire(item.key), "attribute_exists(Id)")
