"""Overrides come and go together with their records: one transaction with the head of the config scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from controller.aws.items import to_wire
from controller.aws.transactions import Cancelled, DeleteWrite, PutWrite
from controller.engine.commit.lease import Claim, epoch_ms
from controller.engine.commit.send import Sender, head_has_moved
from controller.engine.commit.transaction import ApplyContext, Transaction, head_update, record_puts
from controller.engine.installation.installation import Installation
from controller.engine.state.override_rows import PREFIX, row_of_override
from controller.errors import Conflict, EnvctlError, ScopeBusy
from controller.ledger.records import build_records
from controller.model.head import Head
from controller.model.item_write import ItemWrite
from controller.model.ledger_record import Actor
from controller.model.observed import CONFIG_SCOPE
from controller.model.origin import UNKNOWN_AUTHORSHIP
from controller.model.override import Override
from controller.model.plan import Cause
from controller.targets.table_items.definitions import STATE_TABLE

MOST: Final = 40
"""Overrides of one transaction: far below DynamoDB's hundred writes."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An override that goes, and why."""

    override: Override
    why: str


def make_overrides(
    installation: Installation, overrides: Sequence[Override], claim: Claim, transaction: str
) -> None:
    """Write new overrides. Raises Conflict if one of that id is there, ScopeBusy, and as any write."""
    writes = [_write(override, comes=True) for override in overrides]
    _record(installation, writes, "override", claim, transaction)


def end_overrides(
    installation: Installation, endings: Sequence[Ending], claim: Claim, transaction: str
) -> tuple[Ending, ...]:
    """Take overrides away; return those that were there still. Raises ScopeBusy, and as any write.

    Those that end for one reason share a transaction; the reason is the trigger of their records.
    """
    gone: list[Ending] = []
    for why in dict.fromkeys(ending.why for ending in endings):
        alike = [ending for ending in endings if ending.why == why]
        for first in range(0, len(alike), MOST):
            part = alike[first : first + MOST]
            gone += _end(installation, part, why, claim, transaction)
    return tuple(gone)


def _end(
    installation: Installation, part: Sequence[Ending], why: str, claim: Claim, transaction: str
) -> Sequence[Ending]:
    try:
        writes = [_write(one.override, comes=False) for one in part]
        _record(installation, writes, f"override ended: {why}", claim, transaction)
    except Conflict:
        if len(part) == 1:
            return ()
        # Somebody else ended one of them meanwhile: each for itself.
        return [one for each in part for one in _end(installation, [each], why, claim, transaction)]
    return part


def _write(override: Override, *, comes: bool) -> ItemWrite:
    row = row_of_override(override)
    return ItemWrite(
        table=STATE_TABLE.name,
        key={"Id": PREFIX + override.id},
        before=None if comes else row,
        after=row if comes else None,
        ref=override.ref,
        cause=Cause.OVERRIDDEN.value,
        origin="",
        authorship=UNKNOWN_AUTHORSHIP,
    )


def _record(
    installation: Installation,
    writes: Sequence[ItemWrite],
    trigger: str,
    claim: Claim,
    transaction: str,
) -> None:
    user = installation.master.process.user
    context = installation.context(
        Actor(user, "", user, trigger), transaction, revision="", plan_digest=""
    )
    head = installation.leases.take(CONFIG_SCOPE, claim)
    try:
        made = _transaction(writes, head, context)
        answer = Sender(context).send(made)
        if isinstance(answer, Cancelled):
            raise _refusal(answer)
        head = made.head
    finally:
        installation.leases.release(head)


def _transaction(writes: Sequence[ItemWrite], head: Head, context: ApplyContext) -> Transaction:
    at = context.clock()
    records = build_records(
        writes,
        head=head,
        actor=context.actor,
        plan_digest="",
        transaction_id=context.transaction_id,
        at=at,
        table_name=context.physical,
        table_arn=context.table_arn,
    )
    after = replace(
        head,
        sequence=records[-1].sequence,
        last_hash=records[-1].hash,
        lease_until=epoch_ms(at + timedelta(seconds=context.lease_s)),
    )
    table = context.physical(STATE_TABLE.name)
    return Transaction(
        entries=(),
        records=records,
        writes=(
            *(_guarded(write, table) for write in writes),
            *record_puts(records, context),
            head_update(head, after, table),
        ),
        head=after,
        token=context.new_token(),
        owners=(),
    )


def _guarded(write: ItemWrite, table: str) -> PutWrite | DeleteWrite:
    if write.after is not None:
        return PutWrite(table, to_wire(write.after), "attribute_not_exists(Id)")
    return DeleteWrite(table, to_wire(write.key), "attribute_exists(Id)")


def _refusal(answer: Cancelled) -> EnvctlError:
    if head_has_moved(answer):
        return ScopeBusy(
            "scope config: another worker took it while the override was written; nothing was written",
            fix="run again",
        )
    return Conflict(
        "an override was made or released by somebody else meanwhile",
        fix="envctl override list shows what there is",
    )
