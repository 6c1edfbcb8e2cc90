"""A snapshot read back, checked on the way: what comes out is what was written, or an error says what is wrong."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Final

import orjson

from controller.aws.errors import NotFound
from controller.aws.items import WireItem
from controller.errors import DamagedState
from controller.snapshots.manifest import Manifest, TableFile
from controller.snapshots.store import SnapshotStore

LONGEST_LINE: Final = 4 << 20
"""An item is at most 400 KB, in JSON a few times that."""
_GZIP: Final = 31
_FIX: Final = (
    "name another snapshot: envctl snapshot list shows those there are, and which were verified"
)


def read_table(store: SnapshotStore, manifest: Manifest, table: TableFile) -> Iterator[WireItem]:
    """Yield the items of a table's file.

    Only who has read to the end knows that the file is whole: digest, length and count are checked then. Raises DamagedState,
    naming the file, and as reading the store.
    """
    place, items = f"snapshot {manifest.id}: {table.file}", 0
    for line in _lines(store, manifest, table, place):
        try:
            item = orjson.loads(line)
            has_key = all(isinstance(item[key.name][key.type], str) for key in table.key)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            has_key = False
        if not has_key:
            raise DamagedState(f"{place}: line {items + 2:,} is no item of its table", fix=_FIX)
        items += 1
        yield item
    if items != table.items:
        raise DamagedState(
            f"{place}: it holds {items:,} items, not the {table.items:,} that were written",
            fix=_FIX,
        )


def _lines(
    store: SnapshotStore, manifest: Manifest, table: TableFile, place: str
) -> Iterator[bytes]:
    """Yield the lines between the brackets of the array, once unpacked; no more is unpacked than was packed."""
    rest = b""
    for part in _unpacked(store, manifest, table, place):
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise DamagedState(f"{place}: it has a line longer than any item", fix=_FIX)
        for line in lines:
            text = line.removesuffix(b",")
            if text not in {b"[", b"]", b"[]"}:
                yield text
    if rest:
        raise DamagedState(f"{place}: it breaks off", fix=_FIX)


def _unpacked(
    store: SnapshotStore, manifest: Manifest, table: TableFile, place: str
) -> Iterator[bytes]:
    digest, unpack = hashlib.sha256(), zlib.decompressobj(wbits=_GZIP)
    stored = plain = 0
    try:
        for chunk in store.read(f"{manifest.id}/{table.file}"):
            digest.update(chunk)
            stored += len(chunk)
            left = chunk
            while left:
                part = unpack.decompress(left, LONGEST_LINE)
                left = unpack.unconsumed_tail
                plain += len(part)
                if plain > table.bytes:
                    raise DamagedState(f"{place}: it is longer than what was written", fix=_FIX)
                yield part
        yield unpack.flush()
    except zlib.error as error:
        raise DamagedState(f"{place}: it cannot be unpacked", fix=_FIX) from error
    except NotFound as error:
        raise DamagedState(f"{place}: it is missing", fix=_FIX) from error
    if digest.hexdigest() != table.sha256 or stored != table.stored_bytes:
        raise DamagedState(f"{place}: its bytes are not those that were written", fix=_FIX)
    if not unpack.eof or plain != table.bytes:
        raise DamagedState(f"{place}: it breaks off", fix=_FIX)
