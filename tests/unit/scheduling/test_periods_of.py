"""A schedule's text as periods of the week, where they say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
from controller.scheduling.periods_of import periods_of

DAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1).map(
    lambda names: ",".join(dict.fromkeys(names))
)
CLOCK = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("start: 0 8 * * 1-5; stop: 0 19 * * 1-5", [("mon-fri", "08:00", "19:00")]),
        ("Start: 0 8 * * 1,2,3,4,5; Stop: 0 19 * * 1,2,3,4,5", [("mon-fri", "08:00", "19:00")]),
        (
            "start: 0 8 * * 1-5; start: 0 10 * * 6; stop: 0 19 * * 1-5; stop: 0 16 * * 6",
            [("mon-fri", "08:00", "19:00"), ("sat", "10:00", "16:00")],
        ),
        ("start: 0 22 * * 1; stop: 0 6 * * 2", [("mon", "22:00", "06:00")]),
        (
            "start: 0 8 * * 1; stop: 0 19 * * 2",
            [("mon", "08:00", "24:00"), ("tue", "00:00", "19:00")],
        ),
        ("start: 0 8 1 * *; stop: 0 19 * * *", None),
        ("start: 0 8 * * 1 2026; stop: 0 19 * * *", None),
        ("start: 0 8 * * 1; stop: 0 8 * * 1", None),
        ("start: 0 8 * * 1", None),
        ("start: 0 * * * *; stop: 30 * * * *", None),
        ("on", None),
    ],
)
def test_texts(text: str, periods: list[tuple[str, str, str]] | None) -> None:
    found = periods_of(parse_schedule(text))
    assert found == (None if periods is None else tuple(Period(*one) for one in periods))


def test_what_is_on_over_several_days_has_a_period_for_each() -> None:
    found = periods_of(parse_schedule("start: 0 8 * * *; stop: 0 19 * * 1-5"))

    assert found is not None
    assert compile_periods("UTC", found) == compile_periods(
        "UTC",
        [
            Period("mon-fri", "08:00", "19:00"),
            Period("sat", "08:00", "24:00"),
            Period("sun", "00:00", "24:00"),
            Period("mon", "00:00", "08:00"),
        ],
    )


@given(st.lists(st.builds(Period, DAYS, CLOCK, CLOCK), min_size=1, max_size=4))
def test_what_periods_compile_to_is_read_back(periods: list[Period]) -> None:
    compiled = compile_periods("Europe/London", periods)
    found = periods_of(parse_schedule(compiled.text))
    if found is not None:
        again = compile_periods("Europe/London", found)
        assert (again.text, again) == (compiled.text, compiled)
    elif len(periods) == 1:
        assert compiled.text.count("stop") == 0
