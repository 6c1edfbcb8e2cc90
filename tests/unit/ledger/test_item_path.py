"""Two chains of one item joined by its images, in every order that they allow."""

from itertools import pairwise
from random import Random

import pytest

from controller.ledger.item_path import ImageStep, OutsideSteps


def outside(*steps: str, jumps: tuple[str, ...] = ()) -> OutsideSteps:
    found = OutsideSteps()
    found.steps = [ImageStep(step[0], step[1], number) for number, step in enumerate(steps, 1)]
    found.jumps = [ImageStep(jump[0], jump[1], 0) for jump in jumps]
    return found


def test_steps_are_made_as_far_as_they_are_needed() -> None:
    path = outside("AB", "BC", "DE")
    assert path.lead("A", "C")
    assert path.lead("D", "D")
    assert path.ends("D") == ({"E"}, ())


def test_a_step_that_leads_back_is_made_or_not() -> None:
    path = outside("AB", "BA")
    assert path.lead("A", "A")
    assert path.ends("A") == ({"A"}, ())
    path = outside("AB", "BA")
    assert path.lead("A", "A")
    assert path.lead("C", "C")
    ends, left = path.ends("C")
    assert (ends, left) == ({"C"}, ())


def test_what_no_step_leads_to_is_told() -> None:
    path = outside("AB")
    assert not path.lead("A", "X")
    assert path.ends("X") == ({"X"}, ())
    path = outside("AB", "XY")
    ends, breaks = path.ends("A")
    assert (ends, [(image, step.sequence) for image, step in breaks]) == ({"Y"}, [("B", 2)])
    path = outside("AB", "XY", "YZ", "QR")
    ends, breaks = path.ends("A")
    assert (ends, [image for image, _ in breaks]) == ({"R"}, ["B", "Z"])


def test_where_nothing_is_known_the_first_step_fits() -> None:
    path = outside("AB")
    assert path.lead(None, "A")
    assert path.ends(None) == ({"B"}, ())


def test_a_gap_stands_where_it_is_needed() -> None:
    path = outside("AB", "XY", jumps=("BX", "YZ"))
    assert path.lead("A", "Z")
    assert path.ends("Z") == ({"Z"}, ())
    assert path.is_jump("B", "X")
    assert not path.is_jump("B", "Z")
    assert path.is_jump(None, "Z")


@pytest.mark.parametrize("seed", range(200))
def test_any_history_split_in_two_is_joined_again(seed: int) -> None:
    random = Random(seed)
    images = ["", *(random.choice("abcd") for _ in range(12))]
    steps = [(before, after) for before, after in pairwise(images) if before != after]
    ours = [random.random() < 0.5 for _ in steps]
    path = OutsideSteps()
    path.steps = [
        ImageStep(*step, n)
        for n, (step, mine) in enumerate(zip(steps, ours, strict=True))
        if not mine
    ]
    now: str | None = ""
    for (before, after), mine in zip(steps, ours, strict=True):
        if mine:
            assert path.lead(now, before)
            now = after
    ends, left = path.ends(now)
    assert not left
    assert images[-1] in ends
