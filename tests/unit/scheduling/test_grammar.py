"""The text form: what is accepted, what it means, and how the rest is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import (
    ALWAYS_OFF,
    ALWAYS_ON,
    NOSCHEDULE,
    InvalidSchedule,
    Schedule,
)
from tests.unit.scheduling.strategies import texts


@pytest.mark.parametrize(
    ("text", "wanted", "because"),
    [
        ("on", ALWAYS_ON, "the plainest form"),
        (" ON ", ALWAYS_ON, "case and outer spaces do not count"),
        ("247", ALWAYS_ON, "24 hours, 7 days"),
        ("Off", ALWAYS_OFF, "case does not count"),
        ("NoSchedule\t", NOSCHEDULE, "tabs are spaces"),
    ],
)
def test_a_fixed_state_is_one_word(text: str, wanted: Schedule, because: str) -> None:
    assert parse_schedule(text) == wanted, because


@pytest.mark.parametrize(
    ("text", "same_as", "because"),
    [
        ("START : 0  8 * * MON-fri", "start: 0 8 * * 1-5", "case, spaces and names do not count"),
        ("start: @daily", "start: 0 0 * * *", "presets are crons"),
        ("start: @midnight", "start: 0 0 * * *", "presets are crons"),
        ("start: @Hourly", "start: 0 * * * *", "presets are crons"),
        ("start: @weekly", "start: 0 0 * * 0", "presets are crons"),
        ("start: @monthly", "start: 0 0 1 * *", "presets are crons"),
        ("start: @yearly", "start: 0 0 1 1 *", "presets are crons"),
        ("start: @annually", "start: 0 0 1 jan *", "presets are crons"),
        ("start: 0 8 ? * ?", "start: 0 8 * * *", "? says nothing about the day"),
        ("start: 5/20 8 * * *", "start: 5,25,45 8 * * *", "a start with a step goes to the end"),
        ("start: 10-50/20 8 * * *", "start: 10,30,50 8 * * *", "a range with a step"),
        ("start: 0 */6 * * *", "start: 0 0,6,12,18 * * *", "a star with a step"),
        ("start: 0 8 * jan-mar *", "start: 0 8 * 1,2,3 *", "month names"),
        ("start: 0 8 * * friL", "start: 0 8 * * 5L", "names before L"),
        ("start: 0 8 * * mon#2", "start: 0 8 * * 1#2", "names before #"),
        ("start: 0 08 * * *", "start: 0 8 * * *", "leading zeros"),
        ("start: 0 8 * * * *", "start: 0 8 * * * 1970-2099", "any year"),
        ("start: 0 8 * * * 2016/2", "start: 0 8 * * * 2016-2099/2", "a step of years"),
        ("start: 0 8 * * * |", "start: 0 8 * * * | UTC", "no time zone is UTC"),
        ("start: 0 8 * * *|EUROPE/london", "start: 0 8 * * * | Europe/London", "zone case"),
    ],
)
def test_forms_that_mean_the_same(text: str, same_as: str, because: str) -> None:
    given_schedule, other = parse_schedule(text), parse_schedule(same_as)

    assert [entry[:-1] for entry in given_schedule.entries] == [
        entry[:-1] for entry in other.entries
    ], because
    assert given_schedule.zone == other.zone


REFUSED = [
    ("", 0, "the schedule is empty", "write on, off, noschedule"),
    ("  ", 2, "the schedule is empty", "write on, off, noschedule"),
    ("blah", 0, "'blah' is no schedule", "write on, off, noschedule"),
    ("NOSCHEDULE 247", 0, "'noschedule' stands alone", "write 'noschedule'"),
    ("on6", 0, "'on6' is no schedule", "write on, off"),
    ("off | Europe/London", 4, "'off' takes no time zone", "write 'off'"),
    ("stop: 0 8 * * *; ", 16, "an entry is empty", "take the extra ';' away"),
    ("; stop: 0 8 * * *", 0, "an entry is empty", "take the extra ';' away"),
    ("stop: 0 8 * * *;;start: 0 9 * * *", 16, "an entry is empty", "take the extra ';'"),
    ("begin: 0 8 * * *", 0, "does not begin with", "'start: minute hour"),
    ("start: 0 8 * * *; stop", 18, "does not begin with", "'start: minute hour"),
    ("start: 0:8 * * *", 8, "second ':'", "write the time as two fields"),
    ("start:", 6, "has no cron", "write 'start: 0 8 * * 1-5'"),
    ("stop: 0 13", 5, "missing: day of the month, month, day of the week", "'stop: 0 13 * * *'"),
    ("stop: 0 13 * * * * *", 5, "7 fields", "write 'stop: 0 13 * * * *'"),
    ("stop: @reboot", 5, "'@reboot' is no preset", "@daily"),
    ("stop: 61 8 * * *", 6, "minute 61 is out of range 0-59", "from 0 to 59"),
    ("stop: 60 8 * * *", 6, "minute 60 is out of range", "write 0 in the minute field"),
    ("stop: 0 24 * * *", 8, "hour 24 is out of range", "write 0 in the hour field"),
    ("stop: 0 25 * * *", 8, "hour 25 is out of range 0-23", "from 0 to 23"),
    ("stop: 0 8 0 * *", 10, "day of the month 0 is out of range 1-31", "from 1 to 31"),
    ("stop: 0 8 * 13 *", 12, "month 13 is out of range", "from 1 to 12"),
    ("stop: 0 8 * * 7", 14, "day of the week 7 is out of range", "0 for Sunday or 6 for Saturday"),
    ("stop: 0 8 * * 0-7", 16, "day of the week 7", "0 for Sunday or 6 for Saturday"),
    ("stop: 0 8 * * 8", 14, "day of the week 8", "from 0 to 6"),
    ("stop: 0 8 * * * 1969", 16, "year 1969 is out of range 1970-2099", "from 1970"),
    ("stop: 0 20-2 * * *", 8, "hour range '20-2' runs backwards", "write '20-23,0-2'"),
    ("stop: 0 8 * * 6-1", 14, "runs backwards", "write '6,0-1'"),
    ("stop: 0 8 * * fri-sun", 14, "runs backwards", "write '5-6,0'"),
    ("stop: 0 8 * * foo", 14, "'foo' is no day of the week", "0-6 or sun-sat"),
    ("stop: 0 8 * * monday", 14, "'monday' is no day of the week", "write 'mon'"),
    ("stop: 0 8 * june *", 12, "'june' is no month", "write 'jun'"),
    ("stop: 0 8 * * 1,,2", 16, "empty member", "write '1,2'"),
    ("stop: 0 8 * * ,", 14, "empty member", "write '*'"),
    ("stop: 0 8 1- * *", 12, "missing a value", "from 1 to 31"),
    ("stop: -1 8 * * *", 6, "'-1' is no minute", "from 0 to 59"),
    ("stop: 1.5 8 * * *", 6, "'1.5' is no minute", "from 0 to 59"),
    ("stop: ? 8 * * *", 6, "'?' is no minute", "the two day fields alone"),
    ("stop: 0 8 * * 1,?", 16, "'?' is no day of the week", "write *"),
    ("stop: */0 8 * * *", 8, "step '0'", "write for example */5"),
    ("stop: */60 8 * * *", 8, "step '60'", "write for example */5"),
    ("stop: */x 8 * * *", 8, "step 'x'", "write for example */5"),
    ("stop: 0 8 L-3 * *", 10, "'l-3' is no day of the month", "write L for the last day"),
    ("stop: 0 8 32W * *", 10, "day of the month 32", "from 1 to 31"),
    ("stop: 0 8 W * *", 10, "missing a value", "from 1 to 31"),
    ("stop: 0 8 1W2 * *", 10, "'1w2' is no day of the month", "from 1 to 31"),
    ("stop: 0 8 * * L5", 14, "'l5' is no day of the week", "0-6 or sun-sat"),
    ("stop: 0 8 * * L", 14, "'L' alone", "write 6 for every Saturday"),
    ("stop: 0 8 * * 1#6", 16, "number 1 to 5", "1L for the last one"),
    ("stop: 0 8 * * #1", 14, "missing a value", "0-6 or sun-sat"),
    ("stop: 0 8 * L *", 12, "'l' is no month", "1-12 or jan-dec"),
    ("stop: 0 8 * * * | Not/AZone", 18, "unknown time zone 'Not/AZone'", "IANA name"),
    ("stop: 0 8 * * * | London", 18, "unknown time zone 'London'", "mean 'Europe/London'"),
    ("stop: 0 8 * * * | Europe/Londn", 18, "unknown time zone", "mean 'Europe/London'"),
    ("stop: 0 8 * * * | UTC | x", 22, "second '|'", "'| UTC'"),
    ("stop: 0 8 * * * | | x", 18, "second '|'", "'| UTC'"),
    ("stop: 0 \u0668 * * *", 8, "has no place", "plain letters"),
]


@pytest.mark.parametrize(("text", "position", "message", "fix"), REFUSED)
def test_what_is_refused_says_where_and_what_to_write_instead(
    text: str, position: int, message: str, fix: str
) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        parse_schedule(text)

    refusal = caught.value
    assert message in refusal.message
    assert fix in refusal.fix
    assert refusal.position == position
    assert str(refusal) == f"{refusal.message}; {refusal.fix}"


@given(texts)
def test_the_words_of_the_entries_mean_what_the_text_means(text: str) -> None:
    schedule = parse_schedule(text)
    words = "; ".join(entry.text for entry in schedule.entries)

    again = parse_schedule(f"{words} | {schedule.zone.upper()}")

    assert again == schedule


def test_equal_texts_are_parsed_once() -> None:
    assert parse_schedule("stop: 0 8 * * *") is parse_schedule("stop: 0 8 * * *")


@given(st.text(max_size=40))
def test_any_text_is_accepted_or_refused(text: str) -> None:
    with suppress(InvalidSchedule):
        assert isinstance(parse_schedule(text), Schedule)
