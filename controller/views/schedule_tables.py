"""Exceptions and hours as tables for people and as JSON for programs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, TypedDict

from controller.engine.queries.schedules.exceptions import (
    Belongs,
    ExceptionKind,
    ScheduleException,
)
from controller.engine.queries.schedules.hours import ReportLine, ScheduleReport
from controller.planning.wording import number
from controller.scheduling.facts import Source
from controller.views.time_text import clock_text, dated_day_text, stretch_text

NONE: Final = "no exceptions: everything is as its schedule says"
UNKNOWN: Final = "unknown"


class BelongsObject(TypedDict):
    """What something belongs to."""

    environment: str
    team: str
    environmentType: str
    labels: Mapping[str, str]


class ExceptionObject(BelongsObject):
    """One exception, and what makes it one."""

    category: Annotated[str, ExceptionKind]
    ref: str
    name: str
    why: Annotated[str, "In words; the fields below say the same as data."]
    source: Annotated[str, (*Source, "")]
    tag: Annotated[str, "Key of the tag that makes it one; empty if none does."]
    rule: Annotated[str, "The deciding tag's, override's or document's schedule as written."]
    override: Annotated[str, "Id of the recorded override that decides; empty if none does."]
    schedule: Annotated[str, "What an environment's schedule is called."]
    origin: Annotated[str, "Where that was written."]
    by: Annotated[str, "Who made it one, as far as that is known."]
    since: datetime | None
    until: datetime | None


class ScheduleExceptionsDocument(TypedDict):
    """What is on outside its schedule, kept by old tags, always on or left alone."""

    at: datetime
    exceptions: list[ExceptionObject]
    unknown: Annotated[Mapping[str, str], "Scope -> why it could not be looked at."]


class HoursObject(BelongsObject):
    """Instance hours of one environment in one scope; costs are null where nothing has a price."""

    scope: str
    instances: int
    hoursOn: float
    hoursOff: float
    cost: float | None
    saved: float | None
    assumed: Annotated[int, "Instances of which nothing is on record: taken as they are now."]


class ScheduleReportDocument(TypedDict):
    """Instance hours of a period; off is what was saved against always-on."""

    since: datetime
    until: datetime
    hoursOn: float
    hoursOff: float
    cost: float | None
    saved: float | None
    environments: list[HoursObject]
    unknown: Annotated[Mapping[str, str], "Scope -> why it could not be looked at."]


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
    counts = Counter(exception.kind for exception in found)
    for kind, count in counts.items():
        yield f"{kind}: {number(count)}"
        alike: dict[tuple[str, ...], list[str]] = {}
        for exception in found:
            if exception.kind is kind:
                name = exception.ref.key.rpartition("/")[2]
                alike.setdefault(_facts(exception, now), []).append(name)
        rows = [(_names(names), *facts) for facts, names in alike.items()]
        yield from (f"  {line}" for line in _aligned(rows))
    yield from _dark(unknown)


def _names(names: Sequence[str]) -> str:
    """Return one name as it is; of several how many, as a person looks for their group then."""
    return names[0] if len(names) == 1 else f"{number(len(names))} instances"


def _facts(exception: ScheduleException, now: datetime) -> tuple[str, ...]:
    """Return what a line says besides the id: members of a group most often say the same."""
    whole, by = exception.ref.kind == "Environment", _by(exception)
    until = f" until {_day(exception.until, now)}" if exception.until else ""
    return (
        "" if whole else exception.name,
        "" if whole else exception.belongs.environment,
        exception.belongs.team,
        f"since {_day(exception.since, now)}" if exception.since else "",
        # Who wrote a document is asked of Git and the ledger, by envctl explain.
        "" if whole and by == UNKNOWN else f"by {by}",
        f"{_why(exception)}{until}",
    )


def _by(exception: ScheduleException) -> str:
    """Return who made it one."""
    if exception.override is not None:
        return exception.override.actor
    rule = exception.rule
    ours = rule is not None and not exception.by_tag and rule.source is not Source.OVERRIDE
    return "envctl" if ours else UNKNOWN


def _why(exception: ScheduleException) -> str:
    rule = exception.rule
    if exception.origin is not None:
        return f"schedule {exception.schedule} in {exception.origin}"
    if rule is None:
        return exception.reason
    if exception.by_tag:
        on_instance = rule.source is Source.INSTANCE
        where = "instance" if on_instance else f"group {exception.group}"
        return f"tag {rule.tag} = {rule.text} on the {where}"
    if rule.source is Source.OVERRIDE:
        return f"override {rule.text}: {rule.why}"
    return exception.reason or "it is about to be stopped"


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
) -> ScheduleExceptionsDocument:
    """Return the exceptions for programs."""
    return {
        "at": now,
        "exceptions": [_exception(exception) for exception in found],
        "unknown": unknown,
    }


def _exception(exception: ScheduleException) -> ExceptionObject:
    rule = exception.rule
    return {
        "category": exception.kind.value,
        "ref": str(exception.ref),
        "name": exception.name,
        **_belongs(exception.belongs),
        "why": _why(exception),
        "source": rule.source.value if rule else "",
        "tag": rule.tag if rule else "",
        "rule": rule.text if rule else "",
        "override": exception.override.id if exception.override else "",
        "schedule": exception.schedule,
        "origin": str(exception.origin or ""),
        "by": _by(exception),
        "since": exception.since,
        "until": exception.until,
    }


def report_lines(report: ScheduleReport) -> tuple[str, ...]:
    """Return the hours by environment, and the totals."""
    return tuple(_report(report))


def _report(report: ScheduleReport) -> Iterator[str]:
    days = (report.until - report.since).total_seconds() / 86400
    yield f"Instance hours from {stretch_text(report.since, report.until)} ({days:g} day{'' if days == 1 else 's'})"
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
        single = assumed == 1
        yield (
            f"Assumed: of {number(assumed)} instance{'' if single else 's'} nothing is on record in this period;"
            f" {'it counts' if single else 'they count'} as now, from the last start on"
        )
    yield from _dark(report.unknown)


def _hours(line: ReportLine, *, priced: bool) -> tuple[str, ...]:
    money = tuple("-" if value is None else f"{value:,.2f}" for value in (line.cost, line.saved))
    return (
        line.belongs.environment,
        line.belongs.team,
        number(line.instances),
        f"{line.hours_on:,.1f} h",
        f"{line.hours_off:,.1f} h",
        _share(line.hours_on, line.hours_off),
        *(money if priced else ()),
    )


def _share(on: float, off: float) -> str:
    total = on + off
    return f"{off / total * 100:.0f} %" if total else "0 %"


def report_json(report: ScheduleReport) -> ScheduleReportDocument:
    """Return the hours for programs."""
    return {
        "since": report.since,
        "until": report.until,
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
        "unknown": report.unknown,
    }


def _belongs(belongs: Belongs) -> BelongsObject:
    return {
        "environment": belongs.environment,
        "team": belongs.team,
        "environmentType": belongs.type,
        "labels": belongs.labels,
    }
