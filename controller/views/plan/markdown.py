"""A plan as Markdown for a pull request: one comment, the worst first, folded where it is long, never larger than a comment may be."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from controller.model.canonical import short
from controller.model.plan import Plan, Violation
from controller.model.printable import in_short
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.views.plan.destructive import destructive_counts, destructive_forms
from controller.views.plan.markdown_blocks import (
    Block,
    code_span,
    fenced,
    file_url,
    linked,
    size,
    summary_code,
)
from controller.views.plan.view import Aside, Entry, Section, view
from controller.views.plan.wording import (
    beside_text,
    changes_text,
    guards_text,
    instances_text,
    next_text,
    options_text,
    scopes_text,
    violation_lines,
)

BUDGET: Final = 65_536
"""Characters that a comment on GitHub may have. GitLab takes a million."""
LEAST_BUDGET: Final = 4_000

MARKER: Final = "<!-- envctl plan -->"
"""First line, by which a workflow finds its own comment to update it."""

_FOLDED_FROM: Final = 12
_DIFF_SIGNS: Final = {"+": "+", "-": "-", "~": "!", "^": "+", "v": "-"}
_LONGEST_TITLE: Final = 300
_ROOM_OF_REFUSALS: Final = 4
_DETAILS_END: Final = "\n</details>\n\n"


class Links(NamedTuple):
    """Addresses a report leads to, as they are written into it; empty where there are none."""

    files: str = ""
    """What stands before a file's path: ``https://github.com/acme/fleet/blob/COMMIT/fleet``."""
    whole: str = ""
    """Where all of the plan is."""


class _Cut(NamedTuple):
    """What was left out: lines, and parts that have none left."""

    lines: int = 0
    named: int = 0
    gone: int = 0

    def text(self, place: str) -> str:
        """Return a line that says so, and where the whole is; empty where nothing is left out."""
        counts = (
            (self.lines, "line", "lines"),
            (self.named, "edit's detail", "edits' details"),
            (self.gone, "section", "sections"),
        )
        what = [f"{n:,} {one if n == 1 else many}" for n, one, many in counts if n]
        if not what:
            return ""
        return f"> **Left out to fit a comment:** {', '.join(what)}. All of it: {place}\n\n"


