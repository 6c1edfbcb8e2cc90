"""Applying creates against a bare boto3 loop that sends the very same transactions: to the same server, with the same client settings.

Ours does all that an apply does: it signs items, builds and chains records, packs, sends, moves the head. Two bare loops do nothing but
send what ours sent: one is handed wire items, the other plain ones that it serialises with boto3's own serialiser. The creates are cut into slices
and the three take turns at each, so that a busy machine hits all alike; each has tables of its own, so that every create is one.

    python -m benchmarks.apply [--creates 10000] [--slices 10] [--check]

``--check`` exits 1 if there are more transactions than one per 49 item writes, or ours takes, in the median slice, more than 1.2 times the
bare loop with wire items.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
from boto3.dynamodb.types import TypeSerializer

from benchmarks.ministack import ministack
from controller.aws.clients import CLIENT_CONFIGS, Clients
from controller.aws.errors import Place
from controller.aws.items import from_wire
from controller.aws.table_setup import Patience, set_up_table
from controller.aws.tables import DynamoStore
from controller.aws.transactions import Cancelled, Committed, PutWrite, UpdateWrite, Write
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.config.apply import commit_changes
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.canonical import canonical_bytes, projection_digest
from controller.model.ledger_record import Actor
from controller.model.plan import Cause, Change, Status
from controller.model.ref import Authorship, Origin, ResourceRef
from controller.model.table import KeyAttribute, TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE

PLACE = Place("", "eu-west-1")
SERVICES = TableDefinition("InfraConfigServices", KeyAttribute("ServiceName"))
PER_TRANSACTION = 49
MOST_TIMES_BARE = 1.2


class Remembering(DynamoStore):
    """Keeps what was sent, so that the bare loops can send the same."""

    def __init__(self, client: Any) -> None:
        """Take the client."""
        super().__init__(client)
        self.sent: list[tuple[Write, ...]] = []

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """Send and remember."""
        self.sent.append(tuple(writes))
        return super().transact(writes, token)


def creates(count: int) -> tuple[Change, ...]:
    """Return the changes a plan of so many new services holds."""
    changes = []
    for number in range(count):
        name = f"Service{number:05}"
        item = {
            "ServiceName": name,
            "OwningCluster": "Tango",
            "Value": {
                "SchemaVersion": 1,
                "BluePort": 40000 + number % 500 * 2,
                "GreenPort": 40001 + number % 500 * 2,
                "Description": "Finds what people look for, and what they did not know they would",
                "PrimaryContact": "search@example.com",
                "Tags": [{"Key": "tier", "Value": "1"}, {"Key": "language", "Value": "scala"}],
            },
        }
        attributes = canonical_bytes({SERVICES.name: item})
        extra = canonical_bytes({"metadata": {"labels": {"tier": "1"}}, "shape": 1})
        changes.append(
            Change(
                action="create",
                target="tables",
                ref=ResourceRef("Service", name),
                cause=Cause.EDITED,
                fields=(),
                before=None,
                after=attributes,
                extra=extra,
                digest=projection_digest(attributes, extra),
                base=b"null",
                origin=Origin(f"fleet/services/{name}.yaml", 1),
                authorship=Authorship("9f1e0aa", "ada@example.com"),
            )
        )
    return tuple(changes)


def set_up(client: Any, prefix: str) -> None:
    """Make the three tables an apply writes to."""
    for table in (SERVICES, LEDGER_TABLE, STATE_TABLE):
        set_up_table(client, table.prefixed(prefix), patience=Patience(tries=50, interval_s=0.05))


def storage_of(client: Any, prefix: str) -> Storage:
    """Return what the engine writes with."""
    return Storage(
        store=Remembering(client),
        installation="0123456789abcdef0123456789abcdef",
        prefix=prefix,
        tables={SERVICES.name: SERVICES},
        table_arn=lambda name: f"arn:aws:dynamodb:eu-west-1:000000000000:table/{prefix}{name}",
        clock=lambda: datetime.now(UTC),
        sleep=time.sleep,
    )


def ready(client: Any) -> ScopeWriter:
    """Return the owner of the config scope of an empty installation."""
    prefix = f"{uuid4().hex[:8]}-"
    set_up(client, prefix)
    request = ApplyRequest(
        actor=Actor("ada@example.com", "9f1e0aa", "ada", "cli"),
        transaction=uuid4().hex,
        revision="9f1e0aa",
        plan_digest="7c41e9",
    )
    claim = Claim("benchmark", lease_s=3600)
    return ScopeWriter.take("config", claim, storage_of(client, prefix), request)


def apply_ours(changes: tuple[Change, ...], writer: ScopeWriter) -> tuple[float, float]:
    """Apply; return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = commit_changes(changes, writer)
    times = time.perf_counter() - wall, time.process_time() - cpu
    assert {outcome.status for outcome in result.outcomes} == {Status.APPLIED}
    return times


