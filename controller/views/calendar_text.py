"""A calendar view as text for people: one line a day, one character for each half hour."""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Any

from controller.engine.queries.schedules.preview import PreviewedSchedule
from controller.planning.wording import end_text, number, what_text
from controller.scheduling.calendar_view import CalendarDay, CalendarView, as_json
from controller.scheduling.schedule import State
from controller.scheduling.wall_clock import zone_of
from controller.views.time_text import clock_text, even_day_text, relative_day_text

_ON, _PARTLY, _OFF, _CLOCKS = "█", "▒", "·", "▲"
_SCALE = " " * 12 + "".join(f"{hour:02}    " for hour in range(0, 24, 3)).rstrip()
_GAP = "   "
_TO = "\N{EN DASH}"
_FIXED = {
    State.ON: "Always on.",
    State.OFF: "Always off.",
    State.NOSCHEDULE: "No schedule: left as it is.",
}


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
        if not _same_as_utc(day, zone):
            yield _spans(day, UTC)
    for change in day.clock_changes:
        yield f"{_CLOCKS} clocks {change.before:%H:%M} → {change.after:%H:%M} {change.abbreviation}"


def _same_as_utc(day: CalendarDay, zone: tzinfo) -> bool:
    return all(f"{start.astimezone(zone):%Z}" == "UTC" for start, _ in day.spans)


def _spans(day: CalendarDay, zone: tzinfo) -> str:
    """Return the spans, the zone said once, or with each where the clocks change on the way."""
    spans = [(start.astimezone(zone), end.astimezone(zone)) for start, end in day.spans]
    names = {f"{moment:%Z}" for span in spans for moment in span}
    texts = []
    for first, last in spans:
        begin = f"{first:%H:%M}" if f"{first:%Z}" == f"{last:%Z}" else clock_text(first)
        end = "24:00" if (last.hour, last.minute) == (0, 0) else f"{last:%H:%M}"
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
    heading = (shown.name, "" if said else zone, _origin(shown), by, *_notes(shown))
    return render_calendar(view, [part for part in heading if part])


def _origin(shown: PreviewedSchedule) -> str:
    return str(shown.origin) if shown.origin else ""


def _notes(shown: PreviewedSchedule) -> Iterator[str]:
    """Yield what an environment and its roles follow, and which overrides hold something else."""
    follows = shown.follows
    if follows is not None:
        yield f"follows {f'Schedule/{follows.use}' if follows.use else follows.label}"
    for role, schedule in shown.own.items():
        yield f"role {role}: {schedule.label}"
    for override in shown.overrides:
        yield f"not before its override ends: {what_text(override)} {end_text(override)}"


def preview_json(shown: PreviewedSchedule, view: CalendarView) -> dict[str, Any]:
    """Return the calendar for programs."""
    return {
        "name": shown.name,
        "origin": _origin(shown),
        "text": shown.schedule.text,
        "state": shown.schedule.fixed,
        "usedBy": {"environments": list(shown.environments), "roles": list(shown.roles)},
        "notes": list(_notes(shown)),
        **as_json(view),
    }
