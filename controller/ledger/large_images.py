"""Images too large for a record: compressed beside it, or content-addressed in an object store. The hash never notices."""

import gzip
import hashlib
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from controller.aws.items import MAX_ITEM_BYTES, WireItem, canonical_wire, item_bytes
from controller.errors import RefusedByAws, WrongUsage

IMAGES = ("OldValue", "NewValue", "OldMeta", "NewMeta")
"""The attributes of a record that images are kept in."""
PACKED = "Images"
"""Binary attribute that stands for the images: the gzip of their canonical JSON. Absent if they are in the store."""
PACKED_DIGEST = "ImagesDigest"
"""SHA-256 of those bytes, 64 hexadecimal digits; also their key in the store."""
LARGE_BYTES = 300 * 1024
"""Old and new image together, from which they are compressed."""
RECORD_BYTES = MAX_ITEM_BYTES - 10 * 1024
"""What a record may take of an item, with room for what is added to it later."""
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""Far above what two images of 400 KB can become as JSON."""


class BlobStore(Protocol):
    """Keeps bytes under the digest of their content."""

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; what is there already under the key is the same. Raises as any call."""

    def get(self, key: str) -> bytes | None:
        """Return the content, None if there is none. Raises as any call."""


class ImagesTooLarge(WrongUsage):
    """The images of a change fit no record even compressed, and there is no store for them."""


class ImagesLost(RefusedByAws):
    """The images of a record are not, or not unharmed, where the record says."""


def pack_images(wire: WireItem, blobs: BlobStore | None = None) -> WireItem:
    """Return the form in which a record, given with its large images as they are, is written.

    What is too large even compressed is put into ``blobs`` first, under the digest of its content. Raises ImagesTooLarge
    if there is no such store, and as any call.
    """
    images = {name: wire[name] for name in IMAGES}
    content = gzip.compress(canonical_wire(images), mtime=0)
    digest = hashlib.sha256(content).hexdigest()
    small: WireItem = {name: value for name, value in wire.items() if name not in images}
    small[PACKED_DIGEST] = {"S": digest}
    beside: WireItem = {**small, PACKED: {"B": content}}
    if item_bytes(beside) <= RECORD_BYTES:
        return beside
    if blobs is None:
        raise ImagesTooLarge(
            f"ledger: the change of {wire['EntityId']['S']} cannot be recorded: old and new item have"
            f" {len(content):,} bytes even compressed, a record holds {RECORD_BYTES:,}",
            fix="set snapshots.bucket in the settings, so that large images are kept there; or make the change in smaller steps",
        )
    blobs.put(digest, content)
    return small


def unpack_images(
    wire: Mapping[str, Mapping[str, Any]], blobs: BlobStore | None = None
) -> Mapping[str, Mapping[str, Any]]:
    """Return the wire item of a record whose images were packed with its images as they are.

    Raises WrongUsage if they are in a store and none is given, ImagesLost if they are not there or not what was put there.
    """
    digest = wire.get(PACKED_DIGEST, {}).get("S")
    content = _content(wire, digest, blobs)
    if hashlib.sha256(content).hexdigest() != digest:
        raise ImagesLost(
            f"ledger: the images of record {_name(wire)} are not those that were written",
            fix="envctl audit verify tells which others; restore them from a backup of the table or the bucket",
        )
    kept = {name: value for name, value in wire.items() if name not in {PACKED, PACKED_DIGEST}}
    return kept | _images(content, wire)


def _content(wire: Mapping[str, Mapping[str, Any]], digest: Any, blobs: BlobStore | None) -> bytes:
    if PACKED in wire:
        packed = wire[PACKED].get("B", b"")
        try:
            return b64decode(packed, validate=True) if isinstance(packed, str) else bytes(packed)
        except (ValueError, TypeError):
            return b""
    if blobs is None:
        raise WrongUsage(
            f"ledger: the images of record {_name(wire)} are in an object store that the settings do not name",
            fix="set snapshots.bucket to the bucket in use when the record was written",
        )
    content = blobs.get(str(digest))
    if content is None:
        raise ImagesLost(
            f"ledger: the images of record {_name(wire)} are not in the store under {digest}",
            fix="restore that object from the bucket's older versions or its replica",
        )
    return content


def _images(content: bytes, wire: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    unzip = zlib.decompressobj(wbits=31)
    try:
        images = orjson.loads(unzip.decompress(content, MAX_UNPACKED_BYTES))
    except (zlib.error, orjson.JSONDecodeError):
        images = None
    if not isinstance(images, dict) or set(images) != set(IMAGES):
        raise ImagesLost(
            f"ledger: the images of record {_name(wire)} cannot be read",
            fix="envctl audit verify tells which others; restore the record from a backup of the table",
        )
    return images


def _name(wire: Mapping[str, Mapping[str, Any]]) -> str:
    sequence = wire.get("Sequence", {}).get("N", "?")
    return f"#{sequence} ({wire.get('AuditID', {}).get('S', '?')})"
