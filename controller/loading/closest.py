"""The known name nearest to a wrong one: what an error can ask with "did you mean"."""

import difflib
from collections.abc import Iterable
from typing import Final

_LIKENESS: Final = 0.6
"""Share of equal characters above which a suggestion helps more than it misleads."""

_MAX_CHARACTERS: Final = 100
"""Longer values are no misspelt names; comparing them would take long."""


def closest(value: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like ``value``, or None when none is near.

    One that differs in upper and lower case alone comes first. Among equals the first in alphabetical order wins, so
    that the order of ``candidates`` does not show. The value itself is never suggested.
    """
    if not value or len(value) > _MAX_CHARACTERS:
        return None
    folded = value.casefold()
    matcher = difflib.SequenceMatcher(autojunk=False)
    # It keeps its preparation of the second sequence, so the wrong value goes there.
    matcher.set_seq2(folded)
    best, best_ratio = None, _LIKENESS
    for candidate in sorted(set(candidates) - {value}):
        other = candidate.casefold()
        if other == folded:
            return candidate
        # The cheapest bound by hand: with ten thousand names most end here.
        if 2 * min(len(other), len(folded)) <= best_ratio * (len(other) + len(folded)):
            continue
        matcher.set_seq1(other)
        if matcher.quick_ratio() > best_ratio and (ratio := matcher.ratio()) > best_ratio:
            best, best_ratio = candidate, ratio
    return best
