"""A snapshot once more: as a whole in another bucket, and table by table under the names of the old product."""

from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import orjson

from controller.aws.items import Item, from_wire, number_text
from controller.errors import Conflict
from controller.snapshots.manifest import MANIFEST, VERIFIED, Manifest
from controller.snapshots.read import read_table
from controller.snapshots.store import SnapshotStore
from controller.targets.table_items.definitions import STATE_TABLE

_LINES_AT_ONCE: Final = 200


def copy_snapshot(source: SnapshotStore, target: SnapshotStore, manifest: Manifest) -> None:
    """Copy every object of a snapshot, the manifest last, so that half a copy is none. Raises as reading and writing."""
    last = (f"{manifest.id}/{MANIFEST}", f"{manifest.id}/{VERIFIED}")
    for key in (*(key for key in manifest.keys if key not in last), *last):
        with target.writing(key) as output:
            for chunk in source.read(key):
                output.write(chunk)


def write_old_names(store: SnapshotStore, manifest: Manifest) -> tuple[str, ...]:
    """Write each table as ``<YYYYMMDD>_environmentmanager_<table>.json``, plain JSON; return the keys written.

    Numbers keep all their digits; sets become sorted lists, as plain JSON has none. What was written that day stays. Raises as
    reading and writing.
    """
    written = []
    for table in manifest.tables:
        if table.name == STATE_TABLE.name:
            continue
        key = f"{manifest.created_at:%Y%m%d}_environmentmanager_{manifest.prefix}{table.name}.json"
        items = map(from_wire, read_table(store, manifest, table))
        try:
            with store.writing(key) as output:
                for part in _array(items):
                    output.write(part)
        except Conflict:
            continue
        written.append(key)
    return tuple(written)


def _array(items: Iterator[Item]) -> Iterator[bytes]:
    begin, lines = b"[\n", list[bytes]()
    for item in items:
        lines.append(plain_json(item))
        if len(lines) == _LINES_AT_ONCE:
            yield begin + b",\n".join(lines)
            begin, lines = b",\n", []
    if lines:
        yield begin + b",\n".join(lines)
        begin = b""
    yield b"\n]\n" if begin != b"[\n" else b"[]\n"


def plain_json(item: Item) -> bytes:
    """Return an item as plain JSON."""
    return orjson.dumps(_plain(item))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(member) for name, member in value.items()}
        case list():
            return [_plain(member) for member in value]
        case frozenset():
            return sorted((_plain(member) for member in value), key=orjson.dumps)
        case bytes():
            return b64encode(value).decode()
        case Decimal():
            return orjson.Fragment(number_text(value))
        case int() if not isinstance(value, bool) and abs(value) >= 1 << 63:
            return orjson.Fragment(number_text(value))
        case _:
            return value
