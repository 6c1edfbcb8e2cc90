"""A plan as one page of HTML that needs nothing else: for an artefact of a build, or a mail."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from controller.model.canonical import short
from controller.model.plan import Plan, Violation
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.views.plan.field_lines import ShownField
from controller.views.plan.view import Entry, PlanView, view
from controller.views.plan.wording import (
    counts_text,
    guards_text,
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

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2026;--paper:#fff;--soft:#5c6570;--line:#d8dde3;--box:#f5f7f9;
--add:#0a6b2d;--change:#855300;--remove:#a8201a}
@media (prefers-color-scheme:dark){:root{--ink:#e4e7eb;--paper:#15181c;--soft:#9aa4b0;--line:#343a42;
--box:#1d2126;--add:#6fd08c;--change:#e3b341;--remove:#ff8a80}}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.3rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.3rem 0}
.soft{color:var(--soft)}.counts{font-size:1.15rem;font-weight:600}
code,pre,table{font:14px/1.5 ui-monospace,monospace}
details,.refused,.approved{border:1px solid var(--line);border-radius:6px;background:var(--box);
margin:.6rem 0;padding:.5rem .8rem}
.refused{border-left:5px solid var(--remove)}.approved{border-left:5px solid var(--add)}
summary{cursor:pointer;overflow-wrap:anywhere}summary b{font-weight:600}ul{list-style:none;margin:.4rem 0;padding:0}
li{padding:.25rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}li:first-child{border-top:0}
.sign{display:inline-block;min-width:4.2rem;font-weight:600}
.add{color:var(--add)}.change{color:var(--change)}.remove{color:var(--remove)}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.2rem 0 .2rem 4.2rem}
td,th{text-align:left;vertical-align:top;padding:.1rem .8rem .1rem 0;overflow-wrap:anywhere}th{color:var(--soft);font-weight:400}
pre{overflow-x:auto;margin:.3rem 0}
""".strip()


def render_html(plan: Plan, *, names: FieldNames = PLAIN_NAMES, expand: bool = True) -> str:
    """Return a whole page, with no script and nothing to fetch; every value is escaped."""
    shown = view(plan, names, expand=expand)
    title = f"Plan {short(plan.digest)} {shown.label}"
    body = "\n".join(_body(plan, title, shown))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _body(plan: Plan, title: str, shown: PlanView) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield f'<p class="soft">{escape(scopes_text(plan))}</p>'
    yield f'<p class="counts">{escape(counts_text(plan))}</p>'
    yield from map(_violation, shown.violations)
    if shown.agreements:
        lines = escape("\n".join(shown.agreements))
        yield f'<div class="refused"><b>Must agree</b><pre>{lines}</pre></div>'
    if shown.sections:
        yield "<h2>Changes, by the edit that causes them</h2>"
    for section in shown.sections:
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
    head = f"<details{' open' if opened else ''}><summary>{summary}</summary>"
    return f"{head}\n<ul>\n{listed}\n</ul>\n</details>"


def _entry(entry: Entry) -> str:
    remarks = ""
    for remark in entry.remarks:
        css = "remove" if remark.startswith("ENDS ") else "soft"
        remarks += f' <span class="{css}">{escape(remark)}</span>'
    if entry.more_text:
        remarks += f' <span class="soft">{entry.more_text}</span>'
    below = escape("\n".join(entry.below))
    table = _table(entry.fields) if entry.fields else ""
    more = f"<pre>{below}</pre>" if below else ""
    return f"<li>{_sign(entry.sign)}{escape(entry.title)}{remarks}{more}{table}</li>"


def _table(fields: Iterable[ShownField]) -> str:
    return f'<div class="scroll"><table>{"".join(map(_row, fields))}</table></div>'


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
