"""A schedule as a calendar, as people see it and as data."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings

from controller.engine.queries.schedules.preview import PreviewedSchedule
from controller.scheduling.calendar_view import calendar_view
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
from controller.scheduling.schedule import ExceptDates, Schedule, ScheduleNeverRuns
from controller.scheduling.timeline import ensure_runs, hours_on
from controller.scheduling.wall_clock import zone_of
from controller.views.calendar_text import preview_json, render_calendar
from tests.support.documents import printed
from tests.unit.scheduling.strategies import schedules_and_moments

FIRST = date(2027, 3, 25)
NOW = datetime(2027, 3, 25, 12, tzinfo=UTC)
OFFICE = compile_periods(
    "Europe/London",
    [Period("mon-fri", "08:00", "19:00")],
    [
        ExceptDates(date(2027, 3, 26), date(2027, 3, 26), "Good Friday", "england-holidays"),
        ExceptDates(date(2027, 3, 29), date(2027, 3, 29), "Easter Monday"),
    ],
)

EASTER = """\
Schedule/office-hours   Europe/London
            00    03    06    09    12    15    18    21
Thu 25 Mar  ················██████████████████████··········   08:00–19:00 GMT   08:00–19:00 UTC
Fri 26 Mar  ················································   Good Friday (england-holidays)
Sat 27 Mar  ················································
Sun 28 Mar  ··▲·············································   ▲ clocks 01:00 → 02:00 BST
Mon 29 Mar  ················································   Easter Monday
Tue 30 Mar  ················██████████████████████··········   08:00–19:00 BST   07:00–18:00 UTC
Wed 31 Mar  ················██████████████████████··········   08:00–19:00 BST   07:00–18:00 UTC
On 33 h of 167 h (20 %).  Next change after now: OFF today 19:00 GMT
"""


def test_a_week_at_easter() -> None:
    view = calendar_view(OFFICE, FIRST, 7, NOW)
    assert render_calendar(view, ["Schedule/office-hours", "Europe/London"]) == EASTER


def lines(schedule: Schedule, first: date, days: int, now: datetime = NOW) -> list[str]:
    text = render_calendar(calendar_view(schedule, first, days, now), ["x"])
    return text.splitlines()[2:]


@pytest.mark.parametrize(
    ("text", "line", "total"),
    [
        ("on", "Thu 25 Mar  " + "█" * 48 + "   00:00–24:00 UTC", "Always on."),
        ("off", "Thu 25 Mar  " + "·" * 48, "Always off."),
        ("noschedule", "Thu 25 Mar  " + "·" * 48, "No schedule: left as it is."),
        (
            "start: 15 0 * * *; stop: 40 1 * * *",
            "Thu 25 Mar  ▒██▒" + "·" * 44 + "   00:15–01:40 UTC",
            "On 1.4 h of 24 h (6 %).  Next change after now: ON tomorrow 00:15 UTC",
        ),
        (
            "start: 0 0 * * *; stop: 0 1 * * *; start: 0 2 * * *; stop: 0 3 * * * | Asia/Kolkata",
            "Thu 25 Mar  ██··██"
            + "·" * 42
            + "   00:00–01:00, 02:00–03:00 IST   18:30–19:30, 20:30–21:30 UTC",
            "On 2 h of 24 h (8 %).  Next change after now: ON tomorrow 00:00 IST",
        ),
        (
            "start: 0 0 1 1 * 2026",
            "Thu 25 Mar  " + "█" * 48 + "   00:00–24:00 UTC",
            "On 24 h of 24 h (100 %).  It changes no more.",
        ),
        (
            "start: 0 8 1 5 *; stop: 0 8 2 5 *",
            "Thu 25 Mar  " + "·" * 48,
            "On 0 h of 24 h (0 %).  Next change after now: ON Sat 01 May 08:00 UTC",
        ),
        (
            "start: 0 8 1 2 *; stop: 0 8 2 2 *",
            "Thu 25 Mar  " + "·" * 48,
            "On 0 h of 24 h (0 %).  Next change after now: ON Tue 01 Feb 2028 08:00 UTC",
        ),
    ],
)
def test_single_days(text: str, line: str, total: str) -> None:
    assert lines(parse_schedule(text), FIRST, 1) == [line, total]


def test_the_repeated_half_hour_of_lord_howe() -> None:
    nights = compile_periods("Australia/Lord_Howe", [Period("mon-sun", "22:15", "01:45")])

    assert lines(nights, date(2027, 4, 4), 1)[0] == (
        "Sun 04 Apr  ███▲" + "·" * 40 + "▒███   00:00–01:45 +11, 22:15–24:00 +1030"
        "   13:00–14:45, 11:45–13:30 UTC   ▲ clocks 02:00 → 01:30 +1030"
    )


def test_a_span_over_the_repeated_hour_says_the_zone_of_both_its_ends() -> None:
    early = parse_schedule("start: 30 1 * * *; stop: 30 2 * * * | Europe/London")
    assert "   01:30 BST–02:30 GMT   00:30–02:30 UTC   " in lines(early, date(2027, 10, 31), 1)[0]


def test_a_day_without_a_midnight_and_a_day_that_never_was() -> None:
    always = parse_schedule("start: 0 0 * * * | America/Sao_Paulo")
    day = calendar_view(always, date(2017, 10, 15), 1, NOW).days[0]
    assert (day.hours, day.hours_on, day.segments[:3]) == (23, 23, (0.0, 0.0, 1.0))

    never = lines(parse_schedule("start: 0 0 * * * | Pacific/Apia"), date(2011, 12, 30), 1)
    assert never == ["Fri 30 Dec  " + "·" * 48, "On 0 h of 0 h (0 %).  It changes no more."]


def test_the_same_as_data() -> None:
    shown = PreviewedSchedule("office", OFFICE)
    data = printed("schedule-preview", preview_json(shown, calendar_view(OFFICE, FIRST, 7, NOW)))

    assert (data["timezone"], data["hours"], data["hoursOn"]) == ("Europe/London", 167, 33)
    assert data["nextChange"] == {
        "at": "2027-03-25T19:00:00+00:00",
        "utc": "2027-03-25T19:00:00.000Z",
        "state": "off",
    }
    days, events = data["days"], data["events"]
    assert days[1]["exceptions"] == ["Good Friday (england-holidays)"]
    assert days[3]["clockChanges"] == [
        {"utc": "2027-03-28T01:00:00.000Z", "before": "01:00", "after": "02:00"}
    ]
    assert days[5]["on"] == [
        {"from": "2027-03-30T08:00:00+01:00", "to": "2027-03-30T19:00:00+01:00"}
    ]
    assert events[2] == {
        "at": "2027-03-26T00:00:00+00:00",
        "utc": "2027-03-26T00:00:00.000Z",
        "state": "off",
        "cause": "Good Friday",
    }
    on = PreviewedSchedule("on", parse_schedule("on"))
    fixed = preview_json(on, calendar_view(on.schedule, FIRST, 1, NOW))
    assert (fixed["nextChange"], fixed["events"]) == (None, [])


@settings(max_examples=40)
@given(schedules_and_moments())
def test_the_days_add_up_to_the_whole(case: tuple[Schedule, datetime]) -> None:
    schedule, at = case
    first = at.astimezone(zone_of(schedule.zone)).date()
    try:
        ensure_runs(schedule, at)
    except ScheduleNeverRuns:
        return
    view = calendar_view(schedule, first, 4, at)
    start = min((span.start for day in view.days for span in day.spans), default=at)
    end = max((span.end for day in view.days for span in day.spans), default=at)

    assert view.hours_on == pytest.approx(hours_on(schedule, start, end))
    assert all(0 <= share <= 1 for day in view.days for share in day.segments)
