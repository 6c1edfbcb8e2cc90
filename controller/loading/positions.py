"""Where in a file a value was written. Only asked when a problem is to be shown."""

import codecs
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from controller.loading.documents import MAX_DEPTH, events_of
from controller.loading.excerpts import TOP, Place, covered, excerpt
from controller.loading.scalars import printable
from controller.model.ref import Excerpt, Origin

_NO_NAME: Final = -1
"""Stands for a key that is no text, which nothing can ask for."""

_NO_PARTS: "Final[dict[str | int, _Node]]" = {}
"""What scalars have, all the same one; it stays empty."""


class Position(NamedTuple):
    """A place as people count, from 1, with the line it stands in."""

    line: int
    column: int
    excerpt: Excerpt

    def origin(self, path: str) -> Origin:
        """Return it as the origin of something in the file ``path``."""
        return Origin(path, self.line, self.column)


class _Node(NamedTuple):
    """Where a value and what names it were written, and the same for its parts by key or position.

    The label of a value is its key; an item of a list and a document are their own. A length of None goes to the end
    of the line.
    """

    start: Place
    length: int | None
    label: Place
    label_length: int | None
    parts: "dict[str | int, _Node]"


class Positions:
    """The places of everything in one file. Reads the text once and answers any number of questions.

    It reads irregular text too, as far as it goes.
    """

    def __init__(self, data: bytes, secret_names: frozenset[str] = frozenset()) -> None:
        """Take the text as it was given to ``parse_documents``; no excerpt shows a value of a field of those names."""
        plain = data.removeprefix(codecs.BOM_UTF8)
        self._text = covered(plain.decode(errors="replace"), secret_names)
        self._documents = _Composer(plain).documents()

    def locate(
        self, document_index: int, path: Sequence[str | int], *, key: bool = False
    ) -> Position:
        """Return where the value at ``path`` stands, or with ``key`` its key.

        What is not in the document is looked for at the key of its nearest parent that is, or at the document's
        first key; what has a short form, at the short form. What was written by alias is where its anchor is.
        """
        if document_index >= len(self._documents):
            return self._position(TOP, None)
        node = self._documents[document_index]
        if not path:
            node = next(iter(node.parts.values()), node)
            return self._position(node.label, node.label_length)
        for step in path:
            if step not in node.parts:
                if node.parts is _NO_PARTS and node.length:
                    # A short form: the value stands for all of its parts.
                    return self._position(node.start, node.length)
                top = next(iter(node.parts.values()), node) if step is path[0] else node
                return self._position(top.label, top.label_length)
            node = node.parts[step]
        if key or node.length == 0:
            return self._position(node.label, node.label_length)
        return self._position(node.start, node.length)

    def _position(self, start: Place, length: int | None) -> Position:
        return Position(start.line + 1, start.column + 1, excerpt(self._text, start, length))


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as people read it: ``spec.roles[0].ami``. Long keys are cut, unprintable ones escaped."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{printable(step)}" for step in path)
    return "".join(steps).removeprefix(".")


class _Composer:
    """Builds the tree of nodes from events. A node is filed before it is filled, so what was read before an error stays."""

    def __init__(self, text: bytes) -> None:
        self.events: Iterator[Any] = events_of(text)
        self.anchors: dict[str, _Node] = {}
        self.roots: list[_Node] = []

    def documents(self) -> list[_Node]:
        # What makes the text irregular is told by the text problems; here what could be read is all there is.
        with suppress(YAMLError, ValueError, StopIteration):
            next(self.events)
            while type(next(self.events)) is not StreamEndEvent:
                start = next(self.events)
                self.roots.append(self.file(start, start))
                self.fill(start, self.roots[-1], 1)
                next(self.events)
                self.anchors.clear()
        return self.roots

    def file(self, event: Any, label: Any) -> _Node:
        where = (event.start_mark, _length(event), label.start_mark, _length(label))
        anchor = event.anchor
        if type(event) is AliasEvent:
            known = self.anchors.get(anchor)
            return (
                _Node(*where, {}) if known is None else _Node(*known[:2], *where[2:], known.parts)
            )
        node = _Node(*where, _NO_PARTS if type(event) is ScalarEvent else {})
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def fill(self, event: Any, node: _Node, depth: int) -> None:
        if not isinstance(event, CollectionStartEvent):
            return
        if depth > MAX_DEPTH:
            raise StopIteration
        if type(event) is MappingStartEvent:
            while type(key := next(self.events)) is not MappingEndEvent:
                if type(key) is not ScalarEvent:
                    self.fill(key, self.file(key, key), depth + 1)
                value = next(self.events)
                self.part(
                    node, key.value if type(key) is ScalarEvent else _NO_NAME, value, key, depth
                )
        else:
            while type(item := next(self.events)) is not SequenceEndEvent:
                self.part(node, len(node.parts), item, item, depth)

    def part(self, node: _Node, name: str | int, event: Any, label: Any, depth: int) -> None:
        child = self.file(event, label)
        node.parts[name] = child
        self.fill(event, child, depth + 1)


def _length(event: Any) -> int | None:
    length: int = event.end_mark.index - event.start_mark.index
    return length if isinstance(event, ScalarEvent) else None
