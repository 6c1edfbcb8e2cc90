"""A plan as text: what is edited and what follows from it, what else is found, what refuses it, what to type next."""

from collections.abc import Iterator
from typing import Final

from controller.model.canonical import short
from controller.model.plan import Plan
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.views.plan.view import Entry, view
from controller.views.plan.wording import (
    AS_USUAL,
    Asked,
    counts_text,
    guards_text,
    next_text,
    options_text,
    scopes_text,
    violation_lines,
)
from controller.views.style import SIGN_STYLES, Line, Span, Style

_WIDTH: Final = 76
_CATEGORY_WIDTH: Final = 11
_LINES_SHOWN: Final = 4
_LINE_STYLES: Final[dict[str, Style]] = {"+": "add", "-": "remove", " ": "plain", "…": "dim"}


def text_lines(
    plan: Plan,
    *,
    names: FieldNames = PLAIN_NAMES,
    expand: bool = False,
    says_next: bool = True,
    asked: Asked = AS_USUAL,
) -> tuple[Line, ...]:
    """Return the plan as lines of styled spans, for the caller to print with colour or without.

    ``says_next``: the last line is what to type next. ``asked`` is what it was asked for with, which commands to type keep.
    """
    shown = view(plan, names, expand=expand)
    what = Span(f"  {shown.label}   {scopes_text(plan)}")
    lines: list[Line] = [(Span(f"Plan {short(plan.digest)}", "bold"), what)]
    lines.append((Span(counts_text(plan), "bold"),))
    for section in shown.sections:
        title = f"{section.sign} {section.title}"
        gap = " " * max(2, _WIDTH - len(title) - len(section.tally))
        tally = Span(f"{gap}{section.tally}", "dim")
        lines += [(), (Span(title, SIGN_STYLES[section.sign]), tally)]
        for entry in section.entries:
            lines += _entry(entry, "  ", expand=expand)
    if shown.asides:
        lines += [(), (Span("Not of this change", "bold"),)]
    indent = " " * (_CATEGORY_WIDTH + 2)
    for aside in shown.asides:
        label = f"  {aside.category:<{_CATEGORY_WIDTH}}"
        for entry in aside.entries:
            for line in _entry(entry, "", expand=expand):
                lines.append((Span(label), *line))
                label = indent
    for violation in shown.violations:
        verdict = Span("Approved", "add") if violation.overridden else Span("Refused", "warn")
        lines += [(), (verdict, Span(f"  {violation.scope}: {violation.message}"))]
        lines += (
            (Span(f"  {line}"),) for line in violation_lines(violation, asked, options_text(plan))
        )
    for title, told in shown.told:
        lines += [(), (Span(title, "bold"),)]
        lines += ((Span(f"  {line}"),) for line in told)
    guards = Span(guards_text(plan), "warn" if plan.refused else "plain")
    lines += [(), (guards,)]
    return (*lines, (Span(next_text(plan, asked)),)) if says_next else tuple(lines)


def _entry(entry: Entry, indent: str, *, expand: bool) -> Iterator[Line]:
    sign = f"{entry.sign} " if entry.sign else ""
    remarks = [
        Span(f"  {remark}", "warn" if remark.startswith("ENDS ") else "dim")
        for remark in entry.remarks
    ]
    if entry.more_text:
        remarks.append(Span(f"  {entry.more_text}", "dim"))
    yield (Span(f"{indent}{sign}{entry.title}", SIGN_STYLES[entry.sign]), *remarks)
    # What a remark goes on with: most often commands to type.
    lines = entry.below
    told = lines if expand or len(lines) <= _LINES_SHOWN else lines[: _LINES_SHOWN - 1]
    for line in told:
        yield (Span(f"{indent}{line}"),)
    if len(told) < len(lines):
        yield (Span(f"{indent}    … {len(lines) - len(told)} more lines: --expand"),)
    for field in entry.fields:
        yield (Span(f"{indent}    {field}"),)
        for text in field.lines:
            yield (Span(f"{indent}      {text}", _LINE_STYLES[text.sign]),)
