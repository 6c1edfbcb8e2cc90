"""Bytes that are no readable text: wrong encodings, control characters, invisible characters."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from controller.loading.documents import INVISIBLE
from controller.loading.excerpts import Spot

_CONTROL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What libyaml refuses to read."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_LINE_ENDS: Final = ("\n", "\r", "\x85", "\u2028", "\u2029")
_AS_UTF_8: Final = "save the file as UTF-8"


class Stranger(NamedTuple):
    """Something in the text that cannot be read as YAML. A ``fatal`` one keeps the rest from being read."""

    place: Spot
    message: str
    fix: str
    fatal: bool = True


def find_strangers(data: bytes, limit: int) -> list[Stranger]:
    """Return what of the bytes is no readable text, at most ``limit`` of each sort."""
    if data.startswith(_UTF_16) or b"\0" in data[:2]:
        return [
            Stranger(
                Spot(0, 0, 0), "expected UTF-8, found UTF-16, UTF-32 or binary data", _AS_UTF_8
            )
        ]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        spot = next(_spots(before, iter([len(before)])))
        return [Stranger(spot, f"byte 0x{data[error.start]:02x} is no UTF-8", _AS_UTF_8)]
    strangers = [
        Stranger(
            spot,
            f"control character {_name(text[spot.index])}",
            'remove it, or write it as an escape in "double quotes"',
        )
        for spot in _spots(text, _indexes(_CONTROL, text, limit))
    ]
    return strangers + [
        Stranger(
            spot,
            f"invisible character {_name(text[spot.index])}",
            'remove it, or write it as an escape in "double quotes"',
            fatal=False,
        )
        for spot in _spots(text, _indexes(INVISIBLE, text, limit))
    ]


def _name(character: str) -> str:
    return "NUL" if character == "\0" else f"U+{ord(character):04X}"


def _indexes(pattern: re.Pattern[str], text: str, limit: int) -> Iterator[int]:
    for _, match in zip(range(limit), pattern.finditer(text), strict=False):
        yield match.start()


def _spots(text: str, indexes: Iterator[int]) -> Iterator[Spot]:
    """Yield the places of ascending indexes, counting lines as libyaml does, reading the text once."""
    ends = _LINE_ENDS[:2] if text.isascii() else _LINE_ENDS
    line = start = done = 0
    for index in indexes:
        line += sum(text.count(end, done, index) for end in ends) - text.count("\r\n", done, index)
        start = max(start, *(text.rfind(end, done, index) + 1 for end in ends))
        done = index
        yield Spot(line, index - start, index)
