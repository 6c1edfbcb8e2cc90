"""The known name nearest to a wrong one: what an error can ask with "did you mean"."""

import difflib
import heapq
from collections.abc import Iterable
from typing import Final

_LIKENESS: Final = 0.6
"""Share of equal characters above which a suggestion helps more than it misleads."""

_MAX_CHARACTERS: Final = 100
"""Longer values are no misspelt names; comparing them would take long."""

_SHORT: Final = 4
"""Values of fewer characters are compared by single ones at the first look."""

_COMPARED: Final = 50
"""How many candidates are compared in full: those that share most with the value at a first look."""


def did_you_mean(
    value: str, candidates: Iterable[str], otherwise: str, *, quoted: bool = True
) -> str:
    """Return the fix for a name that is none: the nearest candidate in words, or ``otherwise``."""
    meant = closest(value, candidates)
    return f"did you mean {repr(meant) if quoted else meant}?" if meant else otherwise


def closest(value: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like ``value``, or None when none is near.

    One that differs in upper and lower case alone comes first. Among equals the first in alphabetical order wins, so
    that the order of ``candidates`` does not show. The value itself is never suggested.
    """
    if not value or len(value) > _MAX_CHARACTERS:
        return None
    folded = value.casefold()
    pieces = {folded[i : i + 2] for i in range(len(folded) - 1)}
    if len(folded) < _SHORT:
        # Two letters the wrong way round leave no pair of them in common.
        pieces = set(folded)
    looked_at: list[tuple[float, str, str]] = []
    for candidate in set(candidates) - {value}:
        lowered = candidate.casefold()
        size = len(lowered) + len(folded)
        # Even if all of the shorter text were in the longer.
        if 2 * min(len(lowered), len(folded)) > _LIKENESS * size:
            shared = sum(piece in lowered for piece in pieces)
            if shared:
                looked_at.append((-shared / size, candidate, lowered))
    matcher = difflib.SequenceMatcher(autojunk=False)
    # It keeps its preparation of the second sequence, so the wrong value goes there.
    matcher.set_seq2(folded)
    best, best_ratio = None, _LIKENESS
    for _, candidate, lowered in heapq.nsmallest(_COMPARED, looked_at):
        matcher.set_seq1(lowered)
        ratio = matcher.ratio() + (lowered == folded)
        if ratio > best_ratio or (ratio == best_ratio and best is not None and candidate < best):
            best, best_ratio = candidate, ratio
    return best
