"""YAML text as it may be shown: values that may be secrets are covered, and nothing moves.

It works on the text alone, as what is shown may be no YAML at all. Rather too much is covered than too little.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_STAR: Final = "*"
_PIECES: Final = 1000

_QUOTED: Final = r"\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'(?:[^']|'')*(?:'|\Z)"
_NAME: Final = (
    r"\"(?:[^\"\\\r\n]|\\.)*\"|'[^'\r\n]*'|[^\s\[\]{}:,#\"'](?:[^:{}\[\],\r\n]*[^\s:{}\[\],])?"
)
_KEY: Final = re.compile(
    rf"(?:^(?P<indent>[ ]*)(?P<dashes>(?:-[ \t]+)*+)(?P<asked>\?[ \t]+)?|(?P<flow>[{{,\[])\s*(?:\?\s+)?)"
    rf"(?:[&!][^\s,\[\]{{}}]*\s+)*+(?P<name>{_NAME})"
    rf"(?(flow)\s*|(?(asked)[ \t]*(?:\r?\n[ \t]*)?|[ \t]*)):",
    re.MULTILINE,
)
_ANCHOR: Final = re.compile(r"(?<![^\s\[{,:])&[^\s,\[\]{}]+[ \t]+(?=[^\s])")
_PROPERTIES: Final = re.compile(r"\s*(?:[&!][^\s,\[\]{}]*\s+)*+")
_FLOW_MAP: Final = re.compile(rf"{_PROPERTIES.pattern}\{{")
_IN_FLOW: Final = re.compile(rf"{_QUOTED}|[^,\]}}\r\n]*")
_BRACKETS: Final = re.compile(rf"{_QUOTED}|[\[\]{{}}]")
_REST: Final = re.compile(r"[^\r\n]*")
_BELOW: Final = re.compile(
    r"\r?\n(?:(?P<empty>[ \t]*)(?=\r?\n|\Z)|(?P<indent>[ ]*)(?P<text>[^\r\n]+))"
)
_HOLDS_KEY: Final = re.compile(rf"(?:-[ \t]+)*+(?:\?[ \t]|(?:{_NAME})[ \t]*:(?:[ \t]|\Z))")
_EMPTY: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?\Z")


class CoveredNames(NamedTuple):
    """Which fields are shown. Where no name is known, all but the secret ones are."""

    secret: frozenset[str] = frozenset()
    """Names whose values are not shown, in whatever case they are written."""
    known: frozenset[str] = frozenset()
    """Names of fields there are; any other may be meant for a secret one."""
    holders: frozenset[str] = frozenset()
    """Names of fields that hold a map with secrets: what stands in the map's place may be one."""

    @property
    def folded(self) -> frozenset[str]:
        """The secret names in one case."""
        return frozenset(map(str.casefold, self.secret))

    def cover(self, name: str) -> bool:
        """Tell whether the value of a field of this name may be a secret."""
        unknown = bool(self.secret and self.known) and name not in self.known
        return unknown or name.casefold() in self.folded


NOTHING: Final = CoveredNames()


def covered(text: str, names: CoveredNames) -> str:
    """Return YAML text with a star for every character of a value that may be a secret, so that places stay where they are.

    Those are the values of secret names and of names that are none, with all that goes on below, and what anchors stand before.
    """
    if not names.secret:
        return text
    text = _starred(text, _values(text, names))
    return _starred(text, _anchored(text)) if names.known and "&" in text else text


def _values(text: str, names: CoveredNames) -> Iterator[tuple[int, int]]:
    """Yield where values stand that may be secrets by their names, in ascending order."""
    secret = names.folded
    at = 0
    while found := _KEY.search(text, at):
        at = found.end()
        name = found["name"]
        if name[:1] in {'"', "'"}:
            name = name[1:-1]
        is_secret = name.casefold() in secret
        held = name in names.holders and not _FLOW_MAP.match(text, at)
        if is_secret or held or (names.known and name not in names.known):
            end = _end_of_value(text, at, found, whole=is_secret)
            yield at, end
            at = max(at, end)


def _anchored(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while anchor := _ANCHOR.search(text, at):
        at = _end_of_anchored(text, anchor)
        yield anchor.end(), at


def _end_of_value(text: str, at: int, found: re.Match[str], *, whole: bool) -> int:
    """Return where the value of a key ends that ends at ``at``."""
    if found["flow"] is not None:
        return _end_in_flow(text, at)
    line = _REST.match(text, at)
    assert line is not None, "anything fits"
    indent, dashed = len(found["indent"]), not found["dashes"]
    if whole or not _EMPTY.match(line[0]):
        return _end_below(text, line.end(), indent, dashed=dashed)
    below = _BELOW.match(text, line.end())
    while below is not None and below["text"] is None:
        below = _BELOW.match(text, below.end())
    if below is None or _HOLDS_KEY.match(below["text"]):
        # A map: its own keys are looked at one by one.
        return at
    return _end_below(text, line.end(), indent, dashed=dashed)


def _end_below(text: str, at: int, indent: int, *, dashed: bool = True) -> int:
    """Return where the lines end that are indented below a key; with ``dashed`` those of a list, which need no indentation."""
    while below := _BELOW.match(text, at):
        if below["text"] is not None:
            deeper = len(below["indent"]) > indent
            listed = (
                dashed and len(below["indent"]) == indent and re.match(r"-(?:\s|\Z)", below["text"])
            )
            if not deeper and not listed:
                break
        at = below.end()
    return at


def _end_in_flow(text: str, at: int) -> int:
    """Return where a value ends that others may follow on its line: after its quotes or brackets, or before the next comma."""
    before = _PROPERTIES.match(text, at)
    assert before is not None, "anything fits"
    at = before.end()
    if text[at : at + 1] not in {"[", "{"}:
        value = _IN_FLOW.match(text, at)
        assert value is not None, "anything fits"
        return value.end()
    depth = 0
    for token in _BRACKETS.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if not depth:
            return token.end()
    return len(text)


def _end_of_anchored(text: str, anchor: re.Match[str]) -> int:
    end = _end_in_flow(text, anchor.end())
    rest = _REST.match(text, end)
    assert rest is not None, "anything fits"
    if rest[0].strip() or text[anchor.end()] in "[{":
        return end
    line = text.rfind("\n", 0, anchor.start()) + 1
    indent = len(text[line : anchor.start()]) - len(text[line : anchor.start()].lstrip(" "))
    return _end_below(text, end, indent)


def _starred(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Cover what stands in ascending spans. There may be very many: their pieces are joined as they come."""
    chunks: list[str] = []
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts += (text[done:start], re.sub(r"\S", _STAR, text[start:end]))
        done = end
        if len(parts) > _PIECES:
            chunks.append("".join(parts))
            parts.clear()
    return "".join([*chunks, *parts, text[done:]])
