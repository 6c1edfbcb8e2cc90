"""Values, rows and tags as somebody who knows nothing of us may leave them: of a wrong type, huge, hostile, half a thing."""

from decimal import Decimal
from random import Random
from typing import Any

ROW = dict[str, Any]

_VALUES: tuple[Any, ...] = (
    "",
    "text",
    "{",
    "[]",
    "null",
    "2026-13-45T99:00:00Z",
    "2026-11-24T10:00:00",
    "\u202egnp.exe\x1b[2J\n::error::",
    "../../etc/passwd",
    "x" * 5000,
    "9" * 400,
    "-1",
    0,
    -1,
    1.5,
    10**37,
    Decimal("1E-100"),
    Decimal("9.9E+125"),
    True,
    None,
    b"",
    b"\xff\x00",
    [],
    [None, [], {}],
    ["text", 1],
    {},
    {"text": "text"},
    # Names within maps have at least one character (DynamoDB's limits); moto takes an empty one, and gives another back.
    {" ": {"$set": ["a"]}},
    {"$set": ["a"]},
    {"$bytes": "no base64"},
    {"$number": "none"},
    {"$nowMs": "now"},
    frozenset({"a", "b"}),
    frozenset({1, 2}),
    frozenset({b"\x00"}),
)

TAG_VALUES: tuple[str, ...] = (
    "",
    "{",
    "[1, 2]",
    "null",
    '{"v": []}',
    "true",
    "on",
    "NaN",
    "2026-13-45T99:00:00Z",
    "until 2026",
    "x" * 256,
    "office-hours ; stop: now",
    "\u202egnp.exe",
    "- - -",
    "9" * 200,
)


def garbage(random: Random) -> Any:
    """Return a value of any type that DynamoDB has."""
    return random.choice(_VALUES)


def damaged(row: ROW, keys: frozenset[str], random: Random) -> ROW:
    """Return a row with something in it lost, added or replaced, at any depth; its key stays."""
    names = [name for name in sorted(row) if name not in keys]
    result = dict(row)
    if not names or random.random() < 0.1:
        result[random.choice(["Note", "Extra", "$set", "é" * 20])] = garbage(random)
        return result
    name = random.choice(names)
    result[name] = _damaged_value(row[name], random)
    if result[name] is _GONE:
        del result[name]
    return result


_GONE = object()


def _damaged_value(value: Any, random: Random) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.7:
        name = random.choice(sorted(value))
        inner = _damaged_value(value[name], random)
        return {k: v for k, v in {**value, name: inner}.items() if v is not _GONE}
    if isinstance(value, list) and value and random.random() < 0.7:
        place = random.randrange(len(value))
        inner = _damaged_value(value[place], random)
        return value[:place] + ([] if inner is _GONE else [inner]) + value[place + 1 :]
    return _GONE if random.random() < 0.15 else garbage(random)
