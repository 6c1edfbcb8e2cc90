"""The fast way from YAML text to plain values, for text without a single irregularity.

It reads the event stream of libyaml and builds dicts, lists and scalars straight from it; a plain (unquoted) scalar means what the
core schema of YAML 1.2 says, with the traps taken out. What is not entirely regular raises Irregular with no more said;
``find_text_problems`` reads the same text again and says all.
"""

import codecs
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from controller.model.printable import printable as escaped

Scalar: TypeAlias = str | int | float | bool | None

MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**63 - 1
MAX_CHARACTERS: Final = 40
"""No number is written with more, and no message repeats more of a text."""
ACCOUNT_DIGITS: Final = 12
MERGE_KEY: Final = "<<"

_TAG_PREFIX: Final = "tag:yaml.org,2002:"
MAP_TAGS: Final = frozenset({None, f"{_TAG_PREFIX}map"})
LIST_TAGS: Final = frozenset({None, f"{_TAG_PREFIX}seq"})
"""What a map or a list may be tagged with: nothing, or what it is anyway."""
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS: Final = frozenset("0123456789+-.")
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


class Irregular(Exception):
    """The text is not entirely regular; finding out where and why is left to ``find_text_problems``."""


class IrregularScalar(Irregular):
    """A scalar that means nothing safe. ``message`` says why, ``fix`` what to write."""

    def __init__(self, message: str, fix: str) -> None:
        """Keep both for the problem that will be shown."""
        super().__init__(message)
        self.message, self.fix = message, fix


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar: null, a boolean, an integer, a float, or the text itself.

    Dates, ``19:00``, ``yes`` and ``on`` are text.
    Raises IrregularScalar for numbers that a reader may take for something else (a leading zero), that do not
    fit 64 bits, or that are not finite.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _NOT_FINITE.fullmatch(text):
        raise IrregularScalar(
            f"{shown(text)} cannot be stored as a number",
            "write a finite number, or quote it to mean text",
        )
    is_integer = _INTEGER.fullmatch(text)
    if not is_integer and not _FLOAT.fullmatch(text):
        return text
    if _LEADING_ZERO.match(text):
        # Account numbers have twelve digits, and no other number of a document has as many.
        otherwise = "" if len(text) == ACCOUNT_DIGITS else "; for a number leave the zero out"
        raise IrregularScalar(
            f"{shown(text)} is ambiguous: a number with a leading zero loses it",
            f"quote it to mean text: {quoted(text)}{otherwise}",
        )
    value: int | float = math.inf
    if len(text) <= MAX_CHARACTERS:
        base = 0 if text[1:2] in {"o", "x"} else 10
        value = int(text, base) if is_integer else float(text)
    if math.isinf(value) or (is_integer and not MIN_INTEGER <= value <= MAX_INTEGER):
        raise IrregularScalar(
            f"{shown(text)} is too large for a number of 64 bits",
            "write a smaller number, or quote it to mean text",
        )
    return value


def resolve_tagged(text: str, tag: str, *, plain: bool) -> Scalar:
    """Return the value of a scalar with an explicit tag of the core schema, such as ``!!str 1.10``.

    Raises IrregularScalar when the tag is not one of them or the text is no such value.
    """
    name = tag.removeprefix(_TAG_PREFIX)
    if tag == name or (name != "str" and name not in _TYPES):
        raise IrregularScalar(
            f"unknown tag {shown(short_tag(tag))}; expected a plain value",
            "remove the tag; for text use quotes",
        )
    if name == "str":
        return text
    value = resolve(text) if plain else text
    if type(value) not in _TYPES[name]:
        raise IrregularScalar(
            f"{shown(text)} is no {name}, which its tag asks for",
            f"remove the tag !!{name}, or the quotes",
        )
    return float(value) if name == "float" and isinstance(value, int) else value


def yaml_type(value: Any) -> str:
    """Name a value's type as people who write YAML say it."""
    names = {
        type(None): "nothing",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a map",
    }
    return names[type(value)]


def short_tag(tag: str) -> str:
    """Write a tag as people do: ``!!set``, not ``tag:yaml.org,2002:set``."""
    name = tag.removeprefix(_TAG_PREFIX)
    return tag if name == tag else f"!!{name}"


def cut(text: str) -> str:
    """Shorten what the author wrote to a length that a line can hold."""
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def printable(text: str) -> str:
    """Cut what the author wrote, and escape what a terminal would not print."""
    return escaped(cut(text))


def shown(text: str) -> str:
    """Quote what the author wrote for a message, cut and escaped."""
    return repr(cut(text))


def quoted(number: str) -> str:
    """Return the YAML text that means the characters of a plain number, cut."""
    return f'"{cut(number)}"'


MAX_BYTES: Final = 2 * 1024 * 1024
"""How long a file may be: some fifty thousand lines, far above what anybody reads, and of which everything that is wrong is told in a second."""
MAX_DEPTH: Final = 64
MAX_EVENTS: Final = 125_000
"""How much one file may hold: some two thousand objects, or what takes half a second to read."""
MAX_ALIASED_VALUES: Final = 20_000
"""How many values the aliases of one file may stand for, counted with everything inside them."""

INVISIBLE: Final = re.compile("[\x85\u2028\u2029\ufeff]")
"""Characters that end a line for libyaml but not for YAML 1.2, and byte-order marks inside the text."""

V = TypeVar("V")

_MEMO_ENTRIES: Final = 20_000
_MEMO_CHARACTERS: Final = 64


class Document(NamedTuple):
    """One YAML document: the 1-based line where its content begins, and its value."""

    line: int
    value: dict[str, Any]


class _Open:
    """Stands for the value of an anchor whose container is still being read."""


