"""A tag that keeps something on is on record as long as it is there and says the same."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_of_tag, override_of_tag, tags_to_record

NOW = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
SCOPE = "staging-eu/eu-west-1"


def tag(name: str, hours: int = 1, scope: str = SCOPE) -> Override:
    ref = ResourceRef("Instance", f"{scope}/{name}")
    return override_of_tag(ref, "envctl:override", NOW + timedelta(hours=hours), NOW)


PERSONS = Override("4K7Q", tag("i-1").ref, "release", "ada", NOW, "schedule", "on")


@pytest.mark.parametrize(
    ("found", "known", "new", "ended", "why"),
    [
        ([tag("i-1")], [], [tag("i-1")], [], "it was not there before"),
        ([tag("i-1")], [tag("i-1")], [], [], "it is on record"),
        ([], [tag("i-1")], [], [tag("i-1")], "it was taken off"),
        ([tag("i-1", 2)], [tag("i-1")], [tag("i-1", 2)], [tag("i-1")], "it says something else"),
        ([], [tag("i-1", scope="prod-eu/eu-west-1")], [], [], "another account was not looked at"),
        ([], [PERSONS], [], [], "a person made it"),
        ([tag("i-1")], [PERSONS], [tag("i-1")], [], "both may hold"),
    ],
)
def test_what_is_to_be_recorded(
    found: list[Override],
    known: list[Override],
    new: list[Override],
    ended: list[Override],
    why: str,
) -> None:
    made = tags_to_record({one.ref: one for one in found}, known, SCOPE)
    assert made == (tuple(new), tuple(ended)), why


def test_one_thing_has_one_record() -> None:
    assert tag("i-1").id == tag("i-1", 2).id != tag("i-2").id
    assert (is_of_tag(tag("i-1")), is_of_tag(PERSONS)) == (True, False)
    assert tag("i-1").reason == "tag envctl:override on the instance"
