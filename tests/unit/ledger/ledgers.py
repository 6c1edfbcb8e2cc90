"""Small ledgers to ask and to damage."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from controller.aws.items import WireItem, wire_json
from controller.ledger.chain import ChainEntry
from controller.ledger.records import build_records, chained, record_wire
from controller.model.ledger_record import Actor, Head, ItemWrite, LedgerRecord, Phase
from controller.model.ref import Authorship, ResourceRef

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SCOPE = "config"
PREFIX = "t-"
EMPTY = Head(SCOPE, 1, "worker", 0, 0, "")
ACTOR = Actor("ada@example.com", "9f1e0aa41c2d", "envctl", "cli")
TABLE = "InfraConfigServices"

Image = Mapping[str, Any] | None


def image(name: str, version: int, user: str = "envctl", **value: Any) -> dict[str, Any]:
    """Return a full image of a Service."""
    return {
        "ServiceName": name,
        "Value": {"SchemaVersion": 1, **value},
        "Audit": {"TransactionID": f"run-{version}", "User": user, "Version": version},
        "Managed": {"By": "inst-1", "Extra": {"metadata": {"labels": {"v": str(version)}}}},
    }


def write(name: str, before: Image, after: Image, table: str = TABLE, **other: Any) -> ItemWrite:
    """Return the write of a Service."""
    known: dict[str, Any] = {
        "key": {"ServiceName": name},
        "ref": ResourceRef("Service", name),
        "cause": "edited",
        "origin": f"fleet/{name}.yaml:3",
        "authorship": Authorship(),
        **other,
    }
    return ItemWrite(table, before=before, after=after, **known)


def records_of(
    transactions: Iterable[Sequence[ItemWrite]], head: Head = EMPTY, phase: Phase = "done"
) -> list[LedgerRecord]:
    """Return the records of transactions, a minute apart, chained."""
    records: list[LedgerRecord] = []
    for number, writes in enumerate(transactions, start=1):
        unchained = build_records(
            writes,
            scope=head.scope,
            actor_of=lambda _: ACTOR,
            plan_digest="7c41e9",
            transaction_id=f"run-{number}",
            at=START + timedelta(minutes=number),
            table_name=lambda table: PREFIX + table,
            table_arn=lambda table: (
                f"arn:aws:dynamodb:eu-west-1:000000000000:table/{PREFIX}{table}"
            ),
            phase=phase,
        )
        made = [record for record, _ in chained(unchained, head)]
        records += made
        head = replace(head, sequence=made[-1].sequence, last_hash=made[-1].hash)
    return records


def head_of(records: Sequence[LedgerRecord]) -> Head:
    """Return the head that a scope with these records has."""
    if not records:
        return EMPTY
    return replace(EMPTY, sequence=records[-1].sequence, last_hash=records[-1].hash)


def services(count: int) -> list[LedgerRecord]:
    """Return a ledger in which services are made, two a transaction, and every third is changed."""
    made = [[write(f"s{n}", None, image(f"s{n}", 1, BluePort=n))] for n in range(count)]
    changed = [
        [
            write(
                f"s{n}",
                image(f"s{n}", 1, BluePort=n),
                image(f"s{n}", 2, BluePort=n, Tags={"a", "b"}),
            )
        ]
        for n in range(0, count, 3)
    ]
    return records_of([*made, *changed])


def answered(wire: Mapping[str, Any]) -> WireItem:
    """Return a wire item as it stands in an answer: parsed JSON, keys in another order."""
    parsed: WireItem = orjson.loads(wire_json(wire))
    return dict(reversed(parsed.items()))


def entries(records: Iterable[LedgerRecord]) -> list[ChainEntry]:
    """Return records as verification reads them."""
    return [ChainEntry(one.sequence, one.audit_id, answered(record_wire(one))) for one in records]


def paged(found: Sequence[ChainEntry], size: int) -> list[list[ChainEntry]]:
    """Cut entries into pages."""
    return [deepcopy(list(found[at : at + size])) for at in range(0, len(found), size)]


class BlobsInMemory:
    """A store that keeps what it is given."""

    def __init__(self) -> None:
        """Begin empty."""
        self.kept: dict[str, bytes] = {}

    def put(self, key: str, content: bytes) -> None:
        """Keep it."""
        self.kept[key] = content

    def get(self, key: str) -> bytes | None:
        """Give it back."""
        return self.kept.get(key)
