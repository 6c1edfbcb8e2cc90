"""The faster way yet from YAML text to plain values, for files each of whose lines says something by itself.

Such a line is ``key: value``, ``- value``, ``- key: value``, a comment, or ``---``. What it says depends on nothing but its text,
and where that belongs on nothing but the indentation: so what lines say is remembered, as most lines of a fleet were seen before.
A file with any other line is left to ``parse_documents``. What is read here is exactly what it reads.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from sys import intern
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from controller.loading.documents import Document, Irregular, Scalar, resolve

LONGEST: Final = 100_000
"""Bytes of a file that is read here. Each gives an event at most, so none has more events than a file may have."""
LAST_COLUMN: Final = 26
FLOW_DEPTH: Final = 8
"""At most two containers begin at one column, so none is deeper than a container may be."""
_MEMO_LINES: Final = 8_000
_MEMO_CHARACTERS: Final = 128
_MEMO_KEYS: Final = 1_000

_KEY: Final = r"([A-Za-z_][A-Za-z0-9_./-]{0,99}+):"
_QUOTED: Final = r"\"([ !#-\[\]-~]*+)\"|'([ -&(-~]*+)'"
_FIRST: Final = r"[A-Za-z0-9_./$(^+]"
_IN_FLOW: Final = r"!-+\--9;->@-Z\\^-z|~"
_PLAIN: Final = rf"({_FIRST}(?:[!-9;-~]++|:(?=[!-~])| ++(?=[!\"$-~]))*+)"
_FLOW_PLAIN: Final = (
    rf"({_FIRST}(?:[{_IN_FLOW}]++|:(?=[A-Za-z0-9_./-])| ++(?=[{_IN_FLOW}])(?!#))*+)"
)
_LINE: Final = re.compile(
    rf"( *+)(- ++)?+(?:{_KEY}(?: |$) *+)?+(?:{_QUOTED}|{_PLAIN}|([\[{{]) *+)?+"
)
_AFTER_MEMBER: Final = re.compile(r" *+(,?) *+")
_MEMBER: Final = re.compile(
    rf"(?:{_KEY} ++)?(?:(?:{_QUOTED}|{_FLOW_PLAIN}){_AFTER_MEMBER.pattern}|([\[{{]) *+)"
)
_COMMENT: Final = re.compile(r"(?: ++#[ -~]*+| *+)")
_ONLY_COMMENT: Final = re.compile(r" *+(?:#[ -~]*+)?")


Container: TypeAlias = type[dict[str, Any]] | type[list[Any]]


class _Line(NamedTuple):
    """What one line says. ``column`` is that of its key or dash, ``inner`` that of a key behind a dash, else 0.

    ``part_of`` is the type of what it is part of: a list if it has a dash. ``key`` is None where there is none. ``written`` is the
    JSON of a value that is a list or a map, and empty where no value is written, which lines below may give.
    """

    column: int
    inner: int = 0
    part_of: Container = dict
    key: str | None = None
    value: Scalar = None
    written: bytes | None = None


_NOTHING: Final = _Line(-1)
_NEXT_DOCUMENT: Final = _Line(-2)
_NOWHERE: Final[dict[str, Any]] = {}
"""Holds no key whose value could follow."""


class _Lines(dict[str, _Line]):
    """Memo of what lines say. Cleared when full."""

    def __missing__(self, text: str) -> _Line:
        line = _read(text)
        if len(text) <= _MEMO_CHARACTERS:
            if len(self) >= _MEMO_LINES:
                self.clear()
            self[text] = line
        return line


_LINES: Final = _Lines()


def parse_lines(data: bytes) -> tuple[Document, ...] | None:
    """Return what ``parse_documents`` returns for a file of such lines; None for any other file, whether it is regular or not."""
    if len(data) > LONGEST or not data.isascii():
        return None
    try:
        return tuple(_documents(map(_LINES.__getitem__, data.decode("ascii").split("\n"))))
    except Irregular:
        return None


def _documents(lines: Iterator[_Line]) -> Iterator[Document]:
    """Yield the documents; raises Irregular where lines are left to others, or give no map."""
    numbered = enumerate(lines, start=1)
    begun, goes_on = False, True
    while goes_on:
        reader = _Document()
        goes_on = reader.read(numbered, begun=begun)
        value = reader.root.get("")
        if type(value) is not dict:
            raise Irregular
        yield Document(reader.first, value)
        begun = True


class _Document:
    """One document while its lines are read: the containers that are open, outermost first, and their columns.

    ``root`` has the document's value under an empty name; ``first`` is the number of its first line that is no comment.
    """

    __slots__ = ("columns", "containers", "first", "root")

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.first = 0
        self.root: dict[str, Any] = {}
        self.columns: list[int] = [-1]
        self.containers: list[Any] = [self.root]

    def read(self, numbered: Iterator[tuple[int, _Line]], *, begun: bool) -> bool:
        """Read up to the document's end, and tell whether another follows; ``begun`` where ``---`` stood before it."""
        columns, containers = self.columns, self.containers
        # The map whose last key has no value yet, and the key.
        holder, name = self.root, ""
        for number, (column, inner, part_of, key, value, written) in numbered:
            if column < 0:
                if column == _NEXT_DOCUMENT.column:
                    if begun or self.first:
                        return True
                    begun = True
                continue
            if holder is self.root:
                self.first = number
            container = containers[-1]
            if column != columns[-1] or type(container) is not part_of:
                container = self._container(column, part_of, holder, name)
            if inner and key is not None:
                member: dict[str, Any] = {}
                container.append(member)
                container = member
                columns.append(inner)
                containers.append(member)
            # A list or map is new each time: a tree shares nothing.
            made = orjson.loads(written) if written else value
            holder = container if written == b"" else _NOWHERE
            if key is None:
                container.append(made)
            elif key in container:
                raise Irregular
            else:
                container[key], name = made, key
        return False

    def _container(self, column: int, part_of: Container, holder: Any, name: str) -> Any:
        """Return what a line at this column is part of: a container that is open, or a new one as the value of the last key."""
        columns, containers = self.columns, self.containers
        while column < columns[-1] or (
            column == columns[-1] and part_of is dict and type(containers[-1]) is list
        ):
            # A list may stand in the column of the key that it belongs to.
            columns.pop()
            containers.pop()
        container = containers[-1]
        if column == columns[-1] and type(container) is part_of:
            return container
        if holder is not container:
            raise Irregular
        container = holder[name] = part_of()
        columns.append(column)
        containers.append(container)
        return container


