"""What doctor found, for people and for programs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypedDict

from controller.engine.queries.doctor.report import Check, Health, exit_code
from controller.views.style import Line, Span, Style

LONGEST_LIST: Final = 160

_STYLES: Final[dict[Health, Style]] = {
    Health.OK: "add",
    Health.LACKS: "warn",
    Health.UNKNOWN: "change",
    Health.NOT_PROBED: "dim",
}


class DoctorDocument(TypedDict):
    """What is there of what is needed."""

    exitCode: int
    checks: Sequence[Check]


def doctor_lines(checks: Sequence[Check]) -> Iterator[Line]:
    """Yield the checks, grouped by where, what is to be done below each."""
    of = max((len(check.of) for check in checks), default=0)
    where = ""
    for check in checks:
        if check.where != where:
            if where:
                yield ()
            where = check.where
            yield (Span(where, "bold"),)
        style, what = _STYLES[check.health], check.what
        # Of a long list nobody has to act on only the beginning.
        if check.health is Health.NOT_PROBED and len(what) > LONGEST_LIST:
            what = f"{what[:LONGEST_LIST].rpartition(', ')[0]}, … (all: --format json)"
        yield (
            Span("  "),
            Span(f"{check.health:<10}", style),
            Span(f"  {check.of:<{of}}  {what}"),
        )
        for index, line in enumerate(check.fix.splitlines()):
            yield (Span(f"{'':<{14 + of + 2}}{' ' if index else '→'} {line}"),)
    yield ()
    yield (Span(summary(checks), "bold"),)


def summary(checks: Iterable[Check]) -> str:
    """Return ``14 ok · 1 lacks · 2 not probed``."""
    counts = Counter(check.health for check in checks)
    return " · ".join(f"{counts[health]} {health}" for health in Health if counts[health])


def doctor_json(checks: Sequence[Check]) -> DoctorDocument:
    """Return the checks as one JSON document; stable, more may be added."""
    return {"exitCode": exit_code(checks), "checks": checks}
