"""What libyaml says about text that is not YAML, in words that say what to write instead."""

import re
from typing import Any, Final, NamedTuple

from controller.kinds.language.kind import Path
from controller.loading.positions import Place, Spot


class TextFinding(NamedTuple):
    """A problem before its excerpt is cut. ``length`` None marks the rest of the line."""

    place: Place
    length: int | None
    path: Path
    message: str
    fix: str | None


_QUOTE: Final = "put the text in quotes"
_CLOSE: Final = "close them; a quote inside 'single quotes' is written twice"
_LINE_UP: Final = "indent it exactly as the others"
_NO_DIRECTIVES: Final = "directives are not accepted"
_TAB: Final = ("a tab cannot indent YAML", "indent with spaces")
_AT_OPENING: Final = {
    "found unexpected end of stream": ("the quotes opened here are never closed", _CLOSE),
    "found unexpected document indicator": (
        "the quotes opened here are not closed before the next document begins",
        _CLOSE,
    ),
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
    "found unknown directive name": (_NO_DIRECTIVES, "remove the line that begins with '%'"),
    "found incompatible YAML document": (_NO_DIRECTIVES, "remove the line that begins with '%'"),
    "found duplicate %YAML directive": (_NO_DIRECTIVES, "remove the lines that begin with '%'"),
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