def _read(text: str) -> _Line:
    """Return what a line says; raises Irregular for one that is left to others."""
    found = _LINE.match(text)
    assert found is not None, "anything fits"
    indent, dash, key, double, single, plain, opening = found.groups()
    at, column = found.end(), len(indent)
    part_of: Container = dict
    inner = 0
    if dash is not None:
        part_of, inner = list, column + len(dash)
    if key is not None:
        key = _name(key)
    elif dash is None:
        if text == "---":
            return _NEXT_DOCUMENT
        if _ONLY_COMMENT.fullmatch(text):
            return _NOTHING
        raise Irregular
    if column > LAST_COLUMN or inner > LAST_COLUMN:
        raise Irregular
    value, written = None, None
    if opening is not None:
        container, at = _flow(text, at, opening, 1)
        written = orjson.dumps(container)
    elif double is not None or single is not None or plain is not None:
        value = _scalar(double, single, plain)
    elif key is not None:
        written, at = b"", found.end(3) + 1
    else:
        raise Irregular
    if at < len(text) and not _COMMENT.fullmatch(text, at):
        raise Irregular
    return _Line(column, inner, part_of, key, value, written)


@lru_cache(_MEMO_KEYS)
def _name(key: str) -> str:
    """Return a key; raises Irregular for one that is no text."""
    if not isinstance(resolve(key), str):
        raise Irregular
    return intern(key)


def _scalar(double: str | None, single: str | None, plain: str | None) -> Scalar:
    """Return what a scalar means that is written in one of three ways."""
    if plain is not None:
        return resolve(plain)
    return single if double is None else double


def _flow(text: str, at: int, opening: str, depth: int) -> tuple[Any, int]:
    """Return the list or map of one line whose members begin at ``at``, and where it ends."""
    if depth > FLOW_DEPTH:
        raise Irregular
    members: list[Any] = []
    named: dict[str, Any] = {}
    is_map, delimiter = opening == "{", ","
    closing = "}" if is_map else "]"
    while text[at : at + 1] != closing:
        found = _MEMBER.match(text, at)
        if found is None or delimiter != ",":
            raise Irregular
        key, double, single, plain, delimiter, inside = found.groups()
        at = found.end()
        if inside:
            value, at = _flow(text, at, inside, depth + 1)
            after = _AFTER_MEMBER.match(text, at)
            assert after is not None, "anything fits"
            delimiter, at = after[1], after.end()
        else:
            value = _scalar(double, single, plain)
        if is_map and key is not None and key not in named:
            named[_name(key)] = value
        elif is_map or key is not None:
            raise Irregular
        else:
            members.append(value)
    return (named if is_map else members), at + 1
