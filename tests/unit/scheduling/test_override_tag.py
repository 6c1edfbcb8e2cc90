"""The tag ``on until <time>``."""

from datetime import UTC, datetime

import pytest

from controller.scheduling.override_tag import parse_override_tag
from controller.scheduling.refusals import InvalidSchedule


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("on until 2027-03-25T10:00Z", "2027-03-25T10:00+00:00"),
        (" ON  until 2027-03-25 10:00+01:00 ", "2027-03-25T09:00+00:00"),
        ("on until 2027-03-25 10:00", "2027-03-25T10:00+00:00"),
    ],
)
def test_until_when(text: str, until: str) -> None:
    parsed = parse_override_tag(text)

    assert parsed == datetime.fromisoformat(until)
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "on", "off until 2027-03-25T10:00Z", "on until", "on until 10:00", "on until 2027-03-25"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        parse_override_tag(text)
    assert "on until 2027-03-25T10:00Z" in caught.value.fix
