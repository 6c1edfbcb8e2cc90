"""A plan as Markdown for a pull request: one comment, folded where it is long, never longer than a comment may be."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import accumulate
from typing import Final, NamedTuple

from controller.model.canonical import short
from controller.model.plan import Plan, Violation
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.views.plan.view import Aside, Entry, Section, view
from controller.views.plan.wording import (
    counts_text,
    guards_text,
    next_text,
    scopes_text,
    violation_lines,
)

LONGEST: Final = 65_536
"""Characters that a comment on GitHub may have."""

MARKER: Final = "<!-- envctl plan -->"
"""First line, by which a workflow finds its own comment to update it."""

_FOLDED_FROM: Final = 12
_DIFF_SIGNS: Final = {"+": "+", "-": "-", "~": "!", "^": "+", "v": "-"}


class _Block(NamedTuple):
    """A piece that can be cut: lines between a head and a tail that belong together."""

    head: str
    lines: tuple[str, ...]
    tail: str


def render_markdown(
    plan: Plan, *, names: FieldNames = PLAIN_NAMES, expand: bool = False, longest: int = LONGEST
) -> str:
    """Return the plan in at most ``longest`` characters (at least 2,000); what was cut is said at the end. Expanded, it is never cut."""
    shown = view(plan, names, expand=expand)
    head = (
        f"{MARKER}\n### Plan `{short(plan.digest)}` {_text(shown.label)}\n\n"
        f"**{_text(counts_text(plan))}** ({_text(scopes_text(plan))})\n\n"
    )
    tail = f"{_text(guards_text(plan))}\n\n{_code(next_text(plan))}\n"
    blocks = (
        *(_violation(violation) for violation in shown.violations),
        *(_section(section) for section in shown.sections),
        *((_asides(shown.asides),) if shown.asides else ()),
    )
    if expand:
        return head + "".join(map(_whole, blocks)) + tail
    return head + _fitted(blocks, longest - len(head) - len(tail)) + tail


def _whole(block: _Block) -> str:
    return "".join((block.head, *block.lines, block.tail))


def _fitted(blocks: Iterable[_Block], room: int) -> str:
    """Put the blocks into ``room`` characters: whole, or cut between lines, or left out and counted."""
    parts: list[str] = []
    lost_lines = lost_blocks = 0
    room -= len(_cut_note(10**9, 10**9))
    for block in blocks:
        around = len(block.head) + len(block.tail)
        kept = sum(length <= room - around for length in accumulate(map(len, block.lines)))
        if lost_lines + lost_blocks or not kept:
            lost_blocks += 1
            continue
        part = _whole(block._replace(lines=block.lines[:kept]))
        lost_lines += len(block.lines) - kept
        parts.append(part)
        room -= len(part)
    return "".join(parts) + (_cut_note(lost_lines, lost_blocks) if lost_lines + lost_blocks else "")


def _cut_note(lines: int, blocks: int) -> str:
    return (
        f"> **Cut to fit a comment**: {lines:,} more lines and {blocks:,} more sections. "
        "`envctl plan --expand` shows all of it.\n\n"
    )


def _section(section: Section) -> _Block:
    lines = tuple(_entry_lines(section.entries))
    title = f"<b>{section.sign} {_html(section.title)}</b> {_html(section.tally)}"
    opened = " open" if len(lines) <= _FOLDED_FROM else ""
    return _fenced(f"<details{opened}><summary>{title}</summary>\n\n", lines, "\n</details>\n\n")


def _asides(asides: Iterable[Aside]) -> _Block:
    lines: list[str] = []
    for aside in asides:
        lines.append(f"{aside.category}\n")
        lines += (f"  {line}" for line in _entry_lines(aside.entries))
    head = "<details><summary><b>Not of this change</b></summary>\n\n"
    return _fenced(head, tuple(lines), "\n</details>\n\n", language="")


def _violation(violation: Violation) -> _Block:
    word = "Approved" if violation.overridden else "Refused"
    head = f"> **{word}** {_text(violation.scope)}: {_text(violation.message)}\n\n"
    return _fenced(
        head, tuple(f"{line}\n" for line in violation_lines(violation)), "\n", language=""
    )


def _fenced(head: str, lines: tuple[str, ...], tail: str, *, language: str = "diff") -> _Block:
    if not lines:
        return _Block(head, ("",), tail)
    fence = _fence("".join(lines))
    return _Block(f"{head}{fence}{language}\n", lines, f"{fence}\n{tail}")


def _fence(text: str) -> str:
    """Return a fence longer than any run of back-ticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _entry_lines(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        sign = _DIFF_SIGNS.get(entry.sign, "")
        remarks = "".join(f"  {remark}" for remark in (*entry.remarks, entry.more_text) if remark)
        yield f"{sign} {entry.title}{remarks}\n".lstrip()
        yield from (f"    {line}\n" for line in entry.below)
        for field in entry.fields:
            yield f"      {field}\n"
            yield from (f"        {line}\n" for line in field.lines)


def _code(text: str) -> str:
    fence = _fence(text)
    return f"{fence}\n{text}\n{fence}"


def _text(text: str) -> str:
    """Escape what Markdown or HTML would take for its own."""
    return re.sub(
        r"[\\`*_\[\]|~@#<>&]", lambda found: _ESCAPED.get(found[0], f"\\{found[0]}"), text
    )


def _html(text: str) -> str:
    """Escape what HTML would take for its own, where Markdown is not read."""
    return re.sub("[@#]", lambda found: _ESCAPED[found[0]], escape(text))


_ESCAPED: Final = {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    # A zero-width space keeps ``@name`` from calling somebody and ``#1`` from naming an issue; as mentions are looked for
    # in the page that is made of it, the sign itself written as an entity would not.
    "@": "@&#8203;",
    "#": "#&#8203;",
}
