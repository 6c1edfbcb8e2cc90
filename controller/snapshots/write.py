"""Tables written into a snapshot: first onto this machine's disk, then, as they were at one moment, into the store."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import orjson

from controller.aws.items import WireItem, wire_json
from controller.model.table import TableDefinition
from controller.snapshots.manifest import KeyPart, TableFile
from controller.snapshots.store import CHUNK_BYTES, Output, SnapshotStore

_LEVEL: Final = 1
"""Of gzip: items are read over a network, which is slower than even this."""
_GZIP: Final = 31
"""zlib's word for a stream in the form of gzip."""
ItemKey = tuple[str, ...]
"""The values of an item's key as text."""


@dataclass(slots=True)
class ArrayWriter:
    """Writes items as one compressed JSON array, one a line, and counts and digests what it writes."""

    output: Output
    items: int = 0
    plain_bytes: int = 0
    stored_bytes: int = 0
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256, init=False)
    _gzip: "zlib._Compress" = field(
        default_factory=lambda: zlib.compressobj(_LEVEL, wbits=_GZIP), init=False
    )

    def add(self, items: Iterable[bytes]) -> None:
        """Write items, each as JSON on one line."""
        lines = list(items)
        if lines:
            begin = b",\n" if self.items else b"[\n"
            self._write(begin + b",\n".join(lines))
            self.items += len(lines)

    def finish(self) -> None:
        """End the array: an empty one if nothing was added."""
        self._write(b"\n]\n" if self.items else b"[]\n")
        self._send(self._gzip.flush())

    def described(self, table: TableDefinition, folder: str = "") -> TableFile:
        """Return what the manifest says of the finished file; ``table`` has its logical name."""
        return TableFile(
            name=table.name,
            folder=folder,
            items=self.items,
            sha256=self._digest.hexdigest(),
            bytes=self.plain_bytes,
            stored_bytes=self.stored_bytes,
            key=tuple(KeyPart(name=name, type=type_) for name, type_ in table.key_attributes()),
        )

    def _write(self, text: bytes) -> None:
        self.plain_bytes += len(text)
        self._send(self._gzip.compress(text))

    def _send(self, content: bytes) -> None:
        if content:
            self._digest.update(content)
            self.stored_bytes += len(content)
            self.output.write(content)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A table as it was scanned, in a file of this machine."""

    table: TableDefinition
    """With its logical name."""
    path: Path
    described: TableFile


def key_of_wire(table: TableDefinition, item: Mapping[str, Mapping[str, str]]) -> ItemKey:
    """Return the key of a wire item. Raises KeyError without one."""
    return tuple(item[name][type_] for name, type_ in table.key_attributes())


def spool_table(
    table: TableDefinition,
    pages: Iterable[Sequence[bytes]],
    folder: Path,
    tell: Callable[[int], None],
) -> Spooled:
    """Write what a scan yields into a file of a (private) folder; ``tell`` is told how many items each page had."""
    path = folder / f"{table.name}.json.gz"
    with path.open("xb") as file:
        writer = ArrayWriter(file)
        for page in pages:
            writer.add(page)
            tell(len(page))
        writer.finish()
    return Spooled(table, path, writer.described(table))


def store_table(
    store: SnapshotStore,
    snapshot: str,
    spooled: Spooled,
    changed: Mapping[ItemKey, WireItem | None],
) -> TableFile:
    """Put a scanned table into the store, with ``changed`` items in place of those scanned (None: without them)."""
    with store.writing(f"{snapshot}/{spooled.described.file}") as output:
        if not changed:
            with spooled.path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    output.write(chunk)
            return spooled.described
        writer = ArrayWriter(output)
        with gzip.open(spooled.path, "rb") as lines:
            for line in array_lines(lines):
                if key_of_wire(spooled.table, orjson.loads(line)) not in changed:
                    writer.add((line,))
        writer.add(wire_json(item) for item in changed.values() if item is not None)
        writer.finish()
    return writer.described(spooled.table)


def array_lines(file: "IO[bytes] | gzip.GzipFile") -> Iterator[bytes]:
    """Yield the items of an array that was written here, each the JSON of its line."""
    for line in file:
        text = line.strip().removesuffix(b",")
        if text not in {b"[", b"]", b"[]"}:
            yield text