class _PlainScalars(dict[str, Scalar]):
    """Memo of what plain scalars mean: the same few texts come again and again, and equal keys are one string. Cleared when full."""

    def __missing__(self, text: str) -> Scalar:
        value = resolve(text)
        if len(text) <= _MEMO_CHARACTERS:
            if len(self) >= _MEMO_ENTRIES:
                self.clear()
            self[text] = value
        return value


_PLAIN: Final = _PlainScalars()


def parse_documents(data: bytes) -> tuple[Document, ...]:
    """Return the documents of a YAML file, each a mapping; one without entries where nothing is written.

    Raises Irregular for anything ``find_text_problems`` would report, and for nothing else.
    """
    if len(data) > MAX_BYTES:
        raise Irregular
    text = data.removeprefix(codecs.BOM_UTF8)
    documents: list[Document] = []
    try:
        if not text.isascii() and INVISIBLE.search(text.decode()):
            raise Irregular
        events = events_of(text)
        next(events)
        reader = _Reader(events)
        while type(opening := next(events)) is not StreamEndEvent:
            top = next(events)
            line = top.start_mark.line + 1
            if opening.version or opening.tags is not None:
                raise Irregular
            if type(top) is MappingStartEvent:
                is_bare = top.anchor is None and top.tag is None
                value = reader.mapping(1) if is_bare else reader.node(top, 1)
            elif is_nothing(top):
                value = {}
            else:
                raise Irregular
            documents.append(Document(line, value))
            next(events)
            reader.anchors.clear()
    except (YAMLError, ValueError, StopIteration):
        # ValueError: bytes that are no UTF-8, also behind the percent signs of a tag. StopIteration: too many events.
        raise Irregular from None
    if not documents:
        raise Irregular
    return tuple(documents)


def is_nothing(event: Any) -> bool:
    """Tell whether an event is what stands between two ``---``, or after the last, where nothing is written."""
    return type(event) is ScalarEvent and not (
        event.style or event.value or event.anchor or event.tag
    )


def events_of(text: bytes) -> Iterator[Any]:
    """Return the events of libyaml, never more than ``MAX_EVENTS``; reading them may raise YAMLError."""
    return islice(iter(CParser(text).get_event, None), MAX_EVENTS)


@dataclass(slots=True)
class _Reader:
    """Builds values from events. A container's depth is 1 at the top of a document.

    The type of an event is asked before its attributes: an attribute read that always meets one class is one that
    the interpreter specialises, and that is a tenth of the whole time.
    """

    events: Iterator[Any]
    anchors: dict[str, Any] = field(default_factory=dict)
    aliased_left: int = MAX_ALIASED_VALUES

    def mapping(self, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise Irregular
        values, below = _PLAIN, depth + 1
        events = self.events
        result: dict[str, Any] = {}
        for event in events:
            if type(event) is not ScalarEvent:
                if type(event) is MappingEndEvent:
                    return result
                raise Irregular
            if event.anchor is not None or event.tag is not None:
                raise Irregular
            key = event.value if event.style else values[event.value]
            if type(key) is not str or key in result or (key == MERGE_KEY and not event.style):
                raise Irregular
            item = next(events)
            kind = type(item)
            if kind is ScalarEvent and item.anchor is None and item.tag is None:
                result[key] = item.value if item.style else values[item.value]
            elif kind is MappingStartEvent and item.anchor is None and item.tag is None:
                result[key] = self.mapping(below)
            elif kind is SequenceStartEvent and item.anchor is None and item.tag is None:
                result[key] = self.sequence(below)
            else:
                result[key] = self.node(item, below)
        raise Irregular

    def sequence(self, depth: int) -> list[Any]:
        if depth > MAX_DEPTH:
            raise Irregular
        values, below = _PLAIN, depth + 1
        result: list[Any] = []
        for event in self.events:
            kind = type(event)
            if kind is ScalarEvent and event.anchor is None and event.tag is None:
                result.append(event.value if event.style else values[event.value])
            elif kind is SequenceEndEvent:
                return result
            elif kind is MappingStartEvent and event.anchor is None and event.tag is None:
                result.append(self.mapping(below))
            else:
                result.append(self.node(event, below))
        raise Irregular

    def node(self, event: Any, depth: int) -> Any:
        """Read a node of any sort, with its anchor and tag; the common sorts are read where they stand."""
        anchor = event.anchor
        if type(event) is AliasEvent:
            return self.copy(self.anchors.get(anchor, _Open), depth)
        if anchor is not None:
            if anchor in self.anchors:
                raise Irregular
            self.anchors[anchor] = _Open
        value: Any
        if type(event) is ScalarEvent:
            plain = not event.style
            if event.tag is not None:
                value = resolve_tagged(event.value, event.tag, plain=plain)
            else:
                value = _PLAIN[event.value] if plain else event.value
        elif type(event) is MappingStartEvent:
            if event.tag not in MAP_TAGS:
                raise Irregular
            value = self.mapping(depth)
        elif event.tag in LIST_TAGS:
            value = self.sequence(depth)
        else:
            raise Irregular
        if anchor is not None:
            self.anchors[anchor] = value
        return value

    def copy(self, value: Any, depth: int) -> Any:
        """Return what an alias stands for, as values of its own: a tree shares nothing, so nobody has to beware."""
        self.aliased_left -= 1
        if value is _Open or self.aliased_left < 0:
            raise Irregular
        if not isinstance(value, dict | list):
            return value
        if depth > MAX_DEPTH:
            raise Irregular
        if isinstance(value, dict):
            return {key: self.copy(item, depth + 1) for key, item in value.items()}
        return [self.copy(item, depth + 1) for item in value]
