"""A change taken back out of what became of it since."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import ABSENT
from controller.planning.three_way import Contested, take_back


def document(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x"}, "spec": spec}


BEFORE = document(port=1, text="old")
AFTER = document(port=2, text="new")


@pytest.mark.parametrize(
    ("before", "after", "now", "expected", "why"),
    [
        (BEFORE, AFTER, AFTER, BEFORE, "nothing happened since"),
        (BEFORE, AFTER, BEFORE, BEFORE, "it was taken back already"),
        (ABSENT, AFTER, AFTER, ABSENT, "it was made"),
        (BEFORE, ABSENT, ABSENT, BEFORE, "it was deleted"),
        (
            document(a=1, b=1),
            document(a=2, b=1),
            document(a=2, b=5, c=6),
            document(a=1, b=5, c=6),
            "other fields were changed since, and stay",
        ),
        (
            document(a=1, b=1),
            document(a=2, b=2),
            document(a=1, b=2),
            document(a=1, b=1),
            "somebody had put one of them back",
        ),
        (
            document(a={"x": 1}),
            document(a={"x": 2}),
            document(a={"x": 2, "y": 3}),
            document(a={"x": 1, "y": 3}),
            "fields within a field are told apart",
        ),
    ],
)
def test_what_was_changed_goes_back_and_what_came_since_stays(
    before: Any, after: Any, now: Any, expected: Any, why: str
) -> None:
    assert take_back(before, after, now) == (expected, ()), why


@pytest.mark.parametrize(
    ("before", "after", "now", "contested", "why"),
    [
        (
            document(a=1, b=1),
            document(a=2, b=2),
            document(a=3, b=2),
            Contested("a", 1, 2, 3),
            "the field was changed again",
        ),
        (BEFORE, AFTER, ABSENT, Contested("", BEFORE, AFTER, ABSENT), "it is gone by now"),
        (ABSENT, AFTER, BEFORE, Contested("", ABSENT, AFTER, BEFORE), "it was edited since"),
        (BEFORE, ABSENT, AFTER, Contested("", BEFORE, ABSENT, AFTER), "it was made anew"),
        (
            document(a=[1, 2]),
            document(a=[1, 2, 3]),
            document(a=[0, 2, 3]),
            Contested("a", [1, 2], [1, 2, 3], [0, 2, 3]),
            "a list without names is one whole",
        ),
        (
            document(a={"x": 1}),
            document(),
            document(a=3),
            Contested("a", {"x": 1}, ABSENT, 3),
            "a removed field came back as something else",
        ),
        (
            document(a={"x": 1}),
            document(a={"x": 2}),
            document(a=7),
            Contested("a.x", 1, 2, ABSENT),
            "what holds it was replaced",
        ),
    ],
)
def test_what_was_changed_again_is_contested(
    before: Any, after: Any, now: Any, contested: Contested, why: str
) -> None:
    assert take_back(before, after, now).contested == (contested,), why


def test_contested_parts_stay_while_the_others_go_back() -> None:
    made = take_back(document(a=1, b=1), document(a=2, b=2), document(a=3, b=2))

    assert made.document == document(a=3, b=1)


@pytest.mark.parametrize(
    ("before", "after", "now", "expected"),
    [
        (document(a=1, b=1), document(a=2, b=2), document(a=3, b=2), document(a=1, b=1)),
        (document(b=1), document(a=2, b=1), document(a=3, b=1, c=4), document(b=1, c=4)),
        (BEFORE, AFTER, ABSENT, BEFORE),
    ],
)
def test_with_a_word_contested_parts_go_back_too(
    before: Any, after: Any, now: Any, expected: Any
) -> None:
    assert take_back(before, after, now, also_contested=True).document == expected


VALUES = st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=2)
SPECS = st.dictionaries(
    st.sampled_from("abcd"), VALUES | st.dictionaries(st.sampled_from("xy"), VALUES)
)


@given(SPECS, SPECS, SPECS)
def test_what_is_not_contested_is_as_before_or_as_it_became(
    before: Any, after: Any, now: Any
) -> None:
    made = take_back(document(**before), document(**after), document(**now))

    contested = {found.path.partition(".")[0] for found in made.contested}
    for name in {*before, *after, *now} - contested:
        found = made.document["spec"].get(name, ABSENT)
        if after.get(name, ABSENT) == now.get(name, ABSENT):
            assert found == before.get(name, ABSENT)
        elif before.get(name, ABSENT) == after.get(name, ABSENT):
            assert found == now.get(name, ABSENT)