def render_markdown(
    plan: Plan,
    *,
    names: FieldNames = PLAIN_NAMES,
    expand: bool = False,
    budget: int | None = None,
    links: Links = Links(),  # noqa: B008 - a value
) -> str:
    """Return the plan in at most ``budget`` bytes of UTF-8 (``BUDGET`` unless expanded, at least ``LEAST_BUDGET``).

    What ends or deletes something is always there, by kind and count where there is no room for names; then what refuses the
    plan, what it means for schedules, the edits with their effects, and what is not of this change. What is left out is counted.
    """
    shown = view(plan, names, expand=expand)
    sections = list(shown.sections)
    schedules = [_section(sections.pop())] if plan.schedules is not None else []
    refusals = [_violation(violation) for violation in shown.violations]
    # After what refuses it: others may have written much of this.
    refusals += [
        fenced(f"**{title}**\n\n", tuple(f"{line}\n" for line in told), "\n", language="")
        for title, told in shown.told
    ]
    edits = [_Edit(section, links.files) for section in sections]
    asides = [_asides(shown.asides)] if shown.asides else []
    head, tail = _head(plan, in_short(shown.label)), _tail(plan)
    if budget is None and expand:
        first = [_destructive(plan, form) for form in islice(destructive_forms(plan), 1)]
        whole = (*first, *refusals, *schedules, *(edit.whole() for edit in edits), *asides)
        return head + "".join(map(str, whole)) + tail
    room = (BUDGET if budget is None else budget) - size(head)
    if size(tail) > room // _ROOM_OF_REFUSALS:
        tail = "What to type next is in the whole plan.\n"
    options = options_text(plan)
    typed = f"`envctl plan{options} --expand`" if options else "`envctl plan --expand`"
    place = f"[the whole plan](<{links.whole}>)" if links.whole else typed
    room -= size(tail) + size(_Cut(10**9, 10**9, 10**9).text(place))
    report = _Report(room)
    report.put_destructive(plan)
    report.put(refusals, at_most=report.room // _ROOM_OF_REFUSALS)
    report.put(schedules)
    report.put_edits(edits)
    report.put(asides)
    return f"{head}{report.cut.text(place)}{''.join(report.parts)}{tail}"


def _head(plan: Plan, label: str) -> str:
    beside = beside_text(plan)
    return (
        f"{MARKER}\n### Plan `{short(plan.digest)}` {code_span(label)}\n\n"
        f"**{instances_text(plan)}**\n\n{changes_text(plan)} ({scopes_text(plan)})\n\n"
        f"{f'Beside that, {beside}{chr(10) * 2}' if beside else ''}"
    )


def _tail(plan: Plan) -> str:
    return f"{guards_text(plan)}\n\n{fenced('', (f'{next_text(plan)}{chr(10)}',), '', language='')}"


class _Edit:
    """One edit, as it is shown with more or less of it."""

    def __init__(self, section: Section, files: str) -> None:
        """Show a section; ``files`` is what stands before the path of a file."""
        self._section = section
        self._files = files

    def whole(self) -> Block:
        """Return it with everything."""
        return _section(self._section, self._files)

    def named(self) -> str:
        """Return its title alone."""
        title = _title(self._section, self._files)
        return f"<details><summary>{title}</summary>\nleft out\n</details>\n\n"

    def fullest(self, named: str, room: int) -> tuple[str, _Cut]:
        """Return as much of it as fits, at least its name, and what of it is left out."""
        if size(named) == room:
            return named, _Cut(named=1)
        whole = self.whole()
        if size(text := str(whole)) <= room:
            return text, _Cut()
        entries = tuple(entry._replace(fields=(), below=()) for entry in self._section.entries)
        less = _section(self._section._replace(entries=entries), self._files)
        if size(text := str(less)) <= room:
            return text, _Cut(lines=len(whole.lines) - len(less.lines))
        return named, _Cut(named=1)


class _Report:
    """Puts parts into so many bytes, and counts what has no room."""

    def __init__(self, room: int) -> None:
        """Begin with nothing in it."""
        self.room = room
        self.parts: list[str] = []
        self.cut = _Cut()

    def put_destructive(self, plan: Plan) -> None:
        """Put the fullest form that fits: in what is left to others at least the edits' names are to stand."""
        for form in destructive_forms(plan):
            text = str(_destructive(plan, form))
            if size(text) <= self.room * 3 // 4 or not form:
                self._add(text)
                return

    def put(self, blocks: Iterable[Block], at_most: int | None = None) -> None:
        """Put blocks, the last that fits cut between its lines."""
        left = self.room if at_most is None else at_most
        full = False
        for block in blocks:
            fitting = None if full else block.cut(left)
            if fitting is None:
                full = True
                self.cut = self.cut._replace(gone=self.cut.gone + 1)
                continue
            lost = len(block.lines) - len(fitting.lines)
            full = lost > 0
            self.cut = self.cut._replace(lines=self.cut.lines + lost)
            left -= size(str(fitting))
            self._add(str(fitting))

    def put_edits(self, edits: Sequence[_Edit]) -> None:
        """Put the edits: each is named where that fits, the first of them with all their effects and fields."""
        named = list[tuple[_Edit, str]]()
        room = self.room
        for edit in edits:
            text = edit.named()
            if size(text) > room:
                break
            named.append((edit, text))
            room -= size(text)
        for edit, text in named:
            shown, lost = edit.fullest(text, room + size(text))
            room += size(text) - size(shown)
            self.cut = _Cut(self.cut.lines + lost.lines, self.cut.named + lost.named, self.cut.gone)
            self._add(shown)
        self.cut = self.cut._replace(gone=self.cut.gone + len(edits) - len(named))

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.room -= size(text)


def _destructive(plan: Plan, lines: Iterable[str]) -> Block:
    head = f"**Destructive: {destructive_counts(plan)}**\n\n"
    return fenced(head, tuple(f"{line}\n" for line in lines), "\n")


def _section(section: Section, files: str = "") -> Block:
    lines = tuple(_entry_lines(section.entries))
    opened = " open" if len(lines) <= _FOLDED_FROM else ""
    head = f"<details{opened}><summary>{_title(section, files)}</summary>\n\n"
    return fenced(head, lines, _DETAILS_END)


def _title(section: Section, files: str) -> str:
    title = summary_code(in_short(f"{section.sign} {section.title}", _LONGEST_TITLE))
    place = section.place
    url = file_url(files, place.path, place.line) if place is not None else ""
    tally = summary_code(in_short(section.tally, _LONGEST_TITLE)) if section.tally else ""
    return f"{linked(title, url)} {tally}".rstrip()


def _asides(asides: Iterable[Aside]) -> Block:
    lines: list[str] = []
    for aside in asides:
        lines.append(f"{aside.category}\n")
        lines += (f"  {line}" for line in _entry_lines(aside.entries))
    head = "<details><summary><b>Not of this change</b></summary>\n\n"
    return fenced(head, lines, _DETAILS_END, language="")


def _violation(violation: Violation) -> Block:
    word = "Approved" if violation.overridden else "Refused"
    lines = (f"{violation.scope}: {violation.message}", *violation_lines(violation))
    return fenced(f"**{word}**\n\n", tuple(f"{line}\n" for line in lines), "\n", language="")


def _entry_lines(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        sign = _DIFF_SIGNS.get(entry.sign, "")
        remarks = "".join(f"  {remark}" for remark in (*entry.remarks, entry.more_text) if remark)
        yield f"{sign} {entry.title}{remarks}\n".lstrip()
        yield from (f"    {line}\n" for line in entry.below)
        for field in entry.fields:
            yield f"      {field}\n"
            yield from (f"        {line}\n" for line in field.lines)
