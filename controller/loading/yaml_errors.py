"""Text that is no YAML, or not entirely regular: every place where it is not, and what to write instead.

Rules as in ``documents``, one by one; what libyaml says is put in other words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from controller.kinds.language.kind import Path
from controller.loading.covered import NOTHING, CoveredNames
from controller.loading.documents import (
    LIST_TAGS,
    MAP_TAGS,
    MAX_ALIASED_VALUES,
    MAX_DEPTH,
    MERGE_KEY,
    IrregularScalar,
    cut,
    events_of,
    is_nothing,
    quoted,
    resolve,
    resolve_tagged,
    short_tag,
    shown,
    yaml_type,
)
from controller.loading.positions import TOP, Place, Spot
from controller.model.closest import closest


class TextFinding(NamedTuple):
    """A problem before its excerpt is cut. ``length`` None marks the rest of the line."""

    place: Place
    length: int | None
    path: Path
    message: str
    fix: str | None
    hidden: bool = False
    """Whether what stands there may be a secret."""


_Weight = tuple[int, int]
"""What an alias brings along: values with all inside, and levels of containers."""


class _Enough(Exception):
    """Reading on would not help the author: there are many problems already, or the text is hostile."""


_SCALAR: Final = (1, 0)
_OPEN: Final = (0, 0)
"""The weight of an anchored container that is still being read."""

_MAX_SUGGESTED_FROM: Final = 1000
"""With more anchors than this the nearest one is not looked for."""

_CONTAINERS: Final = {MappingStartEvent: "a map", SequenceStartEvent: "a list"}
_UNTAG: Final = "remove the tag"
_TEMPLATE: Final = (
    "'{{' begins a template of another tool, which envctl does not fill in",
    "write the value, put it in quotes if the braces belong to it, or name the file in .envctlignore",
)
_NO_DIRECTIVES: Final = ("directives are not accepted", "remove the lines that begin with '%'")
_SECRET_FAULT: Final = ("this is no text as it is written", "put it in quotes, without a tag")


def find_yaml_errors(
    plain: bytes, text: str, limit: int, secret_names: CoveredNames = NOTHING
) -> list[TextFinding]:
    """Return what ``parse_documents`` refuses in the readable ``text`` of the bytes ``plain``, as it is met.

    One more than ``limit`` means that there may be others. After an error of syntax nothing more is looked at.
    No message repeats the value of a field of ``secret_names``.
    """
    walk = _Walk(events_of(plain), limit, secret_names)
    fault = None
    try:
        if not walk.documents():
            found = "only comments" if text.strip() else "nothing"
            message = f"the file holds {found}; expected at least one document"
            fault = TextFinding(TOP, None, (), message, "write one, or delete the file")
    except YAMLError as error:
        fault = explain(error, text)
    except ValueError:
        fault = TextFinding(walk.last.start_mark, 1, (), "a tag after this is no text", _UNTAG)
    except StopIteration:
        message = "the file holds too many values; it was read up to here"
        fault = TextFinding(walk.last.start_mark, 1, (), message, "split it into several files")
    except _Enough:
        pass
    return walk.findings if fault is None else [*walk.findings, fault]


@dataclass(slots=True)
class _Walk:
    """Reads all events of a file and keeps what is wrong with them."""

    events: Iterator[Any]
    limit: int
    secret_names: CoveredNames
    findings: list[TextFinding] = field(default_factory=list)
    last: Any = None
    anchors: dict[str, _Weight] = field(default_factory=dict)
    aliased_left: int = MAX_ALIASED_VALUES

    def add(
        self,
        event: Any,
        path: Path,
        message: str,
        fix: str | None,
        length: int | None = None,
        *,
        hidden: bool = False,
    ) -> None:
        self.findings.append(TextFinding(event.start_mark, length, path, message, fix, hidden))
        if len(self.findings) > self.limit:
            raise _Enough

    def documents(self) -> int:
        """Read all documents; return how many there are."""
        self.last = next(self.events)
        count = 0
        while type(opening := next(self.events)) is not StreamEndEvent:
            count += 1
            self.last = opening
            if opening.version or opening.tags is not None:
                self.add(opening, (), *_NO_DIRECTIVES)
            start = next(self.events)
            if type(start) is not MappingStartEvent and not is_nothing(start):
                self.add(start, (), *_no_map(start), hidden=True)
            if type(start) is not ScalarEvent:
                self.node(start, (), 1)
            next(self.events)
            self.anchors.clear()
        return count

    def node(self, event: Any, path: Path, depth: int) -> _Weight:
        self.last = event
        if type(event) is AliasEvent:
            return self.alias(event, path, depth)
        anchor = event.anchor
        if anchor is not None:
            if anchor in self.anchors:
                message = f"the anchor {shown(anchor)} is there twice in this document"
                fix = "give each anchor a name of its own"
                self.add(event, path, message, fix, len(anchor) + 1)
            self.anchors[anchor] = _OPEN
        weight = self.content(event, path, depth)
        if anchor is not None:
            self.anchors[anchor] = weight
        return weight

    def content(self, event: Any, path: Path, depth: int) -> _Weight:
        if type(event) is ScalarEvent:
            self.scalar(event, path)
            return _SCALAR
        if depth > MAX_DEPTH:
            self.add(event, path[:3], f"nested deeper than {MAX_DEPTH} levels", "write it flatter")
            # libyaml takes quadratic time for what is open, so a hostile file must not be read on.
            raise _Enough
        is_map = type(event) is MappingStartEvent
        if event.tag not in (MAP_TAGS if is_map else LIST_TAGS):
            expected = "a plain map" if is_map else "a plain list"
            message = f"unknown tag {shown(short_tag(event.tag))}; expected {expected}"
            self.add(event, path, message, _UNTAG, 1)
        parts = self.mapping(path, depth) if is_map else self.sequence(path, depth)
        return 1 + parts[0], 1 + parts[1]

    def mapping(self, path: Path, depth: int) -> _Weight:
        first: dict[str, Place] = {}
        values = levels = 0
        while type(event := next(self.events)) is not MappingEndEvent:
            name, regular = self.key(event, path, depth)
            earlier = first.setdefault(name, event.start_mark) if regular else event.start_mark
            if earlier is not event.start_mark:
                message = f"duplicate key {shown(name)}, first written on line {earlier.line + 1}, column {earlier.column + 1}"
                self.add(event, (*path, name), message, "keep one of the two", _length(event))
            part = self.node(next(self.events), (*path, name), depth + 1)
            values, levels = values + part[0], max(levels, part[1])
        return values, levels

    def sequence(self, path: Path, depth: int) -> _Weight:
        values = levels = position = 0
        while type(event := next(self.events)) is not SequenceEndEvent:
            part = self.node(event, (*path, position), depth + 1)
            values, levels, position = values + part[0], max(levels, part[1]), position + 1
        return values, levels

    def key(self, event: Any, path: Path, depth: int) -> tuple[str, bool]:
        """Return a key's text, and whether it may be one."""
        if type(event) is not ScalarEvent:
            found = _CONTAINERS.get(type(event), "an alias")
            # Of a template the one brace comes right after the other.
            is_template = event.start_mark.index == self.last.start_mark.index + 1
            fault = (f"a key must be text, found {found}", "write the key as text")
            self.add(event, path, *(_TEMPLATE if is_template and found == "a map" else fault), 1)
            self.node(event, path, depth + 1)
            return "?", False
        name: str = event.value
        for sort, mark in (("an anchor", event.anchor), ("a tag", event.tag)):
            if mark is not None:
                message = f"a key cannot carry {sort}"
                self.add(event, (*path, name), message, "write the key alone", 1)
        if event.anchor is not None:
            self.anchors.setdefault(event.anchor, _SCALAR)
        is_plain = not event.style and event.anchor is None and event.tag is None
        message, fix = _plain_key_fault(name) if is_plain else ("", "")
        if message:
            self.add(event, (*path, name), message, fix, _length(event))
        return name, not message

    def scalar(self, event: Any, path: Path) -> None:
        try:
            if event.tag is not None:
                resolve_tagged(event.value, event.tag, plain=not event.style)
            elif not event.style:
                resolve(event.value)
        except IrregularScalar as fault:
            self.add(event, path, *self.safe(path, fault.message, fault.fix), _length(event))

    def safe(self, path: Path, message: str, fix: str | None) -> tuple[str, str | None]:
        """Return what can be said of a value at a path, without the value where it must not be shown."""
        hides = any(isinstance(step, str) and self.secret_names.cover(step) for step in path)
        return _SECRET_FAULT if hides else (message, fix)

    def alias(self, event: Any, path: Path, depth: int) -> _Weight:
        known = self.anchors.get(event.anchor)
        fault, weight = self.alias_fault(event.anchor, known, depth), known or _SCALAR
        if fault is not None:
            # Only the anchor's name is said; it matters where the field is a secret one.
            hides = not self.secret_names.secret.isdisjoint(path)
            said = _SECRET_FAULT if hides else fault
            self.add(event, path, *said, len(event.anchor) + 1)
        else:
            self.aliased_left -= weight[0]
        return weight

    def alias_fault(self, name: str, weight: _Weight | None, depth: int) -> tuple[str, str] | None:
        """Return what is wrong with an alias and what to write; None if it may stand there."""
        if weight is None:
            fix = f"write '&{name}' where the value is first written"
            if len(self.anchors) <= _MAX_SUGGESTED_FROM and (near := closest(name, self.anchors)):
                fix = f"did you mean '*{near}'?"
            return f"there is no anchor {shown(name)} above in this document", fix
        if weight is _OPEN:
            return f"the alias '*{cut(name)}' stands inside what it means", "write the value out"
        if depth + weight[1] - 1 > MAX_DEPTH:
            fault = f"nested deeper than {MAX_DEPTH} levels by the alias '*{cut(name)}'"
            return fault, "write it flatter"
        if weight[0] > self.aliased_left >= 0:
            self.aliased_left = -1
            fault = f"the aliases of this file stand for more than {MAX_ALIASED_VALUES} values"
            return fault, "write the values out, or use a Defaults document"
        return None


