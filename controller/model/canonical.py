"""One byte form and one digest for every value, so that equal means equal everywhere."""

import hashlib
from typing import Any

import orjson

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with str keys."""


def canonical_bytes(value: Json) -> bytes:
    """Serialise with sorted keys and no white space. Raises TypeError for what JSON cannot hold."""
    # A copy, because what orjson returns keeps the whole buffer it was written to, several KB for a small value.
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)))


def parse_canonical(data: bytes) -> Json:
    """Read back what ``canonical_bytes`` wrote."""
    return orjson.loads(data)


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Json) -> str:
    """Digest of a value's canonical bytes."""
    return digest(canonical_bytes(value))


def short(full_digest: str) -> str:
    """The first twelve digits: enough for a person to compare."""
    return full_digest[:12]
