"""Generated schedules and moments for laws about them."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
from controller.scheduling.schedule import ExceptDates, Schedule

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Pacific/Apia",
)

SWITCHES = {
    "Europe/London": ("2017-03-26T01:00", "2017-10-29T01:00"),
    "America/New_York": ("2017-03-12T07:00", "2017-11-05T06:00"),
    "Australia/Sydney": ("2017-09-30T16:00", "2017-04-01T16:00"),
    "Australia/Lord_Howe": ("2017-09-30T15:30", "2017-04-01T15:00"),
    "America/Sao_Paulo": ("2017-10-15T03:00", "2017-02-19T02:00"),
    "Africa/Casablanca": ("2017-03-26T02:00", "2017-10-29T02:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2017-04-01T14:00"),
}
"""Moments (UTC) at which the clocks change."""


def moments(zone: str) -> st.SearchStrategy[datetime]:
    """Any second of some years, many of them within a day of a change of the clocks."""
    anywhere = st.integers(0, 12 * 366 * 86400).map(
        lambda seconds: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    )
    if zone not in SWITCHES:
        return anywhere
    near = st.builds(
        lambda text, minutes: datetime.fromisoformat(text + "Z") + timedelta(minutes=minutes),
        st.sampled_from(SWITCHES[zone]),
        st.integers(-1500, 1500),
    )
    return st.one_of(near, anywhere)


_MINUTES = st.one_of(
    st.integers(0, 59).map(str), st.sampled_from(["*/15", "0,30", "10-50/20", "5/25"])
)
_HOURS = st.one_of(
    st.integers(0, 4).map(str), st.integers(0, 23).map(str), st.sampled_from(["*", "8-18", "*/6"])
)
_DAYS = st.one_of(
    st.just("*"), st.sampled_from(["?", "1", "15W", "L", "LW", "1-7", "31", "1,15,28", "*/2"])
)
_MONTHS = st.one_of(st.just("*"), st.sampled_from(["mar", "1-6", "4,10", "*/3", "9-12"]))
_WEEKDAYS = st.one_of(
    st.just("*"), st.sampled_from(["1-5", "sun", "6,0", "5L", "1#1", "?", "mon,wed#2", "2-4"])
)
_YEARS = st.sampled_from(["", "", "", " *", " 2016-2018", " 2017"])

crons = st.builds("{} {} {} {} {}{}".format, _MINUTES, _HOURS, _DAYS, _MONTHS, _WEEKDAYS, _YEARS)
_ENTRIES = st.lists(
    st.builds("{}: {}".format, st.sampled_from(["start", "stop"]), crons), min_size=1, max_size=4
)
texts = st.builds("{} | {}".format, _ENTRIES.map("; ".join), st.sampled_from(ZONES))

_CLOCKS = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
_PERIODS = st.builds(
    Period, st.sampled_from(["mon-fri", "sat,sun", "mon", "mon-sun", "wed-thu"]), _CLOCKS, _CLOCKS
)
_EXCEPTIONS = st.builds(
    lambda day, length: ExceptDates(day, day + timedelta(days=length), f"from {day}"),
    st.dates(date(2016, 12, 1), date(2018, 2, 1)),
    st.integers(0, 4),
)
people = st.builds(
    compile_periods,
    st.sampled_from(ZONES),
    st.lists(_PERIODS, min_size=1, max_size=3),
    st.lists(_EXCEPTIONS, max_size=4),
)

schedules: st.SearchStrategy[Schedule] = st.one_of(texts.map(parse_schedule), people)


@st.composite
def schedules_and_moments(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """A schedule and a moment that is likely near a change of its clocks."""
    schedule = draw(schedules)
    return schedule, draw(moments(schedule.zone))