def send_bare(
    client: Any,
    sent: list[tuple[Write, ...]],
    old: str,
    new: str,
    serialise: Callable[[Any], Any] | None = None,
) -> tuple[float, float]:
    """Send the same, to other tables, from a loop; return wall and CPU seconds. With ``serialise`` items are plain until then."""
    batches = [
        [_request(write, old, new, plain=serialise is not None) for write in one] for one in sent
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        if serialise is not None:
            for entry in batch:
                if "Put" in entry:
                    entry["Put"]["Item"] = serialise(entry["Put"]["Item"])
        client.transact_write_items(TransactItems=batch, ClientRequestToken=uuid4().hex)
    return time.perf_counter() - wall, time.process_time() - cpu


def _request(write: Write, old: str, prefix: str, *, plain: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "TableName": prefix + write.table.removeprefix(old),
        "ConditionExpression": write.condition,
    }
    if write.names:
        body["ExpressionAttributeNames"] = dict(write.names)
    if write.values:
        body["ExpressionAttributeValues"] = write.values
    if write.show_found:
        body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if isinstance(write, PutWrite):
        return {"Put": {**body, "Item": from_wire(write.wire) if plain else write.wire}}
    assert isinstance(write, UpdateWrite)
    return {"Update": {**body, "Key": write.wire, "UpdateExpression": write.update}}


def boto3_serialise(item: dict[str, Any]) -> dict[str, Any]:
    """Turn a plain item into a wire item as boto3 does."""
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in item.items()}


def run(changes: tuple[Change, ...], slices: int) -> tuple[int, list[float], list[float]]:
    """Let the three take turns; return transactions sent, and ours against each bare loop, slice by slice."""
    bare = boto3.client("dynamodb", region_name=PLACE.region, config=CLIENT_CONFIGS["dynamodb"])
    clients = Clients()
    client = clients.client(PLACE, "dynamodb")
    ours, wire, plain = ready(client), ready(client), ready(client)
    store = ours.storage.store
    assert isinstance(store, Remembering)
    against_wire: list[float] = []
    against_plain: list[float] = []
    transactions = 0
    per_slice = -(-len(changes) // slices // PER_TRANSACTION) * PER_TRANSACTION
    for start in range(0, len(changes), per_slice):
        store.sent.clear()
        wall, cpu = apply_ours(changes[start : start + per_slice], ours)
        sent = store.sent
        floor, floor_cpu = send_bare(bare, sent, ours.storage.prefix, wire.storage.prefix)
        usual, _ = send_bare(bare, sent, ours.storage.prefix, plain.storage.prefix, boto3_serialise)
        transactions += len(sent)
        against_wire.append(wall / floor)
        against_plain.append(wall / usual)
        print(
            f"{len(sent)} transactions: ours {wall:.2f} s ({cpu:.2f} s CPU), bare with wire items {floor:.2f} s"
            f" ({floor_cpu:.2f} s CPU), bare with boto3's serialiser {usual:.2f} s",
            flush=True,
        )
    return transactions, against_wire, against_plain


def main() -> None:
    """Print transactions and ratios: the median of the slices."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--creates", type=int, default=10_000)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with ministack() as address:
        os.environ.update(
            AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test"
        )
        transactions, wired, plain = run(creates(options.creates), options.slices)
    most = -(-options.creates // PER_TRANSACTION)
    ratio = statistics.median(wired)
    print(f"{options.creates} creates in {transactions} transactions (at most {most})")
    print(
        f"wall time against the bare loop with wire items: {ratio:.2f} (at most {MOST_TIMES_BARE})"
    )
    print(
        f"wall time against the bare loop with boto3's serialiser: {statistics.median(plain):.2f}"
    )
    if options.check and (transactions > most or ratio > MOST_TIMES_BARE):
        sys.exit(1)


if __name__ == "__main__":
    main()
