"""Kinds as said of several objects."""

import re
from typing import Final

_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def plural(kind: str) -> str:
    """Return ``Services`` for ``Service``; what ends in s stays: ``NotificationSettings``."""
    return kind if kind.endswith("s") else f"{kind}s"


def counted_kind(kind: str, count: int) -> str:
    """Return what a count is followed by: ``group`` and ``groups``, ``set of scaling schedules`` and ``sets of …``."""
    words = _WORD.sub(" ", kind).lower()
    if words.endswith("s"):
        return f"set{'' if count == 1 else 's'} of {words}"
    return words if count == 1 else plural(words)
