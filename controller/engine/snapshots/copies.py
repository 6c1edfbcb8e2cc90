"""A snapshot once more: as a whole in another bucket, and table by table under the names of the old product."""

from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import orjson

from controller.aws.items import Item, from_wire, number_text
from controller.errors import Conflict
from controller.snapshots.manifest import MANIFEST, MOST_BYTES, VERIFIED, Manifest
from controller.snapshots.read import read_table
from controller.snapshots.store import SnapshotStore, read_all
from controller.targets.table_items.definitions import STATE_TABLE

OLD_NAMES: Final = "old-names.json"
"""The file of a snapshot that lists which files under the old product's names are ours."""
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

    Numbers keep all their digits; sets become sorted lists, as plain JSON has none. What is there of that day stays. The snapshot
    lists first which of these files are ours, so that they leave with it: what others wrote is never among them. Raises as reading
    and writing.
    """
    day = day_of(manifest.id)
    named = {
        f"{day}_environmentmanager_{manifest.prefix}{table.name}.json": table
        for table in manifest.tables
        if table.name != STATE_TABLE.name
    }
    there = {file.key for file in store.list(day)}
    listed = (read_old_names(store, key) for key in there if key.endswith(f"/{OLD_NAMES}"))
    ours = {name for names in listed for name in names} | (named.keys() - there)
    store.put(f"{manifest.id}/{OLD_NAMES}", orjson.dumps(sorted(ours & named.keys())))
    written = []
    for key in sorted(named.keys() - there):
        items = map(from_wire, read_table(store, manifest, named[key]))
        try:
            with store.writing(key) as output:
                for part in _array(items):
                    output.write(part)
        except Conflict:
            continue
        written.append(key)
    return tuple(written)


def day_of(snapshot: str) -> str:
    """Return the day (UTC) that a snapshot is of, as files of the old product name it: ``20261128``."""
    return snapshot[:8]


def read_old_names(store: SnapshotStore, key: str) -> frozenset[str]:
    """Return the files under the old product's names that a snapshot lists as ours, from the key of that list; none from a damaged one.

    Raises as reading the store.
    """
    try:
        found = orjson.loads(read_all(store, key, MOST_BYTES))
    except orjson.JSONDecodeError:
        return frozenset()
    names = found if isinstance(found, list) else ()
    day = day_of(key)
    return frozenset(
        name
        for name in names
        if isinstance(name, str) and name.startswith(f"{day}_environmentmanager_")
    )


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
