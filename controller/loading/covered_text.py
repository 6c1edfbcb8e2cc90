"""YAML text whose sensitive values are covered, so that a line of it can be shown.

It works on the text alone, as what is shown may be no YAML at all. Every character of a value becomes a star, so that
places stay where they are.
"""

import re
from collections.abc import Collection
from typing import Final

STAR: Final = "*"

_IN_QUOTES: Final = r"\"(?:[^\"\\]|\\.)*(?:\"|\Z)|'(?:[^']|'')*(?:'|\Z)"
_IN_FLOW: Final = r"[\[{][^\]}]*|[^,\]}\r\n]*"
_INDENTED_BELOW: Final = r"(?:\r?\n(?:[ \t]*(?=\r?\n|\Z)|(?P=indent)[ \t]+[^\r\n]*))*"


def covered(text: str, names: Collection[str]) -> str:
    """Return the text with the values of the fields of these names covered, in whatever case the names are written.

    Rather too much is covered than too little: a value that may go on below takes what is indented below along.
    """
    if not names:
        return text
    pattern = _pattern(names)
    return pattern.sub(_cover, text) if pattern.search(text) else text


def _pattern(names: Collection[str]) -> "re.Pattern[str]":
    name = "|".join(re.escape(one) for one in sorted(names))
    return re.compile(
        rf"(?P<before>(?:^(?P<indent>[ ]*)(?:-[ ]+)*|(?P<flow>[{{,])\s*)(?P<quote>[\"']?)(?:{name})(?P=quote)[ \t]*:\s?)"
        rf"(?P<value>(?(flow)\s*(?:(?:[&!]\S*)\s+)*(?:{_IN_QUOTES}|{_IN_FLOW})|[^\r\n]*{_INDENTED_BELOW}))",
        re.IGNORECASE | re.MULTILINE,
    )


def _cover(found: "re.Match[str]") -> str:
    return found["before"] + re.sub(r"\S", STAR, found["value"])
