"""The files that the old product's backup wrote each night, one a table: ``<YYYYMMDD>_environmentmanager_<table>.json``."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import orjson

from controller.aws.items import Item, number_text
from controller.errors import WrongUsage
from controller.model.table import TableDefinition
from controller.snapshots.store import SnapshotStore, StoredFile, read_all

MOST_BYTES: Final = 256 << 20
"""A file is read as a whole; a table of the old product is a few megabytes."""
_MOST_LEVELS: Final = 35
"""Of an object of arrays of items, whose values have 32 (limits of DynamoDB)."""
_FILE: Final = re.compile(r"(\d{8})_environmentmanager_([A-Za-z0-9_.-]{1,255})\.json")


@dataclass(frozen=True, slots=True)
class NightlyFiles:
    """The tables of one night, read like tables of DynamoDB.

    ``tables`` are definitions by the physical names that the files have; of those an item without its key is refused.
    """

    store: SnapshotStore
    night: str
    """``YYYYMMDD``."""
    tables: Mapping[str, TableDefinition]
    files: Mapping[str, StoredFile]
    """What the night has, by table."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The tables that the night has no file of: what they held is not known."""
        return tuple(sorted(self.tables.keys() - self.files.keys()))

    def scan(self, table: str, segments: int = 1) -> Iterator[Item]:
        """Yield every item of a table; none where there is no file of it. Raises WrongUsage for a file that is no such backup, and as reading the store."""
        file = self.files.get(table)
        if file is None:
            return
        where = f"{self.store.name}/{file.key}"
        if file.size > MOST_BYTES:
            raise _too_long(where)
        content = read_all(self.store, file.key, MOST_BYTES)
        yield from items_in(json_of(content, where), where, self.tables.get(table))


def newest_night(store: SnapshotStore, tables: Mapping[str, TableDefinition]) -> NightlyFiles:
    """Return the newest night that a folder or a bucket has files of. Raises WrongUsage if it has none of these tables, and as listing it."""
    nights: dict[str, dict[str, StoredFile]] = {}
    for file in store.list(""):
        named = _FILE.fullmatch(file.key)
        if named and named[2] in tables:
            nights.setdefault(named[1], {})[named[2]] = file
    if not nights:
        raise WrongUsage(
            f"{store.name}: it has no file of a table",
            fix="they are called YYYYMMDD_environmentmanager_TABLE.json; the table's name begins with resourcePrefix",
        )
    night = max(nights)
    return NightlyFiles(store, night, tables, nights[night])


def read_items(path: Path, table: TableDefinition | None) -> Iterator[Item]:
    """Yield the items of a file, a JSON array of plain objects. Raises WrongUsage for any other, and for an item without the table's key."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise WrongUsage(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise _too_long(str(path))
    return items_in(json_of(content, str(path)), str(path), table)


def _too_long(where: str) -> WrongUsage:
    return WrongUsage(
        f"{where}: it is longer than the {MOST_BYTES:,} bytes that are read",
        fix="take another file",
    )


def json_of(content: bytes, where: str) -> object:
    """Return what JSON says, its numbers exact; ``where`` is how messages call it. Raises WrongUsage for what is none."""
    try:
        # It knows what no JSON is, as NaN and half a character, and would round numbers.
        orjson.loads(content)
        found = json.loads(content, parse_float=_number, parse_int=_number)
        _check_levels(found)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise WrongUsage(
            f"{where}: it is no JSON, or has a number or levels that no table holds",
            fix="take another file",
        ) from error
    return found


def _check_levels(found: object) -> None:
    """Return if values are no deeper than DynamoDB takes them. Raises ValueError."""
    level = [found]
    for _ in range(_MOST_LEVELS):
        level = [part for value in level for part in _parts(value)]
        if not level:
            return
    raise ValueError("too deep")


def _parts(value: object) -> Iterator[object]:
    """Yield the objects and arrays within a value."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict | list))


def _number(text: str) -> int | Decimal:
    """Return a number of JSON, exact. Raises ValueError and ArithmeticError for one that DynamoDB does not hold."""
    found = int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    number_text(found)
    return found


def items_in(found: object, where: str, table: TableDefinition | None) -> Iterator[Item]:
    """Yield the items of an array. Raises WrongUsage for what is none, and for an item without the table's key."""
    if not isinstance(found, list):
        raise WrongUsage(f"{where}: it is no array of items", fix="take another file")
    keys = table.key_attributes() if table is not None else ()
    for number, item in enumerate(found, 1):
        if not isinstance(item, dict) or not all(
            _is_key(item.get(name), form) for name, form in keys
        ):
            named = " and ".join(f"{name} ({form})" for name, form in keys)
            raise WrongUsage(
                f"{where}: item {number:,} is no item of its table",
                fix=f"each is to be an object with the key of the table: {named}" if named else "",
            )
        yield item


def _is_key(value: object, form: str) -> bool:
    if form == "N":
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return isinstance(value, str) and bool(value)
