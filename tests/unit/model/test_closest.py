"""The suggestion after a wrong name."""

import random
import string

import pytest

from controller.model.closest import closest


@pytest.mark.parametrize(
    ("value", "candidates", "wanted", "because"),
    [
        ("Tnago", ["Tango", "Rhino"], "Tango", "two letters swapped"),
        ("tango", ["Tanga", "TANGO"], "TANGO", "upper and lower case alone differ"),
        ("bluport", ["bluePort", "greenPort"], "bluePort", "a letter missing"),
        ("spec", ["spec", "specs"], "specs", "the value itself is no suggestion"),
        ("x", ["X", "y"], "X", "a single letter"),
        ("abcd", ["abce", "abcf"], "abce", "of equals the first in the alphabet"),
        ("abcd", ["abcf", "abce"], "abce", "whatever the order"),
        ("abcd", ["wxyz"], None, "nothing in common"),
        ("abcdefgh", ["abc"], None, "half of it is not enough"),
        ("abcd", ["abyz"], None, "half of it is not enough"),
        ("wbe", ["web"], "web", "a short name with two letters swapped"),
        ("ab", [], None, "nothing to choose from"),
        ("", ["a"], None, "nothing to go by"),
        ("a" * 101, ["a" * 102], None, "that long, it is no misspelt name"),
    ],
)
def test_the_nearest_name(value: str, candidates: list[str], wanted: object, because: str) -> None:
    assert closest(value, candidates) == wanted, because


def test_it_is_found_among_ten_thousand() -> None:
    letters = random.Random(1)
    names = ["".join(letters.choices(string.ascii_letters, k=8)) for _ in range(10_000)]
    assert closest("Payments2", [*names, "Payments1"]) == "Payments1"
