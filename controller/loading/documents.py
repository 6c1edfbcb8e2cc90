"""The fast way from YAML text to plain values, for text without a single irregularity.

It reads the event stream of libyaml and builds dicts, lists and scalars straight from it. What is not
entirely regular raises Irregular with no more said; ``find_text_problems`` reads the same text again and says all.
"""

import codecs
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from controller.loading.scalars import (
    MERGE_KEY,
    Irregular,
    Scalar,
    is_core_tag,
    resolve,
    resolve_tagged,
)

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


class _PlainValues(dict[str, Scalar]):
    """Memo of what plain scalars mean: the same few texts come again and again. Cleared when full."""

    def __missing__(self, text: str) -> Scalar:
        return _keep(self, text, resolve(text))


class _PlainKeys(dict[str, str]):
    """Memo of plain scalars that may be keys, so that equal keys are one string. Cleared when full."""

    def __missing__(self, text: str) -> str:
        if text == MERGE_KEY or not isinstance(resolve(text), str):
            raise Irregular
        return _keep(self, text, text)


def _keep(memo: dict[str, V], text: str, value: V) -> V:
    if len(text) <= _MEMO_CHARACTERS:
        if len(memo) >= _MEMO_ENTRIES:
            memo.clear()
        memo[text] = value
    return value


_VALUES: Final = _PlainValues()
_KEYS: Final = _PlainKeys()


def parse_documents(data: bytes) -> tuple[Document, ...]:
    """Return the documents of a YAML file, each a mapping.

    Raises Irregular for anything ``find_text_problems`` would report, and for nothing else.
    """
    if len(data) > MAX_BYTES:
        raise Irregular
    text = data.removeprefix(codecs.BOM_UTF8)
    try:
        if not text.isascii() and INVISIBLE.search(text.decode()):
            raise Irregular
        documents = tuple(_Reader(events_of(text)).documents())
    except (YAMLError, ValueError, StopIteration):
        # ValueError: bytes that are no UTF-8, also behind the percent signs of a tag. StopIteration: too many events.
        raise Irregular from None
    if not documents:
        raise Irregular
    return documents


def events_of(text: bytes) -> Iterator[Any]:
    """Return the events of libyaml, never more than ``MAX_EVENTS``; reading them may raise YAMLError."""
    return islice(iter(CParser(text).get_event, None), MAX_EVENTS)


class _Reader:
    """Builds values from events. A container's depth is 1 at the top of a document.

    The type of an event is asked before its attributes: an attribute read that always meets one class is one that
    the interpreter specialises, and that is a tenth of the whole time.
    """

    __slots__ = ("aliased_left", "anchors", "events")

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.anchors: dict[str, Any] = {}
        self.aliased_left = MAX_ALIASED_VALUES

    def documents(self) -> list[Document]:
        events: Iterator[Any] = self.events
        documents: list[Document] = []
        next(events)
        while type(opening := next(events)) is not StreamEndEvent:
            if opening.version or opening.tags is not None:
                raise Irregular
            start = next(events)
            line = start.start_mark.line + 1
            if type(start) is not MappingStartEvent:
                raise Irregular
            documents.append(Document(line, self.node(start, 1)))
            next(events)
            self.anchors.clear()
        return documents

    def mapping(self, depth: int) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise Irregular
        values, keys, below = _VALUES, _KEYS, depth + 1
        events = self.events
        result: dict[str, Any] = {}
        for event in events:
            if type(event) is not ScalarEvent:
                if type(event) is MappingEndEvent:
                    return result
                raise Irregular
            if event.anchor is not None or event.tag is not None:
                raise Irregular
            key = event.value if event.style else keys[event.value]
            if key in result:
                raise Irregular
            item = next(events)
            kind = type(item)
            if kind is ScalarEvent and item.anchor is None and item.tag is None:
                result[key] = item.value if item.style else values[item.value]
            elif kind is MappingStartEvent and item.anchor is None and item.tag is None:
                result[key] = self.mapping(below)
            else:
                result[key] = self.node(item, below)
        raise Irregular

    def sequence(self, depth: int) -> list[Any]:
        if depth > MAX_DEPTH:
            raise Irregular
        values, below = _VALUES, depth + 1
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
                value = _VALUES[event.value] if plain else event.value
        elif type(event) is MappingStartEvent:
            if not is_core_tag(event.tag, "map"):
                raise Irregular
            value = self.mapping(depth)
        elif is_core_tag(event.tag, "seq"):
            value = self.sequence(depth)
        else:
            raise Irregular
        if anchor is not None:
            self.anchors[anchor] = value
        return value

    def copy(self, value: Any, depth: int) -> Any:
        """Return what an alias stands for, as values of its own: a tree shares nothing, so nobody has to beware."""
        if value is _Open:
            raise Irregular
        self.aliased_left -= 1
        if self.aliased_left < 0:
            raise Irregular
        if isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise Irregular
            if isinstance(value, dict):
                return {key: self.copy(item, depth + 1) for key, item in value.items()}
            return [self.copy(item, depth + 1) for item in value]
        return value
