"""Figures of two sides that take turns, until their rounds agree."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

LEAST_ROUNDS, SPREAD = 3, 0.02


class Measured(NamedTuple):
    """Rounds of one figure: the ratio of ours to the other side in the middle, and the seconds that go with it.

    ``spread`` is how far half of the ratios lie from the middle at most, as a share of it.
    """

    ratio: float
    ours_s: float
    other_s: float
    spread: float
    rounds: int


def measured(rounds: Iterator[tuple[float, float]], most: int) -> Measured:
    """Take rounds of (the other side, ours) in seconds until they agree, or so many."""
    taken: list[tuple[float, float]] = []
    while True:
        taken.append(next(rounds))
        figure = middle_of(taken)
        if figure.rounds >= most or agrees(figure):
            return figure


def middle_of(taken: Sequence[tuple[float, float]]) -> Measured:
    """Return the round in the middle of rounds of (the other side, ours), and how far they lie apart."""
    ordered = sorted(taken, key=lambda times: times[1] / times[0])
    other, ours = ordered[len(ordered) // 2]
    middle = ours / other
    apart = sorted(abs(ours / other - middle) / middle for other, ours in taken)
    return Measured(middle, ours, other, apart[len(apart) // 2], len(taken))


def agrees(figure: Measured, spread: float = SPREAD) -> bool:
    """Tell whether there were rounds enough, half of them so close to the middle."""
    return figure.rounds >= LEAST_ROUNDS and figure.spread <= spread


def agreement(figure: Measured) -> str:
    """Say how well the rounds of a figure agree."""
    return f", half of {figure.rounds} rounds within {figure.spread:.1%}"
