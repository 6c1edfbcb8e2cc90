"""One byte form and one digest for every value, so that equal means equal everywhere; and the value that is not there."""

import hashlib
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import orjson

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict with str keys."""


def canonical_bytes(value: Json) -> bytes:
    """Serialise with sorted keys and no white space. Raises TypeError for what JSON cannot hold."""
    # A copy, because what orjson returns keeps the whole buffer it was written to, several KB for a small value.
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)))


parse_canonical: Callable[[bytes], Json] = orjson.loads
"""Read back what ``canonical_bytes`` wrote."""


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Json) -> str:
    """Digest of a value's canonical bytes."""
    return digest(canonical_bytes(value))


def projection_digest(attributes: bytes, extra: bytes) -> str:
    """Digest of what a target is to hold: canonical attributes and canonical extra. 64 hexadecimal digits."""
    return hashlib.sha256(attributes + b"\n" + extra).hexdigest()


DIGEST_DIGITS: Final = 16
"""So many digits of a digest name a plan or a violation to somebody who types them: shown, and asked for at least.

Fewer can be met by trying: of 24 bits, some other set of changes is found within a minute.
"""


def short(full_digest: str) -> str:
    """The first digits: as many as name it."""
    return full_digest[:DIGEST_DIGITS]


class Absent(Enum):
    """Its single member stands for a field that does not exist."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        """Print short in test failures."""
        return "ABSENT"


ABSENT: Final = Absent.ABSENT


def without_empty_texts(value: Any) -> Any:
    """Strip empty texts from plain JSON, which the tables take for absent; nulls, empty lists and maps stay."""
    if isinstance(value, dict):
        return {name: without_empty_texts(member) for name, member in value.items() if member != ""}
    if isinstance(value, list):
        return [without_empty_texts(member) for member in value if member != ""]
    return value


def without_empty(value: Any) -> Any:
    """Strip nulls and empty texts from plain JSON, which the tables take for absent; empty lists and maps stay."""
    if isinstance(value, dict):
        return {
            name: without_empty(member)
            for name, member in value.items()
            if member is not None and member != ""
        }
    if isinstance(value, list):
        return [without_empty(member) for member in value if member is not None and member != ""]
    return value
