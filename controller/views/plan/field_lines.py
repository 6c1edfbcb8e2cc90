"""One field of a change as it is read: both values on one line, texts of several lines as their difference line by line.

What is not shown of them is counted. Every text of others is printable, and every line of theirs stands behind a sign of ours.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import Enum
from typing import Any, Final, Literal, NamedTuple

from controller.model.canonical import ABSENT, canonical_bytes
from controller.model.plan import Action, FieldChange
from controller.model.printable import printable, printable_json
from controller.planning.wording import LONGEST_VALUE, value_text, whole_value_text

LONGEST_LINE: Final = 120
LINES_SHOWN: Final = 10
_AROUND: Final = 1
"""Lines that stay as they are shown on either side of one that does not, and characters before the first that differs: twenty times so many."""
_MOST_COMPARED: Final = 500
"""Beyond so many lines between the first and the last that differ, the old ones are all shown as gone and the new ones as come."""

Sign = Literal["+", "-", " ", "…"]
GAP: Final = "…"
"""Sign of lines in both texts that are not shown."""


class OwnName(Enum):
    """Its single member stands for a value that is the name of the object, in what is shown of several alike."""

    OWN_NAME = "own name"


OWN_NAME: Final = OwnName.OWN_NAME


class TextLine(NamedTuple):
    """One line of a text: it came, it went, or it is in both."""

    sign: Sign
    text: str

    def __str__(self) -> str:
        """Return it behind a bar, which no line of a plan has."""
        return f"| {self.sign} {self.text}".rstrip()


class ShownField(NamedTuple):
    """A field as it is read. Where ``lines`` tell what differs, ``after`` says how many there are, and ``before`` nothing.

    ``hidden`` counts what is not shown; empty if that is nothing.
    """

    path: str
    before: str
    after: str
    lines: tuple[TextLine, ...] = ()
    hidden: str = ""

    def __str__(self) -> str:
        """Return its first line: ``roles.Web.ami  web-1.4.2 → web-1.4.3``."""
        values = f"{self.before} → {self.after}" if self.before else self.after
        return f"{self.path}  {values}{f'  ({self.hidden})' if self.hidden else ''}"


def shown_field(field: FieldChange, action: Action = "update", *, expand: bool) -> ShownField:
    """Return a field to be read; of an object that comes or goes there is one value. ``expand`` shows all of it."""
    path = printable(field.path)
    if field.sensitive and field.before == field.after:
        return ShownField(path, "", f"{value_text(field.before)}, differs")
    values = (field.before, field.after)
    has_lines = any(isinstance(value, str) and "\n" in value for value in values)
    if has_lines and all(isinstance(value, str) or value is ABSENT for value in values):
        return _by_line(path, field.before, field.after, expand=expand)
    before, after = (
        "(its own name)" if value is OWN_NAME else whole_value_text(value)
        for value in (field.before, field.after)
    )
    single = {"create": field.after, "delete": field.before}.get(action, ABSENT)
    if single is not ABSENT:
        whole = after if action == "create" else before
        text, hidden = _cut(whole, 0, None if expand else LONGEST_VALUE)
        return ShownField(path, "", text, hidden=_not_shown(characters=hidden))
    if before == after:
        # Text and number: only the exact form tells them apart.
        before, after = (
            text if value is ABSENT else printable_json(canonical_bytes(value)).decode()
            for text, value in ((before, field.before), (after, field.after))
        )
    if expand or max(len(before), len(after)) <= LONGEST_VALUE:
        return ShownField(path, before, after)
    same = _same(before, after)
    start = max(0, same - 20 * _AROUND) if same > LONGEST_VALUE // 2 else 0
    (old, lost), (new, lost_too) = (_cut(text, start, LONGEST_VALUE) for text in (before, after))
    return ShownField(path, old, new, hidden=_not_shown(characters=lost + lost_too))


def _same(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many characters, or lines, both begin with."""
    differ = (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(differ, min(len(first), len(second)))


def counted(count: int, noun: str) -> str:
    """Return ``1 line``, ``1,200 lines``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _cut(text: str, start: int, longest: int | None) -> tuple[str, int]:
    """Return at most ``longest`` characters of a text from ``start`` on, and how many others it has."""
    if longest is None or (not start and len(text) <= longest):
        return text, 0
    room = longest - bool(start)
    whole = len(text) - start <= room
    kept = text[start : start + room - (not whole)]
    return f"{'…' if start else ''}{kept}{'' if whole else '…'}", len(text) - len(kept)


def _not_shown(*, characters: int = 0, lines: int = 0) -> str:
    counts = ((lines, "line"), (characters, "character"))
    what = " and ".join(counted(count, noun) for count, noun in counts if count)
    return f"{what} not shown" if what else ""


def _by_line(path: str, before: Any, after: Any, *, expand: bool) -> ShownField:
    old, new = ([] if text is ABSENT else _lines_of(text) for text in (before, after))
    lines = list(_difference(old, new))
    gone, come = (sum(line.sign == sign for line in lines) for sign in ("-", "+"))
    counts = ((gone, "gone"), (come, "new"))
    what = ", ".join(f"{counted(count, 'line')} {word}" for count, word in counts if count)
    kept = lines if expand else _near_changes(lines)
    cut = [_cut(line.text, 0, None if expand else LONGEST_LINE) for line in kept]
    shown = tuple(TextLine(line.sign, text) for line, (text, _) in zip(kept, cut, strict=True))
    hidden = _not_shown(
        characters=sum(lost for _, lost in cut),
        lines=len(lines) - sum(line.sign != GAP for line in kept),
    )
    return ShownField(path, "", what, shown, hidden)


def _difference(old: Sequence[str], new: Sequence[str]) -> Iterator[TextLine]:
    """Yield all lines of both texts, each once where it is in both."""
    head = _same(old, new)
    tail = _same(old[head:][::-1], new[head:][::-1])
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    yield from (TextLine(" ", _line(text)) for text in old[:head])
    if max(map(len, middle)) > _MOST_COMPARED:
        steps = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    else:
        steps = [*SequenceMatcher(None, *middle).get_opcodes()]
    for tag, *(old_start, old_end, new_start, new_end) in steps:
        if tag == "equal":
            yield from (TextLine(" ", _line(text)) for text in middle[0][old_start:old_end])
        else:
            yield from (TextLine("-", _line(text)) for text in middle[0][old_start:old_end])
            yield from (TextLine("+", _line(text)) for text in middle[1][new_start:new_end])
    yield from (TextLine(" ", _line(text)) for text in old[len(old) - tail :])


def _lines_of(text: str) -> list[str]:
    """Return the lines of a text, each with its end."""
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *filter(None, lines[-1:])]


def _line(text: str) -> str:
    """Return a line with the space at its end to be seen, and where it has no end."""
    shown = printable(text.removesuffix("\n"))
    shown = f"{shown[:-1]}\\x20" if shown.endswith(" ") else shown
    return shown if text.endswith("\n") else f"{shown}  (no line feed at its end)"


def _near_changes(lines: Sequence[TextLine]) -> list[TextLine]:
    """Return the first lines that differ with those around them, and signs where others lie between."""
    near: list[TextLine] = []
    last = -1
    for at, line in enumerate(lines):
        if all(close.sign == " " for close in lines[max(0, at - _AROUND) : at + _AROUND + 1]):
            continue
        if len(near) >= LINES_SHOWN:
            break
        near += [TextLine(GAP, "")] if at > last + 1 else []
        near.append(line)
        last = at
    return near