def _length(event: Any) -> int:
    return int(event.end_mark.index - event.start_mark.index)


def _no_map(event: Any) -> tuple[str, str]:
    """Say what stands in a map's place at the top of a document."""
    expected = "expected a map with apiVersion, kind, metadata and spec"
    if type(event) is not ScalarEvent:
        fix = "write each object as a document of its own, with '---' between them"
        return f"{expected}, found a list", fix
    return f"{expected}, found text", "write 'key: value' lines"


def _plain_key_fault(name: str) -> tuple[str, str]:
    """Say what is wrong with an unquoted key and what to write; the message is empty if nothing is."""
    if name == MERGE_KEY:
        return "merge keys are not accepted", "write the fields out, or use a Defaults document"
    try:
        value = resolve(name)
    except IrregularScalar as fault:
        return fault.message, fault.fix
    if isinstance(value, str):
        return "", ""
    return f"a key must be text, found {yaml_type(value)}", f"quote it: {quoted(name)}"


_QUOTE: Final = "put the text in quotes"
_CLOSE: Final = "close them; a quote inside 'single quotes' is written twice"
_LINE_UP: Final = "indent it exactly as the others"
_TAB: Final = ("a tab cannot indent YAML", "indent with spaces")
_AT_OPENING: Final = {
    "found unexpected end of stream": ("the quotes opened here are never closed", _CLOSE),
    "found unexpected document indicator": ("these quotes are not closed in this document", _CLOSE),
    "could not find expected ':'": (
        "expected ':' after this key",
        "write 'key: value', or indent the text to continue the value above",
    ),
}
_AT_FAULT: Final = {
    "mapping values are not allowed in this context": (
        "a ':' is not expected here",
        "quote the text if the ':' belongs to it; else check the indentation of this line and the one above",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here",
        "begin it on a line of its own, or write it as [a, b]",
    ),
    "mapping keys are not allowed in this context": ("a '?' cannot stand here", _QUOTE),
    "found unknown escape character": (
        "this escape is unknown in double quotes",
        "write \\\\ for a backslash, or use single quotes",
    ),
    "found invalid Unicode character escape code": (
        "this escape is no character",
        "write the character itself, or \\\\ for a backslash",
    ),
    "did not find expected hexdecimal number": (
        "expected hexadecimal digits after \\x, \\u or \\U",
        "complete the escape, or write \\\\ for a backslash",
    ),
    "did not find expected comment or line break": (
        "expected the end of the line after '|' or '>'",
        "begin the text on the next line, or quote it",
    ),
    "found an indentation indicator equal to 0": (
        "a text block cannot be indented by 0",
        "remove the digit after '|' or '>'",
    ),
    "did not find expected key": ("expected a key, lined up with those above", _LINE_UP),
    "did not find expected '-' indicator": (
        "expected '-', lined up with those above",
        "continue the list, or indent this line less",
    ),
    "did not find expected ',' or ']'": (
        "expected ',' or ']'",
        "close the list, or quote text that holds brackets or commas",
    ),
    "did not find expected ',' or '}'": (
        "expected ',' or '}'",
        "close the map, or quote text that holds braces or commas",
    ),
    "did not find expected node content": (
        "a value is expected here",
        "write one, or remove what is too much",
    ),
    "did not find expected <document start>": (
        "expected '---' before another document",
        "write '---' on a line of its own, or remove this",
    ),
    "did not find expected alphabetic or numeric character": (
        "'*' and '&' begin an alias and an anchor, and a name must follow",
        f"{_QUOTE} if it begins with '*' or '&'",
    ),
    "found unknown directive name": _NO_DIRECTIVES,
    "found incompatible YAML document": _NO_DIRECTIVES,
    "found duplicate %YAML directive": _NO_DIRECTIVES,
    "found undefined tag handle": ("unknown tag", f"remove it, or {_QUOTE} if it begins with '!'"),
}
_BESIDE: Final = {"did not find expected key", "did not find expected '-' indicator"}
_AFTER_VALUE: Final = (
    "the value ends before this, yet the line goes on",
    "quote the text as a whole; a quote inside 'single quotes' is written twice",
)
_TAB_INDENT: Final = re.compile(r" *(\t+)")


