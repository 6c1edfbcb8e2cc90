"""Which recurrences come round at one moment."""

import pytest

from controller.scheduling.meeting import ever_meet, first_two_that_meet

UTC, LONDON, BERLIN = "UTC", "Europe/London", "Europe/Berlin"


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (("0 8 * * *", UTC), ("0 8 * * 1", UTC), True),
        (("0 8 * * 1-5", UTC), ("0 8 * * 6,0", UTC), False),
        (("0 8 * * *", UTC), ("1 8 * * *", UTC), False),
        (("0 8 1 * *", UTC), ("0 8 * * 3", UTC), True),
        (("0 8 29 2 *", UTC), ("0 8 * 2 *", UTC), True),
        (("0 8 30 2 *", UTC), ("0 8 * * *", UTC), False),
        (("0 8 * * *", LONDON), ("0 9 * * *", BERLIN), True),
        (("0 8 * * *", LONDON), ("0 8 * * *", BERLIN), False),
        (("0 8 * 7 *", LONDON), ("0 7 * 7 *", UTC), True),
        (("0 8 * 1 *", LONDON), ("0 7 * * *", UTC), False),
    ],
)
def test_two_recurrences(one: tuple[str, str], other: tuple[str, str], meet: bool) -> None:
    assert ever_meet(one, other) is meet
    assert ever_meet(other, one) is meet


def test_the_first_two_of_many_are_named() -> None:
    every = [("0 8 * * 1-5", UTC), ("0 22 * * *", UTC), ("0 22 * * *", UTC), ("0 8 * * 1", UTC)]
    assert first_two_that_meet(every) == (0, 3)
    assert first_two_that_meet(every[1:3]) == (0, 1)
    assert first_two_that_meet(every[:2]) is None
