"""Lines of text: columns of one width, and colours as data: the caller knows whether it writes to a terminal."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal, NamedTuple

from controller.model.printable import printable

Style = Literal["plain", "bold", "add", "change", "remove", "warn", "dim"]

_CODES: Final[dict[Style, str]] = {
    "bold": "1",
    "add": "32",
    "change": "33",
    "remove": "31",
    "warn": "1;31",
    "dim": "2",
}
SIGN_STYLES: Final[dict[str, Style]] = {
    "": "plain",
    "+": "add",
    "^": "add",
    "~": "change",
    "v": "change",
    "-": "remove",
    "!": "remove",
}
"""Of a change by its sign; plain for none."""


class Span(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style = "plain"
    is_command: bool = False
    """Whether it is a command of ours, whole: whoever prints it names the settings in it that were named."""


Line = tuple[Span, ...]


def as_asked(lines: Iterable[Line], settings: str) -> tuple[Line, ...]:
    """Return lines whose commands name the ``settings``: `` --config FILE``."""
    return tuple(
        tuple(
            span._replace(text=command_text(span.text, settings)) if span.is_command else span
            for span in line
        )
        for line in lines
    )


def command_text(command: str, settings: str) -> str:
    """Return a command of ours, ``envctl`` and its words, that names the ``settings``; empty if it is."""
    program, space, words = command.partition(" ")
    return f"{program}{settings}{space}{words}" if command else ""


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line a row: columns of one width; one that is empty in every row is left out."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{n}}" for cell, n in zip(row, widths, strict=True) if n).rstrip()
        for row in rows
    ]


_LEAST: Final = 4
"""Characters a cell is not cut below while there is a longer one."""
GAP: Final = 2
"""Characters between two columns."""


def fitted(
    rows: Sequence[Sequence[str]], width: int | None, whole: Collection[int] = (0,)
) -> list[str]:
    """Return a line a row as ``aligned`` does, the widest columns cut so that no line is longer than ``width``; None cuts nothing.

    Columns that are to stay ``whole``, by their number, are cut last: the first one says what a row is of, unless others do.
    What does not fit even then is cut at the end of its line.
    """
    columns = {n: column for n, column in enumerate(zip(*rows, strict=True)) if any(column)}
    widths = {n: max(map(len, column)) for n, column in columns.items()}
    over = 0 if width is None else sum(widths.values()) + GAP * (len(widths) - 1) - width
    if width is None or over <= 0:
        return aligned(rows)
    while over > 0:
        others = [n for n in widths if n not in whole and widths[n] > _LEAST] or list(widths)
        widest = max(others, key=widths.__getitem__)
        if widths[widest] <= _LEAST:
            break
        below = max([_LEAST, *(widths[n] for n in others if widths[n] < widths[widest])])
        taken = min(over, max(1, widths[widest] - below))
        widths[widest] -= taken
        over -= taken
    cut = [
        [_cut(cell, n) for cell, n in zip(row, widths.values(), strict=True)]
        for row in zip(*columns.values(), strict=True)
    ]
    return [_cut(line, width) for line in aligned(cut)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def plain(lines: Iterable[Line]) -> str:
    """Return the lines without any colour, each ended."""
    return "".join("".join(printable(span.text) for span in line).rstrip() + "\n" for line in lines)


def coloured(lines: Iterable[Line]) -> str:
    """Return the lines with terminal colours (ANSI SGR codes), each ended."""
    return "".join("".join(map(_painted, line)).rstrip() + "\n" for line in lines)


def _painted(span: Span) -> str:
    code, text = _CODES.get(span.style), printable(span.text)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text
