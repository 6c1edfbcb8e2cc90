"""What somebody asked for by HTTP and that takes long: a row each, which whoever was asked writes, and the worker that does it."""

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.errors import Conflict
from controller.ledger.records import iso_ms

PREFIX: Final = "operation#"
BEGUN_WITHIN: Final = timedelta(hours=1)
"""What nobody has begun by then is not begun any more: who asked for it has gone on."""
KEPT: Final = timedelta(days=7)
"""So long it is told what came of one."""
MOST_BYTES: Final = 320 << 10
"""Of an answer, compressed: a row has room for so many."""


class Kind(StrEnum):
    """What is done."""

    SNAPSHOT = "snapshot"
    VERIFY = "verify"
    RESTORE = "restore"
    ROLLBACK = "rollback"


class State(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    EXPIRED = "expired"
    """Nobody began it in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``asked`` is plain JSON, as its kind takes it; ``answer`` plain JSON of what came of it, None until then. Moments are aware."""

    id: str
    kind: Kind
    asked: Mapping[str, Any]
    actor: str
    asked_at: datetime
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    answer: Mapping[str, Any] | None = None

    def state(self, now: datetime) -> State:
        """Return how far it has come."""
        if self.ended_at is not None:
            return State.DONE
        if self.begun_at is not None:
            return State.RUNNING
        return State.EXPIRED if now - self.asked_at > BEGUN_WITHIN else State.WAITING


@dataclass(frozen=True, slots=True)
class Operations:
    """Those of one installation, in its table of rows. Everything raises as any read or write."""

    store: ItemStore
    table: str

    def ask(self, operation: Operation) -> None:
        """Write one that is to be done; forget those of long ago."""
        for row in self.store.scan(self.table):
            asked_at = str(row.get("AskedAt", ""))
            is_ours = str(row["Id"]).startswith(PREFIX)
            # Moments in rows have one form, in which text sorts as time does.
            if is_ours and asked_at < iso_ms(operation.asked_at - KEPT):
                self.store.write(DeleteWrite(self.table, to_wire({"Id": row["Id"]})))
        self._write(operation)

    def find(self, operation_id: str) -> Operation | None:
        """Return one; None if there is none, or its row is damaged."""
        row = self.store.get(self.table, {"Id": PREFIX + operation_id})
        return None if row is None else operation_of_row(row)

    def begin(self, operation: Operation, now: datetime) -> Operation:
        """Write that it is being done."""
        begun = replace(operation, begun_at=now)
        self._write(begun)
        return begun

    def end(self, operation: Operation, answer: Mapping[str, Any], now: datetime) -> None:
        """Write what came of it; one that ended meanwhile stays as it is."""
        ended = replace(operation, answer=answer, ended_at=now)
        with suppress(Conflict):
            self._write(ended)

    def _write(self, operation: Operation) -> None:
        row = to_wire(row_of_operation(operation))
        self.store.write(PutWrite(self.table, row, "attribute_not_exists(EndedAt)"))


def fits(answer: Mapping[str, Any]) -> bool:
    """Tell whether an answer has room in a row."""
    return len(_packed(answer)) <= MOST_BYTES


def row_of_operation(operation: Operation) -> dict[str, Any]:
    """Return the row that holds it."""
    moments = {"BegunAt": operation.begun_at, "EndedAt": operation.ended_at}
    answer = {} if operation.answer is None else {"Answer": _packed(operation.answer)}
    return {
        "Id": PREFIX + operation.id,
        "Kind": operation.kind.value,
        "Asked": orjson.dumps(operation.asked).decode(),
        "Actor": operation.actor,
        "AskedAt": iso_ms(operation.asked_at),
        **{name: iso_ms(at) for name, at in moments.items() if at is not None},
        **answer,
    }


def operation_of_row(row: Mapping[str, Any]) -> Operation | None:
    """Read a row; None for one that is damaged."""
    try:
        moments = {name: row.get(name) for name in ("BegunAt", "EndedAt")}
        begun_at, ended_at = (
            None if text is None else datetime.fromisoformat(text) for text in moments.values()
        )
        packed = row.get("Answer")
        return Operation(
            id=str(row["Id"]).removeprefix(PREFIX),
            kind=Kind(row["Kind"]),
            asked=orjson.loads(row["Asked"]),
            actor=str(row["Actor"]),
            asked_at=datetime.fromisoformat(row["AskedAt"]),
            begun_at=begun_at,
            ended_at=ended_at,
            answer=None if packed is None else orjson.loads(zlib.decompress(packed)),
        )
    except (KeyError, TypeError, ValueError, zlib.error):
        return None


def _packed(answer: Mapping[str, Any]) -> bytes:
    return zlib.compress(orjson.dumps(answer))