def explain(error: Any, text: str) -> TextFinding:
    """Reword an error that libyaml's scanner or parser raised about ``text``."""
    place: Place = error.problem_mark
    opening: Place | None = error.context_mark
    said: str = error.problem
    tab = _TAB_INDENT.match(text, place.index - place.column)
    if (tab and tab.end() >= place.index) or "found a tab character" in said:
        start = tab.start(1) if tab else place.index
        column = place.column + start - place.index
        return TextFinding(Spot(place.line, column, start), 1, (), *_TAB)
    if said == "found character that cannot start any token":
        return TextFinding(place, 1, (), f"a text cannot begin with {text[place.index]!r}", _QUOTE)
    if opening is not None and said in _AT_OPENING:
        return TextFinding(opening, 1, (), *_AT_OPENING[said])
    if said in _BESIDE and text[place.index - place.column : place.index].strip(" -"):
        return TextFinding(place, 1, (), *_AFTER_VALUE)
    message, fix = _AT_FAULT.get(
        said, (f"not YAML: {said}", "quote the text here, or check brackets and indentation")
    )
    if opening is not None and said.startswith("did not find expected ',' or"):
        message += f" for what was opened on line {opening.line + 1}, column {opening.column + 1}"
    return TextFinding(place, 1, (), message, fix)
