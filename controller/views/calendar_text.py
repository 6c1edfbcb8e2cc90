"""A calendar view as text for people: one line a day, one character for each half hour."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Annotated, TypedDict

from controller.engine.queries.schedules.preview import PreviewedSchedule
from controller.planning.wording import end_text, number, what_text
from controller.scheduling.calendar_view import CalendarDay, CalendarView
from controller.scheduling.schedule import State
from controller.scheduling.wall_clock import zone_of
from controller.views.answer import Answer
from controller.views.documents.envelope import filled
from controller.views.documents.moments import (
    LocalMoment,
    StateChangeObject,
    state_change_json,
)
from controller.views.time_text import bare_clock_text, clock_text, even_day_text, relative_day_text

_ON, _PARTLY, _OFF, _CLOCKS = "█", "▒", "·", "▲"
_SCALE = " " * 12 + "".join(f"{hour:02}    " for hour in range(0, 24, 3)).rstrip()
_GAP = "   "
_TO = "\N{EN DASH}"
_FIXED = {
    State.ON: "Always on.",
    State.OFF: "Always off.",
    State.NOSCHEDULE: "No schedule: left as it is.",
}


SpanObject = TypedDict("SpanObject", {"from": LocalMoment, "to": LocalMoment})


class ClockChangeObject(TypedDict):
    """A change of the clocks, and the time on the wall before and after."""

    utc: datetime
    before: Annotated[str, "HH:MM"]
    after: Annotated[str, "HH:MM"]


class DayObject(TypedDict):
    """One local day."""

    date: str
    hours: float
    hoursOn: float
    on: list[SpanObject]
    exceptions: Annotated[list[str], "Names of excepted days, with their calendar."]
    clockChanges: list[ClockChangeObject]


class CalendarEventObject(StateChangeObject):
    """A change of state, and what makes it."""

    cause: str


class UsedByObject(TypedDict):
    """Who follows a schedule."""

    environments: list[str]
    roles: list[str]


class SchedulePreviewDocument(TypedDict):
    """Some days of a schedule."""

    name: str
    origin: Annotated[str, "Where it was written; empty for one that was typed."]
    text: Annotated[str, "The schedule as an expression."]
    state: Annotated[str | None, State, "Of a schedule that never changes."]
    usedBy: UsedByObject
    notes: list[str]
    timezone: str
    hours: float
    hoursOn: float
    nextChange: StateChangeObject | None
    days: list[DayObject]
    events: list[CalendarEventObject]


def render_calendar(view: CalendarView, heading: Sequence[str]) -> str:
    """Return the text of a view under a heading such as name, zone, file and users."""
    zone = zone_of(view.schedule.zone)
    lines = [_GAP.join(heading), _SCALE]
    lines += [_line(day, zone) for day in view.days]
    lines.append(_total(view))
    return "\n".join(lines) + "\n"


def _line(day: CalendarDay, zone: tzinfo) -> str:
    letters = [_ON if share == 1 else _PARTLY if share else _OFF for share in day.segments]
    for change in day.clock_changes:
        wall = min(change.before, change.after)
        letters[wall.hour * 2 + wall.minute // 30] = _CLOCKS
    parts = [f"{even_day_text(day.day)}  {''.join(letters)}", *_remarks(day, zone)]
    return _GAP.join(parts)


def _remarks(day: CalendarDay, zone: tzinfo) -> Iterator[str]:
    yield from day.exceptions
    if day.spans:
        yield _spans(day, zone)
        if any(f"{start.astimezone(zone):%Z}" != "UTC" for start, _ in day.spans):
            yield _spans(day, UTC)
    for change in day.clock_changes:
        yield f"{_CLOCKS} clocks {bare_clock_text(change.before)} → {bare_clock_text(change.after)} {change.abbreviation}"


def _spans(day: CalendarDay, zone: tzinfo) -> str:
    """Return the spans, the zone said once, or with each where the clocks change on the way."""
    spans = [(start.astimezone(zone), end.astimezone(zone)) for start, end in day.spans]
    names = {f"{moment:%Z}" for span in spans for moment in span}
    texts = []
    for first, last in spans:
        begin = bare_clock_text(first) if f"{first:%Z}" == f"{last:%Z}" else clock_text(first)
        end = "24:00" if (last.hour, last.minute) == (0, 0) else bare_clock_text(last)
        texts.append(f"{begin}{_TO}{end}" + (f" {last:%Z}" if len(names) > 1 else ""))
    return ", ".join(texts) + (f" {names.pop()}" if len(names) == 1 else "")


def _total(view: CalendarView) -> str:
    fixed = _FIXED.get(view.schedule.fixed) if view.schedule.fixed else None
    if fixed:
        return fixed
    # a day that the clocks jump over as a whole has no hours
    share = view.hours_on / view.hours if view.hours else 0.0
    total = f"On {round(view.hours_on, 1):g} h of {view.hours:g} h ({share * 100:.0f} %)."
    if view.change is None:
        return f"{total}  It changes no more."
    at, state = view.change.at, view.change.state.upper()
    day = relative_day_text(at, view.now, even=True)
    return f"{total}  Next change after now: {state} {day} {clock_text(at)}"


def preview_text(shown: PreviewedSchedule, view: CalendarView) -> str:
    """Return the calendar for people."""
    used = [
        f"{number(len(users))} {noun}{'' if len(users) == 1 else 's'}"
        for noun, users in (("environment", shown.environments), ("role", shown.roles))
        if users
    ]
    by = f"used by {' and '.join(used)}" if used else ""
    zone = shown.schedule.zone
    said = shown.schedule.fixed or zone.lower() in shown.name.lower()
    heading = (shown.name, "" if said else zone, str(shown.origin or ""), by, *_notes(shown))
    return render_calendar(view, [part for part in heading if part])


def _notes(shown: PreviewedSchedule) -> Iterator[str]:
    """Yield what an environment and its roles follow, and which overrides hold something else."""
    follows = shown.follows
    if follows is not None:
        yield f"follows {f'Schedule/{follows.use}' if follows.use else follows.label}"
    for role, schedule in shown.own.items():
        yield f"role {role}: {schedule.label}"
    for override in shown.overrides:
        yield f"not before its override ends: {what_text(override)} {end_text(override)}"


def preview_json(shown: PreviewedSchedule, view: CalendarView) -> SchedulePreviewDocument:
    """Return the calendar for programs: local times with their offset, and beside them UTC."""
    zone, change = zone_of(view.schedule.zone), view.change
    return filled(
        SchedulePreviewDocument,
        shown,
        view,
        origin=str(shown.origin or ""),
        text=shown.schedule.text,
        state=shown.schedule.fixed,
        usedBy=filled(UsedByObject, shown),
        notes=list(_notes(shown)),
        timezone=view.schedule.zone,
        nextChange=change and state_change_json(change.at, change.state),
        days=[_day(day, zone) for day in view.days],
        events=[
            {**state_change_json(event.at, event.state), "cause": event.cause}
            for event in view.events
        ],
    )


def _day(day: CalendarDay, zone: tzinfo) -> DayObject:
    return filled(
        DayObject,
        day,
        date=day.day.isoformat(),
        on=[
            {
                "from": start.astimezone(zone).isoformat(),
                "to": end.astimezone(zone).isoformat(),
            }
            for start, end in day.spans
        ],
        clockChanges=[
            {
                "utc": change.at,
                "before": f"{change.before:%H:%M}",
                "after": f"{change.after:%H:%M}",
            }
            for change in day.clock_changes
        ],
    )


def preview_answer(shown: PreviewedSchedule, view: CalendarView) -> Answer:
    """Some days of a schedule."""
    return Answer(
        document="schedule-preview",
        fields=lambda: preview_json(shown, view),
        text=lambda: preview_text(shown, view),
    )
