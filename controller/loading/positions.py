"""Where in a file a value was written: in a document, in the defaults of its roles, or in a folder's Defaults; and the line there.

Only asked when a problem or an edit is to be shown. A line is safe to print and short enough to read, its sensitive values covered.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from controller.loading.covered import CoveredNames, covered
from controller.loading.documents import MAX_BYTES, MAX_DEPTH, events_of, printable
from controller.loading.envelope import FolderDefaults, ParsedFile, folder_of
from controller.model.canonical import parse_canonical
from controller.model.ref import Excerpt, Origin

MAX_CHARACTERS: Final = 110
"""A longer line is cut around the caret."""

_BEFORE_CARET: Final = 40
_LINE_END: Final = re.compile("[\n\r\x85\u2028\u2029]")
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_TAB: Final = "→"
_STRANGER: Final = "\ufffd"


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


_NO_NAME: Final = -1
"""Stands for a key that is no text, which nothing can ask for."""

_NO_PARTS: "Final[dict[str | int, _Node]]" = {}
"""What scalars have, all the same one; it stays empty."""

_END_OF: Final = {MappingStartEvent: MappingEndEvent, SequenceStartEvent: SequenceEndEvent}


class Position(NamedTuple):
    """A place in a file, and how many characters of it are meant; a length of None goes to the end of the line."""

    file: "Positions"
    start: Place
    length: int | None

    @property
    def excerpt(self) -> Excerpt:
        """The line it stands in."""
        return excerpt(self.file.shown, self.start, self.length)

    def origin(self, path: str) -> Origin:
        """Return it as the origin of something in the file ``path``: line and column as people count, from 1."""
        return Origin(path, self.start.line + 1, self.start.column + 1)


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

    def __init__(
        self, data: bytes, secret_names: Callable[[], CoveredNames] = CoveredNames
    ) -> None:
        """Take the text as it was given to ``parse_documents``; no excerpt shows a value of a field of those names."""
        self._plain, self._secret_names = data.removeprefix(codecs.BOM_UTF8), secret_names
        self._events: Iterator[Any] = events_of(self._plain)
        self._anchors: dict[str, _Node] = {}
        self._documents: list[_Node] = []
        # What makes the text irregular is told by the text problems; here what could be read is all there is.
        with suppress(YAMLError, ValueError, StopIteration):
            next(self._events)
            while type(next(self._events)) is not StreamEndEvent:
                start = next(self._events)
                self._documents.append(self._file(start, start))
                self._fill(start, self._documents[-1], 1)
                next(self._events)
                self._anchors.clear()

    @cached_property
    def shown(self) -> str:
        """The text as excerpts show it."""
        return covered(self._plain.decode(errors="replace"), self._secret_names())

    def locate(
        self, document_index: int, path: Sequence[str | int], *, key: bool = False
    ) -> Position:
        """Return where the value at ``path`` stands, or with ``key`` its key.

        What is not in the document is looked for at the key of its nearest parent that is, or at the document's
        first key; what has a short form, at the short form. What was written by alias is where its anchor is.
        """
        if document_index >= len(self._documents):
            return Position(self, TOP, None)
        node = self._documents[document_index]
        if not path:
            node, key = next(iter(node.parts.values()), node), True
        for step in path:
            if step not in node.parts:
                # A short form: the value stands for all of its parts.
                key = not (node.parts is _NO_PARTS and node.length)
                if key and step is path[0]:
                    node = next(iter(node.parts.values()), node)
                break
            node = node.parts[step]
        if key or node.length == 0:
            return Position(self, node.label, node.label_length)
        return Position(self, node.start, node.length)

    # A node is filed before it is filled, so what was read before an error stays.

    def _file(self, event: Any, label: Any) -> _Node:
        where = (event.start_mark, _length(event), label.start_mark, _length(label))
        anchor = event.anchor
        if type(event) is AliasEvent:
            known = self._anchors.get(anchor)
            return (
                _Node(*where, {}) if known is None else _Node(*known[:2], *where[2:], known.parts)
            )
        node = _Node(*where, _NO_PARTS if type(event) is ScalarEvent else {})
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _fill(self, event: Any, node: _Node, depth: int) -> None:
        if not isinstance(event, CollectionStartEvent):
            return
        if depth > MAX_DEPTH:
            raise StopIteration
        is_map, end = type(event) is MappingStartEvent, _END_OF[type(event)]
        while type(label := next(self._events)) is not end:
            name: str | int = len(node.parts)
            value = label
            if is_map:
                name = label.value if type(label) is ScalarEvent else _NO_NAME
                if name == _NO_NAME:
                    self._fill(label, self._file(label, label), depth + 1)
                value = next(self._events)
            node.parts[name] = self._file(value, label)
            self._fill(value, node.parts[name], depth + 1)


def _length(event: Any) -> int | None:
    length: int = event.end_mark.index - event.start_mark.index
    return length if isinstance(event, ScalarEvent) else None


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as people read it: ``spec.roles[0].ami``. Long keys are cut, unprintable ones escaped."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{printable(step)}" for step in path)
    return "".join(steps).removeprefix(".")


FieldPath = tuple[str | int, ...]

ROLE_DEFAULTS = ("spec", "roleDefaults")
ROLES = ("spec", "roles")


@dataclass(frozen=True, slots=True)
class Written:
    """A place in terms of documents: which file, which document of it, which path inside."""

    path: str
    index: int
    field: FieldPath


_MAX_READ_BYTES: Final = MAX_BYTES
"""A file of this length takes a second, and 100 MB; the last may be as long again."""
_MAX_KEPT_BYTES: Final = 256 * 1024
"""The places of a longer file are not kept beside those of others."""


class FieldOrigins:
    """Answers for one revision. Texts are read again only for files that are asked about."""

    def __init__(
        self,
        files: Mapping[str, str],
        parsed: Mapping[str, ParsedFile],
        text_of: Callable[[str], bytes],
        secret_names: Callable[[], CoveredNames] = CoveredNames,
    ) -> None:
        """Take the files (path -> content id), what they say, and a way to get a file's text by its content id.

        Excerpts do not show the values of fields of ``secret_names``.
        """
        self._files, self._parsed, self._text_of = files, parsed, text_of
        self._secret_names = secret_names
        self._positions: dict[str, Positions] = {}
        self._bodies: dict[tuple[str, int], dict[str, Any]] = {}
        self._read_bytes = self._body_bytes = 0
        self._defaults = FolderDefaults(files, parsed)

    def has(self, path: str) -> bool:
        """Tell whether a path is that of a file."""
        return path in self._files

    def written(self, path: str, index: int, field: FieldPath) -> Written:
        """Say where a field of an effective document comes from; the document itself where nobody else gives it."""
        candidates = [field]
        if field[:2] == ROLES and len(field) > 3:
            candidates.append((*ROLE_DEFAULTS, *field[3:]))
        for candidate in candidates:
            if _has(self._body(path, index), candidate):
                return Written(path, index, candidate)
        documents = self._parsed[self._files[path]].documents
        if field[:1] == ("spec",) and len(field) > 1 and index < len(documents):
            for document in reversed(self._defaults.over(folder_of(path))):
                for candidate in candidates:
                    place = ("spec", documents[index].kind, *candidate[1:])
                    if _has(self._body(document.origin.path, document.index), place):
                        return Written(document.origin.path, document.index, place)
        return Written(path, index, field)

    def is_cheap(self, path: str) -> bool:
        """Tell whether places in a file are known, or found within the time that people are promised."""
        return path in self._positions or self._read_bytes < _MAX_READ_BYTES

    def position(self, written: Written, *, key: bool = False) -> Position:
        """Return line, column and excerpt of a place."""
        if written.path not in self._positions:
            text = self._text_of(self._files[written.path])
            self._read_bytes += len(text)
            if len(text) > _MAX_KEPT_BYTES:
                self._positions.clear()
            self._positions[written.path] = Positions(text, self._secret_names)
        return self._positions[written.path].locate(written.index, written.field, key=key)

    def origin(self, path: str, index: int, field: FieldPath, *, key: bool = False) -> Origin:
        """Return file, line and column of a field of an effective document."""
        written = self.written(path, index, field)
        return self.position(written, key=key).origin(written.path)

    def _body(self, path: str, index: int) -> dict[str, Any]:
        if (path, index) not in self._bodies:
            documents = self._parsed[self._files[path]].documents
            body = documents[index].body if index < len(documents) else b"{}"
            self._body_bytes += len(body)
            if self._body_bytes > _MAX_READ_BYTES:
                self._bodies.clear()
                self._body_bytes = len(body)
            self._bodies[path, index] = parse_canonical(body)
        return self._bodies[path, index]


def _has(value: Any, path: FieldPath) -> bool:
    for step in path:
        if isinstance(value, dict):
            if step not in value:
                return False
        elif not isinstance(value, list) or not isinstance(step, int) or step >= len(value):
            return False
        value = value[step]
    return True
