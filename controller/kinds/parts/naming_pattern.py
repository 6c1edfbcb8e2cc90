"""Patterns that names of environments have to match: checked without letting a file decide how much time or memory that takes.

Names are matched for every environment, so a pattern is given to the engine that also checks the specs: its time is linear in the
text, as it never backtracks. The price is that look-around and back-references are not there, which is said when a pattern uses
them. The engine's size is another matter: each counted repeat is written out, and ``\\w`` is a table of all scripts. So patterns are
bounded by what they come to when written out, and few engines are kept.
"""

import re
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from controller.kinds.language.spec import Says, unfit
from controller.model.source_bounds import (
    MAX_PATTERN_CHARACTERS,
    MAX_PATTERN_REPEATS,
    MAX_PATTERN_STATES,
)

_ENGINES_KEPT: Final = 32
"""More than there are environment types; of the largest pattern, 32 take some 10 MB."""

_PART: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{[0-9]*(?:,[0-9]*)?\}|\(\?[^():<>]*[:<)]?|.", re.DOTALL
)
"""An escape, a class, a count, what opens a special group, or a character. A class may seem to end too early, never too late."""
_FLAGS: Final = re.compile(r"\(\?(?:i?:|i\)|P?<)")
"""Groups without a number, with a name, and the one flag that does not change how the rest is read."""
_UNICODE: Final = re.compile(r"\\[wWdDpP]")
_INSTEAD: Final = r"write [A-Za-z0-9_] for \w and [0-9] for \d"


def _a_pattern(pattern: str) -> str:
    _check_size(pattern)
    try:
        _engine(pattern)
    except SchemaError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("error: ").strip()
        raise unfit(
            f"{pattern!r} is no regular expression: {reason}",
            "write one without look-around and back-references, such as ^c[0-9]{1,2}$",
        ) from None
    return pattern


NamingPattern = Annotated[
    str,
    Field(min_length=1, max_length=MAX_PATTERN_CHARACTERS),
    Says(
        f"a regular expression of at most {MAX_PATTERN_CHARACTERS} characters, such as ^c[0-9]{{1,2}}$"
    ),
    AfterValidator(_a_pattern),
]


def matches(pattern: str, name: str) -> bool:
    """Tell whether the pattern is found anywhere in the name (domain rule: it is not anchored)."""
    try:
        _engine(pattern).validate_python(name)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=_ENGINES_KEPT)
def _engine(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern))


def _check_size(pattern: str) -> None:
    """Raise unless an engine for the pattern stays small."""
    totals, last = [0], 0
    for part in _PART.findall(pattern):
        if _UNICODE.search(part):
            raise unfit(
                f"{pattern!r} has {_UNICODE.findall(part)[0]}, which stands for the characters of all scripts",
                _INSTEAD,
            )
        if part.startswith("(?") and not _FLAGS.match(part) and part[2:3] not in {"=", "!"}:
            raise unfit(
                f"{pattern!r} has {part}, expected no flag but (?i)",
                "write the pattern without flags, such as ^c[0-9]{1,2}$",
            )
        if re.search("[0-9]", part) and part[0] == "{":
            times = max(map(int, re.findall("[0-9]+", part)), default=1)
            if times > MAX_PATTERN_REPEATS:
                raise unfit(
                    f"{pattern!r} repeats something {times:,} times, expected at most {MAX_PATTERN_REPEATS}",
                    f"write a count of at most {MAX_PATTERN_REPEATS}, or + for any",
                )
            totals[-1] += last * (max(times, 1) - 1)
            last *= max(times, 1)
        elif part[0] == "(" and part != "(?i)":
            totals.append(0)
        elif part == ")" and len(totals) > 1:
            last = totals.pop()
            totals[-1] += last
        else:
            last = 1
            totals[-1] += 1
    if sum(totals) > MAX_PATTERN_STATES:
        raise unfit(
            f"{pattern!r} comes to {sum(totals):,} characters with its repeats written out, expected at most {MAX_PATTERN_STATES}",
            "write + for any number of times, and leave the length to the name's own rule",
        )
