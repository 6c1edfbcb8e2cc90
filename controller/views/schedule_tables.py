"""Exceptions and hours as tables for people and as JSON for programs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, TypedDict

from controller.engine.queries.schedules.exceptions import (
    ExceptionKind,
    FoundExceptions,
    ScheduleException,
)
from controller.engine.queries.schedules.hours import ReportLine, ScheduleReport
from controller.model.printable import in_short
from controller.planning.wording import number
from controller.scheduling.facts import Source
from controller.views.answer import Answer
from controller.views.documents.envelope import filled
from controller.views.style import fitted
from controller.views.time_text import clock_text, dated_day_text, stretch_text

NONE: Final = "no exceptions: everything is as its schedule says"
UNKNOWN: Final = "unknown"
_INDENT: Final = "  "
_COSTS: Final = ("COST", "SAVED COST")
_HEADINGS: Final = ("ENVIRONMENT", "TEAM", "INSTANCES", "ON", "OFF", "SAVED", *_COSTS)


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
    found: Sequence[ScheduleException],
    unknown: Mapping[str, str],
    now: datetime,
    width: int | None = None,
) -> Iterator[str]:
    """Yield the exceptions by category, then what could not be looked at. No row is longer than ``width``."""
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
        # Of several how many, as a person looks for their group then.
        rows = [
            (names[0] if len(names) == 1 else f"{number(len(names))} instances", *facts)
            for facts, names in alike.items()
        ]
        within = None if width is None else width - len(_INDENT)
        yield from (f"{_INDENT}{line}" for line in fitted(rows, within))
    yield from _dark(unknown)


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
        return in_short(exception.override.actor)
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


def _dark(unknown: Mapping[str, str]) -> Iterator[str]:
    for scope, reason in sorted(unknown.items()):
        yield f"unknown: {scope} could not be looked at: {reason.partition(chr(10))[0]}"


def exceptions_json(
    found: Sequence[ScheduleException], unknown: Mapping[str, str], now: datetime
) -> ScheduleExceptionsDocument:
    """Return the exceptions for programs."""
    return {
        "at": now,
        "exceptions": list(map(_exception, found)),
        "unknown": unknown,
    }


def _exception(exception: ScheduleException) -> ExceptionObject:
    rule = exception.rule
    return filled(
        ExceptionObject,
        exception,
        exception.belongs,
        category=exception.kind,
        environmentType=exception.belongs.type,
        why=_why(exception),
        source=rule.source if rule else "",
        tag=rule.tag if rule else "",
        rule=rule.text if rule else "",
        override=exception.override.id if exception.override else "",
        origin=str(exception.origin or ""),
        by=_by(exception),
    )


def report_lines(report: ScheduleReport, width: int | None = None) -> Iterator[str]:
    """Yield the hours by environment, and the totals. No row is longer than ``width``."""
    days = (report.until - report.since).total_seconds() / 86400
    yield f"Instance hours from {stretch_text(report.since, report.until)} ({days:g} day{'' if days == 1 else 's'})"
    priced = report.cost is not None
    rows = [_HEADINGS, *map(_hours, report.lines)]
    yield from fitted(rows if priced else [row[: -len(_COSTS)] for row in rows], width)
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


def _hours(line: ReportLine) -> tuple[str, ...]:
    return (
        line.belongs.environment,
        line.belongs.team,
        number(line.instances),
        f"{line.hours_on:,.1f} h",
        f"{line.hours_off:,.1f} h",
        _share(line.hours_on, line.hours_off),
        *("-" if value is None else f"{value:,.2f}" for value in (line.cost, line.saved)),
    )


def _share(on: float, off: float) -> str:
    total = on + off
    return f"{off / total * 100:.0f} %" if total else "0 %"


def report_json(report: ScheduleReport) -> ScheduleReportDocument:
    """Return the hours for programs."""
    lines = [
        filled(HoursObject, line, line.belongs, environmentType=line.belongs.type)
        for line in report.lines
    ]
    return filled(ScheduleReportDocument, report, environments=lines)


def exceptions_answer(exceptions: FoundExceptions, now: datetime) -> Answer:
    """What is on outside of its schedule."""
    found, unknown = exceptions
    return Answer(
        document="schedule-exceptions",
        fields=lambda: exceptions_json(found, unknown, now),
        text=lambda: "\n".join(exception_lines(found, unknown, now)),
        fitted=lambda width: "\n".join(exception_lines(found, unknown, now, width)),
    )


def report_answer(report: ScheduleReport) -> Answer:
    """Hours on and off."""
    return Answer(
        document="schedule-report",
        fields=lambda: report_json(report),
        text=lambda: "\n".join(report_lines(report)),
        fitted=lambda width: "\n".join(report_lines(report, width)),
    )
