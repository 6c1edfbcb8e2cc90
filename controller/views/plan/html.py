"""A plan as one page of HTML that needs nothing else: for an artefact of a build, or a mail."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from typing import Final

from controller.model.canonical import short
from controller.model.plan import Plan, Violation
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.views.plan.destructive import destructive_counts, destructive_forms
from controller.views.plan.field_lines import ShownField
from controller.views.plan.html_page import whole_page
from controller.views.plan.view import Entry, PlanView, view
from controller.views.plan.wording import (
    beside_text,
    changes_text,
    guards_text,
    instances_text,
    next_text,
    scopes_text,
    violation_lines,
)
from controller.views.style import SIGN_STYLES

_WORDS: Final = {
    "+": "create",
    "^": "start",
    "~": "update",
    "v": "stop",
    "-": "delete",
    "!": "removed",
}
_OPEN_UP_TO: Final = 20
_LINE_STYLES: Final = {"+": "add", "-": "remove", " ": "soft", "…": "soft"}
_WHOLE_OBJECTS: Final = ("+", "-")
_OPEN_FIELDS: Final = 3
"""An object that comes or goes shows so many fields as they are; more of them are folded."""


def render_html(plan: Plan, *, names: FieldNames = PLAIN_NAMES, expand: bool = True) -> str:
    """Return a whole page, with nothing to fetch and no script but the page's own; every value is escaped."""
    shown = view(plan, names, expand=expand)
    title = f"Plan {short(plan.digest)} {shown.label}"
    return whole_page(title, "\n".join(_head(plan, title, shown)), "\n".join(_body(plan, shown)))


def _head(plan: Plan, title: str, shown: PlanView) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield f'<p class="soft">{escape(scopes_text(plan))}</p>'
    yield f'<p class="counts">{escape(instances_text(plan))}</p>'
    yield f'<p class="counts">{escape(changes_text(plan))}</p>'
    beside = beside_text(plan)
    if beside:
        yield f'<p class="soft">Beside that, {escape(beside)}</p>'
    for form in islice(destructive_forms(plan), 1):
        lines = escape("\n".join(form))
        counts = escape(destructive_counts(plan))
        yield f'<div class="worst"><b>Destructive: {counts}</b><pre>{lines}</pre></div>'
    yield from map(_violation, shown.violations)
    for word, told in shown.told:
        lines = escape("\n".join(told))
        yield f'<div class="approved"><b>{word}</b><pre>{lines}</pre></div>'


def _body(plan: Plan, shown: PlanView) -> Iterator[str]:
    if shown.sections:
        yield "<h2>Changes, by the edit that causes them</h2>"
    # What it means for schedules is the last of them, and is read first.
    last = len(shown.sections) - (plan.schedules is not None)
    for section in (*shown.sections[last:], *shown.sections[:last]):
        head = f"{_sign(section.sign)}<b>{escape(section.title)}</b> "
        tally = f'<span class="soft">{escape(section.tally)}</span>'
        yield _details(head + tally, section.entries, opened=len(section.entries) <= _OPEN_UP_TO)
    heading = "<h2>Not of this change</h2>"
    for aside in shown.asides:
        yield heading
        yield _details(f"<b>{escape(aside.category)}</b>", aside.entries)
        heading = ""
    yield "<h2>What next</h2>"
    yield f"<p>{escape(guards_text(plan))}</p>"
    yield f"<pre>{escape(next_text(plan))}</pre>"


def _details(summary: str, entries: Iterable[Entry], *, opened: bool = True) -> str:
    listed = "\n".join(map(_entry, entries))
    head = f'<details class="group"{" open" if opened else ""}><summary>{summary}</summary>'
    return f"{head}\n<ul>\n{listed}\n</ul>\n</details>"


def _entry(entry: Entry) -> str:
    remarks = ""
    for remark in entry.remarks:
        css = "remove" if remark.startswith("ENDS ") else "soft"
        remarks += f' <span class="{css}">{escape(remark)}</span>'
    if entry.more_text:
        remarks += f' <span class="soft">{entry.more_text}</span>'
    below = escape("\n".join(entry.below))
    rows = "".join(map(_row, entry.fields))
    table = f'<div class="scroll"><table>{rows}</table></div>' if rows else ""
    if entry.sign in _WHOLE_OBJECTS and len(entry.fields) > _OPEN_FIELDS:
        count = len(entry.fields)
        table = f'<details class="whole"><summary>{count} fields</summary>{table}</details>'
    more = f"<pre>{below}</pre>" if below else ""
    facts = ""
    if entry.kind:
        scope = escape("\n".join(entry.scopes))
        facts = f' data-kind="{escape(entry.kind)}" data-cause="{entry.cause}" data-scope="{scope}"'
    return f"<li{facts}>{_sign(entry.sign)}{escape(entry.title)}{remarks}{more}{table}</li>"


def _row(field: ShownField) -> str:
    hidden = f' <span class="soft">({field.hidden})</span>' if field.hidden else ""
    lines = "\n".join(
        f'<span class="{_LINE_STYLES[line.sign]}">{escape(str(line))}</span>'
        for line in field.lines
    )
    after = f"{escape(field.after)}{hidden}{f'<pre>{lines}</pre>' if lines else ''}"
    head = f"<th scope=row>{escape(field.path)}</th>"
    if not field.before:
        return f'<tr>{head}<td colspan="2">{after}</td></tr>'
    before = f'<td class="remove">{escape(field.before)}</td>'
    return f'<tr>{head}{before}<td class="add">{after}</td></tr>'


def _sign(sign: str) -> str:
    return f'<span class="sign {SIGN_STYLES[sign]}">{_WORDS[sign]}</span>' if sign else ""


def _violation(violation: Violation) -> str:
    word, css = ("Approved", "approved") if violation.overridden else ("Refused", "refused")
    below = "\n".join(violation_lines(violation))
    more = f"<pre>{escape(below)}</pre>" if below else ""
    return f'<div class="{css}"><b>{word}</b> {escape(violation.scope)}: {escape(violation.message)}{more}</div>'
