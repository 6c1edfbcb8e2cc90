"""Exceptions and hours as tables for people and as JSON for programs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from controller.engine.queries.schedules.exceptions import UNKNOWN, Belongs, ScheduleException
from controller.engine.queries.schedules.hours import ReportLine, ScheduleReport
from controller.planning.wording import number
from controller.views.time_text import clock_text, dated_day_text

NONE: Final = "no exceptions: everything is as its schedule says"


def exception_lines(
    found: Sequence[ScheduleException], unknown: Mapping[str, str], now: datetime
) -> tuple[str, ...]:
    """Return the exceptions by category, then what could not be looked at."""
    return tuple(_exceptions(found, unknown, now))


def _exceptions(
    found: Sequence[ScheduleException], unknown: Mapping[str, str], now: datetime
) -> Iterator[str]:
    if not found:
        yield NONE
    counts = Counter(one.category for one in found)
    for category, count in counts.items():
        yield f"{category}: {number(count)}"
        alike: dict[tuple[str, ...], list[str]] = {}
        for one in found:
            if one.category == category:
                alike.setdefault(_facts(one, now), []).append(one.ref.key.rpartition("/")[2])
        rows = [(_names(names), *facts) for facts, names in alike.items()]
        yield from (f"  {line}" for line in _aligned(rows))
    yield from _dark(unknown)


def _names(names: Sequence[str]) -> str:
    """Return one name as it is; of several how many, as a person looks for their group then."""
    return names[0] if len(names) == 1 else f"{number(len(names))} instances"


def _facts(one: ScheduleException, now: datetime) -> tuple[str, ...]:
    """Return what a line says besides the id: members of a group most often say the same."""
    whole = one.ref.kind == "Environment"
    return (
        "" if whole else one.name,
        "" if whole else one.belongs.environment,
        one.belongs.team,
        f"since {_day(one.since, now)}" if one.since else "",
        # Who wrote a document is asked of Git and the ledger, by envctl explain.
        "" if whole and one.by == UNKNOWN else f"by {one.by}",
        one.why + (f" until {_day(one.until, now)}" if one.until else ""),
    )


def _day(at: datetime, now: datetime) -> str:
    utc = at.astimezone(UTC)
    today = now.astimezone(UTC).date()
    day = "today" if utc.date() == today else dated_day_text(utc, today.year)
    return f"{day} {clock_text(utc)}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        yield "  ".join(cells).rstrip()


def _dark(unknown: Mapping[str, str]) -> Iterator[str]:
    for scope, reason in sorted(unknown.items()):
        yield f"unknown: {scope} could not be looked at: {reason.partition(chr(10))[0]}"


def exceptions_json(
    found: Sequence[ScheduleException], unknown: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return the exceptions for programs."""
    return {
        "at": now.isoformat(),
        "exceptions": [
            {
                "category": one.category,
                "ref": str(one.ref),
                "name": one.name,
                **_belongs(one.belongs),
                "why": one.why,
                "by": one.by,
                "since": one.since.isoformat() if one.since else None,
                "until": one.until.isoformat() if one.until else None,
            }
            for one in found
        ],
        "unknown": dict(sorted(unknown.items())),
    }


def report_lines(report: ScheduleReport) -> tuple[str, ...]:
    """Return the hours by environment, and the totals."""
    return tuple(_report(report))


def _report(report: ScheduleReport) -> Iterator[str]:
    days = (report.until - report.since).total_seconds() / 86400
    yield f"Instance hours from {report.since:%d %b %H:%M} to {report.until:%d %b %H:%M %Z} ({days:g} day{'' if days == 1 else 's'})"
    priced = report.cost is not None
    heads = (
        "ENVIRONMENT",
        "TEAM",
        "INSTANCES",
        "ON",
        "OFF",
        "SAVED",
        *(("COST", "SAVED COST") if priced else ()),
    )
    rows = [heads, *(_hours(line, priced=priced) for line in report.lines)]
    yield from _aligned(rows)
    share = _share(report.hours_on, report.hours_off)
    cost = f"; cost {report.cost:,.2f}, saved {report.saved:,.2f}" if priced else ""
    yield f"In total {number(round(report.hours_on))} h on, {number(round(report.hours_off))} h off: {share} saved against always-on{cost}"
    assumed = sum(line.assumed for line in report.lines)
    if assumed:
        one = assumed == 1
        yield (
            f"Assumed: of {number(assumed)} instance{'' if one else 's'} nothing is on record in this period;"
            f" {'it counts' if one else 'they count'} as now, from the last start on"
        )
    yield from _dark(report.unknown)


def _hours(one: ReportLine, *, priced: bool) -> tuple[str, ...]:
    money = tuple("-" if value is None else f"{value:,.2f}" for value in (one.cost, one.saved))
    return (
        one.belongs.environment,
        one.belongs.team,
        number(one.instances),
        f"{one.hours_on:,.1f} h",
        f"{one.hours_off:,.1f} h",
        _share(one.hours_on, one.hours_off),
        *(money if priced else ()),
    )


def _share(on: float, off: float) -> str:
    total = on + off
    return f"{off / total * 100:.0f} %" if total else "0 %"


def report_json(report: ScheduleReport) -> dict[str, Any]:
    """Return the hours for programs."""
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "hoursOn": report.hours_on,
        "hoursOff": report.hours_off,
        "cost": report.cost,
        "saved": report.saved,
        "environments": [
            {
                **_belongs(line.belongs),
                "scope": line.scope,
                "instances": line.instances,
                "hoursOn": line.hours_on,
                "hoursOff": line.hours_off,
                "cost": line.cost,
                "saved": line.saved,
                "assumed": line.assumed,
            }
            for line in report.lines
        ],
        "unknown": dict(sorted(report.unknown.items())),
    }


def _belongs(one: Belongs) -> dict[str, Any]:
    return {
        "environment": one.environment,
        "team": one.team,
        "environmentType": one.type,
        "labels": dict(one.labels),
    }
