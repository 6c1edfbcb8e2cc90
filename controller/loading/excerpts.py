"""What of a file is shown: one line around a place, safe to print and short enough to read, its sensitive values covered."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from controller.model.ref import Excerpt

MAX_CHARACTERS: Final = 110
"""A longer line is cut around the caret."""

_BEFORE_CARET: Final = 40
_LINE_END: Final = re.compile("[\n\r\x85\u2028\u2029]")
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_TAB: Final = "→"
_STRANGER: Final = "\ufffd"

_STAR: Final = "*"

_IN_QUOTES: Final = r"\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'(?:[^']|'')*(?:'|\Z)"
_IN_FLOW: Final = r"[\[{][^\]}]*|[^,\]}\r\n]*"
_INDENTED_BELOW: Final = r"(?:\r?\n(?:[ \t]*(?=\r?\n|\Z)|(?P=indent)[ \t]+[^\r\n]*))*"


class Place(Protocol):
    """Where something stands: 0-based line and column, and the offset in characters. libyaml's marks fit."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def index(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that did not come from libyaml."""

    line: int
    column: int
    index: int


TOP: Final = Spot(0, 0, 0)


def excerpt(text: str, place: Place, length: int | None) -> Excerpt:
    """Return the line of ``place`` with ``length`` characters marked; None marks the rest of the line.

    Tabs show as arrows and characters that print as nothing, or that a terminal would obey, as a replacement.
    """
    start = place.index - place.column
    first = start if place.column < MAX_CHARACTERS - _BEFORE_CARET else place.index - _BEFORE_CARET
    line = text[first : first + MAX_CHARACTERS]
    caret = place.index - first
    end = _LINE_END.search(line, caret)
    if end:
        line = line[: end.start()]
    elif first + MAX_CHARACTERS < len(text):
        line = f"{line[:-1]}…"
    if first > start:
        line = f"…{line[1:]}"
    line = line[:caret] + line[caret:].rstrip()
    rest = max(1, len(line) - caret)
    printable = _UNPRINTABLE.sub(_STRANGER, line.replace("\t", _TAB))
    return Excerpt(printable, caret, rest if length is None else max(1, min(length, rest)))


def covered(text: str, names: Collection[str]) -> str:
    """Return YAML text with the values of the fields of these names covered, in whatever case the names are written.

    It works on the text alone, as what is shown may be no YAML at all. Every character of a value becomes a star, so that
    places stay where they are. Rather too much is covered than too little: a value that may go on below takes what is indented below along.
    """
    if not names:
        return text
    any_name = "|".join(re.escape(name) for name in sorted(names))
    pattern = re.compile(
        rf"(?P<before>(?:^(?P<indent>[ ]*)(?:-[ ]+)*|(?P<flow>[{{,])\s*)(?P<quote>[\"']?)(?:{any_name})(?P=quote)[ \t]*:\s?)"
        rf"(?P<value>(?(flow)\s*(?:(?:[&!]\S*)\s+)*(?:{_IN_QUOTES}|{_IN_FLOW})|[^\r\n]*{_INDENTED_BELOW}))",
        re.IGNORECASE | re.MULTILINE,
    )
    return pattern.sub(lambda found: found["before"] + re.sub(r"\S", _STAR, found["value"]), text)
