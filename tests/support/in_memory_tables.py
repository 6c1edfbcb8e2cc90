"""An ItemStore in memory, with DynamoDB's rules as far as the engine leans on them.

Conditions are those the engine writes: ``attribute_not_exists(path)``, ``attribute_exists(path)``, ``path = :value`` and
``(attribute_not_exists(path) OR path <= :value)``, joined by AND; updates are ``SET path = :value, …``. A transaction is all or nothing, has a reason for each write when cancelled, and repeats harmlessly by its token.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import orjson

from controller.aws.errors import TableMissing
from controller.aws.items import Item, from_wire, from_wire_value
from controller.aws.tables import ItemStore
from controller.aws.transactions import (
    Cancelled,
    Committed,
    DeleteWrite,
    PutWrite,
    Reason,
    UpdateWrite,
    Write,
)
from controller.errors import Conflict, RefusedByAws
from controller.model.table import TableDefinition

_ABSENT = object()
_TERM = re.compile(
    r"attribute_not_exists\((?P<absent>\S+)\)|attribute_exists\((?P<present>\S+)\)|(?P<path>\S+) = (?P<value>:\w+)"
)
_AT_MOST = re.compile(r"\(attribute_not_exists\((?P<path>\S+)\) OR (?P=path) <= (?P<value>:\w+)\)")

Hook = Callable[[Sequence[Write], str], None]


class TablesInHand(ItemStore, Protocol):
    """An ItemStore whose items a test may place and take, and whose transactions it may disturb."""

    definitions: dict[str, TableDefinition]
    before: Hook
    after: Hook
    transactions: list[tuple[Write, ...]]

    def put(self, table: str, item: Mapping[str, Any]) -> None:
        """Place an item, as somebody else would."""

    def drop(self, table: str, key: Mapping[str, Any]) -> None:
        """Take an item away, as somebody else would."""

    def drop_table(self, table: str) -> None:
        """Delete a table, as nobody should."""

    def items(self, table: str) -> list[Item]:
        """Return copies of a table's items, by key."""

    def forget_tokens(self) -> None:
        """Act as ten minutes later, or as an emulator that never knew of tokens."""


