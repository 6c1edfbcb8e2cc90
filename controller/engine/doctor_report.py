"""What doctor found, as a list of checks, for people and for programs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from controller.aws.errors import NotFound, TableMissing, TablesNotReady
from controller.errors import AccessDenied, EnvctlError, WrongUsage, worst_exit_code
from controller.planning.render_style import Line, Span, Style

FORMAT_VERSION: Final = 1
FOUND_SOMETHING: Final = 7
NOT_TOLD: Final = 5
LONGEST_LIST: Final = 160
_FIX: Final = "fix:"


class Health(StrEnum):
    """How a check came out. ``not probed``: no call tells without changing something."""

    OK = "ok"
    LACKS = "lacks"
    UNKNOWN = "unknown"
    NOT_PROBED = "not probed"


_STYLES: Final[dict[Health, Style]] = {
    Health.OK: "add",
    Health.LACKS: "warn",
    Health.UNKNOWN: "change",
    Health.NOT_PROBED: "dim",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: where (a scope, or ``installation``), of what, how it came out, what was found, what to do about it.

    What to do may have several lines: commands to type one after the other.
    """

    where: str
    of: str
    health: Health
    what: str
    fix: str = ""


def check_of_error(where: str, of: str, error: EnvctlError) -> Check:
    """Return what an error of ours means for a check: its text says what, and what to do.

    What somebody must act on lacks; what may pass by itself is unknown.
    """
    lacks = isinstance(error, (AccessDenied, WrongUsage, NotFound, TableMissing, TablesNotReady))
    lines = [line.strip() for line in str(error).splitlines()]
    at = next((i for i, line in enumerate(lines) if line.startswith(_FIX)), len(lines))
    fix = "\n".join(line.removeprefix(_FIX).strip() for line in lines[at:]).strip()
    health = Health.LACKS if lacks else Health.UNKNOWN
    return Check(where, of, health, "; ".join(filter(None, lines[:at])), fix)


def exit_code(checks: Iterable[Check]) -> int:
    """Return 0 if nothing lacks and all could be told; 5 if something could not, 7 if something lacks."""
    found = {check.health for check in checks}
    codes = [FOUND_SOMETHING if Health.LACKS in found else 0]
    codes.append(NOT_TOLD if Health.UNKNOWN in found else 0)
    return worst_exit_code(codes)


def report_lines(checks: Sequence[Check]) -> Iterator[Line]:
    """Yield the checks, grouped by where, what is to be done below each."""
    of = max((len(check.of) for check in checks), default=0)
    where = ""
    for check in checks:
        if check.where != where:
            if where:
                yield ()
            where = check.where
            yield (Span(where, "bold"),)
        style = _STYLES[check.health]
        yield (
            Span("  "),
            Span(f"{check.health:<10}", style),
            Span(f"  {check.of:<{of}}  {_shown(check)}"),
        )
        for index, line in enumerate(check.fix.splitlines()):
            yield (Span(f"{'':<{14 + of + 2}}{' ' if index else '→'} {line}"),)
    yield ()
    yield (Span(summary(checks), "bold"),)


def _shown(check: Check) -> str:
    """Return what was found; of a long list nobody has to act on only the beginning."""
    if check.health is not Health.NOT_PROBED or len(check.what) <= LONGEST_LIST:
        return check.what
    return f"{check.what[:LONGEST_LIST].rpartition(', ')[0]}, … (all: --format json)"


def summary(checks: Iterable[Check]) -> str:
    """Return ``14 ok · 1 lacks · 2 not probed``."""
    counts = dict.fromkeys(Health, 0)
    for check in checks:
        counts[check.health] += 1
    return " · ".join(f"{count} {health}" for health, count in counts.items() if count)


def report_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the checks as one JSON document; stable, more may be added."""
    return {
        "formatVersion": FORMAT_VERSION,
        "exitCode": exit_code(checks),
        "checks": [
            {
                "where": check.where,
                "of": check.of,
                "health": check.health.value,
                "what": check.what,
                "fix": check.fix,
            }
            for check in checks
        ],
    }
