"""Items as canonical JSON and back, without losing what JSON has no word for.

Sets, bytes and numbers that neither a JSON integer of 64 bits nor a double holds are written as ``{"$set": …}``,
``{"$bytes": …}`` and ``{"$number": …}``. Items of ours have none of them; what is found in a table may.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from controller.aws.items import number_of_text, number_text
from controller.model.canonical import canonical_bytes

_MAX_INT = 2**63 - 1


def dump_plain(value: Any) -> bytes:
    """Return the canonical JSON of a plain value: sorted keys, no white space."""
    try:
        return canonical_bytes(value)
    except TypeError:
        return canonical_bytes(_tagged(value))


def load_plain(data: bytes) -> Any:
    """Read back what ``dump_plain`` wrote."""
    value = orjson.loads(data)
    return _untagged(value) if b'{"$' in data else value


def _tagged(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _tagged(one) for name, one in value.items()}
        case list() | tuple():
            return [_tagged(one) for one in value]
        case frozenset() | set():
            return {"$set": sorted((_tagged(one) for one in value), key=orjson.dumps)}
        case bytes():
            return {"$bytes": b64encode(value).decode()}
        case Decimal():
            return {"$number": number_text(value)}
        case int() if not isinstance(value, bool) and abs(value) > _MAX_INT:
            return {"$number": number_text(value)}
        case _:
            return value


def _untagged(value: Any) -> Any:
    match value:
        case {"$set": list() as members, **rest} if not rest:
            return frozenset(_untagged(member) for member in members)
        case {"$bytes": str() as text, **rest} if not rest:
            return b64decode(text)
        case {"$number": str() as text, **rest} if not rest:
            return number_of_text(text)
        case dict():
            return {name: _untagged(one) for name, one in value.items()}
        case list():
            return [_untagged(one) for one in value]
        case _:
            return value