class InMemoryTables:
    """Tables by physical name. ``before`` and ``after`` are called around each transaction and may raise: a fault there."""

    def __init__(self, definitions: Iterable[TableDefinition]) -> None:
        """Begin with empty tables; definitions carry physical names."""
        self.definitions = {one.name: one for one in definitions}
        self.tables: dict[str, dict[bytes, Item]] = {name: {} for name in self.definitions}
        self.transactions: list[tuple[Write, ...]] = []
        """Those committed, in order."""
        self.before: Hook = lambda _writes, _token: None
        self.after: Hook = lambda _writes, _token: None
        self._tokens: set[str] = set()

    def put(self, table: str, item: Mapping[str, Any]) -> None:
        """Place an item, as somebody else would."""
        self.tables[table][self._place(table, item)] = _copy(dict(item))

    def drop(self, table: str, key: Mapping[str, Any]) -> None:
        """Take an item away, as somebody else would."""
        del self.tables[table][self._place(table, key)]

    def drop_table(self, table: str) -> None:
        """Delete a table, as nobody should."""
        del self.tables[table]

    def items(self, table: str) -> list[Item]:
        """Return copies of a table's items, by key."""
        rows = self._rows(table)
        return [_copy(rows[place]) for place in sorted(rows)]

    def scan(self, table: str, segments: int = 1) -> Iterable[Item]:
        """Yield copies of every item."""
        return iter(self.items(table))

    def get(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """Return a copy of one item."""
        found = self._rows(table).get(self._place(table, key))
        return None if found is None else _copy(found)

    def batch_get(self, table: str, keys: Iterable[Mapping[str, Any]]) -> Iterable[Item]:
        """Yield copies of the items that there are."""
        found = (self.get(table, key) for key in keys)
        return [item for item in found if item is not None]

    def has_any(self, table: str, index: str, attribute: str, value: str) -> bool:
        """Tell whether an item has this value."""
        return any(item.get(attribute) == value for item in self.items(table))

    def write(self, write: PutWrite | DeleteWrite | UpdateWrite) -> Item | None:
        """Do one write."""
        found = self._found(write)
        before = None if found is None else _copy(found)
        if not _holds(write, before):
            raise Conflict("tables: changed by somebody else since it was read")
        after = self._apply(write)
        return after if isinstance(write, UpdateWrite) else before

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """Write all or nothing."""
        self.before(writes, token)
        answer = self._transact(writes, token)
        self.after(writes, token)
        return answer

    def forget_tokens(self) -> None:
        """Act as ten minutes later, or as an emulator that never knew of tokens."""
        self._tokens.clear()

    def _transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        if token in self._tokens:
            return Committed()
        if len({(write.table, self._place(write.table, _key(write))) for write in writes}) < len(
            writes
        ):
            raise RefusedByAws("tables: two writes of one item", "ValidationException")
        reasons = []
        for write in writes:
            found = self._found(write)
            reasons.append(None if _holds(write, found) else _failed(write, found))
        if any(reasons):
            return Cancelled(tuple(reasons))
        for write in writes:
            self._apply(write)
        self._tokens.add(token)
        self.transactions.append(tuple(writes))
        return Committed()

    def _apply(self, write: PutWrite | DeleteWrite | UpdateWrite) -> Item | None:
        place = self._place(write.table, _key(write))
        rows = self._rows(write.table)
        match write:
            case PutWrite():
                rows[place] = from_wire(write.wire)
            case DeleteWrite():
                rows.pop(place, None)
            case UpdateWrite():
                row = rows.setdefault(place, from_wire(write.wire))
                for part in write.update.removeprefix("SET ").split(", "):
                    path, value = part.split(" = ")
                    row[write.names.get(path, path)] = from_wire_value(write.values[value])
        found = rows.get(place)
        return None if found is None else _copy(found)

    def _found(self, write: Write) -> Item | None:
        return self._rows(write.table).get(self._place(write.table, _key(write)))

    def _rows(self, table: str) -> dict[bytes, Item]:
        if table not in self.tables:
            raise TableMissing(
                f"tables: table {table} does not exist\n  fix: envctl bootstrap creates it"
            )
        return self.tables[table]

    def _place(self, table: str, item: Mapping[str, Any]) -> bytes:
        if table not in self.definitions:
            return b""
        return orjson.dumps(list(self.definitions[table].key_of(item).values()))


def _key(write: Write) -> Item:
    return from_wire(write.wire)


def _holds(write: Write, item: Item | None) -> bool:
    if not write.condition:
        return True
    for term in write.condition.split(" AND "):
        if bound := _AT_MOST.fullmatch(term):
            found = _at(item, bound["path"], write.names)
            if found is not _ABSENT and found > from_wire_value(write.values[bound["value"]]):
                return False
            continue
        matched = _TERM.fullmatch(term)
        assert matched, f"no such condition is known here: {term}"
        path = matched["absent"] or matched["present"] or matched["path"]
        found = _at(item, path, write.names)
        if matched["absent"] or matched["present"]:
            if (found is _ABSENT) is not bool(matched["absent"]):
                return False
        else:
            wanted = from_wire_value(write.values[matched["value"]])
            if type(found) is not type(wanted) or found != wanted:
                return False
    return True


def _at(item: Any, path: str, names: Mapping[str, str]) -> Any:
    for name in path.split("."):
        if not isinstance(item, dict):
            return _ABSENT
        item = item.get(names.get(name, name), _ABSENT)
    return item


def _failed(write: Write, found: Item | None) -> Reason:
    shown = _copy(found) if found is not None and write.show_found else None
    return Reason("ConditionalCheckFailed", "The conditional request failed", shown)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value
