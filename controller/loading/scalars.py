"""What a plain (unquoted) YAML scalar means, by the core schema of YAML 1.2 with the traps taken out."""

import math
import re
from typing import Any, Final, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**63 - 1
MAX_CHARACTERS: Final = 40
"""No number is written with more, and no message repeats more of a text."""
MERGE_KEY: Final = "<<"

_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS: Final = frozenset("0123456789+-.")
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


class Irregular(Exception):
    """The text is not entirely regular; finding out where and why is left to ``find_text_problems``."""


class IrregularScalar(Irregular):
    """A scalar that means nothing safe. ``message`` says why, ``fix`` what to write."""

    def __init__(self, message: str, fix: str) -> None:
        """Keep both for the problem that will be shown."""
        super().__init__(message)
        self.message, self.fix = message, fix


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar: null, a boolean, an integer, a float, or the text itself.

    Dates, ``19:00``, ``yes`` and ``on`` are text.
    Raises IrregularScalar for numbers that a reader may take for something else (a leading zero), that do not
    fit 64 bits, or that are not finite.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _NOT_FINITE.fullmatch(text):
        raise IrregularScalar(
            f"{shown(text)} cannot be stored as a number",
            "write a finite number, or quote it to mean text",
        )
    is_integer = _INTEGER.fullmatch(text)
    if not is_integer and not _FLOAT.fullmatch(text):
        return text
    if _LEADING_ZERO.match(text):
        raise IrregularScalar(
            f"{shown(text)} is ambiguous: a number with a leading zero loses it",
            f"quote it to mean text: {quoted(text)}; for a number leave the zero out",
        )
    value: int | float = math.inf
    if len(text) <= MAX_CHARACTERS:
        base = 0 if text[1:2] in {"o", "x"} else 10
        value = int(text, base) if is_integer else float(text)
    if math.isinf(value) or (is_integer and not MIN_INTEGER <= value <= MAX_INTEGER):
        raise IrregularScalar(
            f"{shown(text)} is too large for a number of 64 bits",
            "write a smaller number, or quote it to mean text",
        )
    return value


def resolve_tagged(text: str, tag: str, *, plain: bool) -> Scalar:
    """Return the value of a scalar with an explicit tag of the core schema, such as ``!!str 1.10``.

    Raises IrregularScalar when the tag is not one of them or the text is no such value.
    """
    name = tag.removeprefix(_TAG_PREFIX)
    if tag == name or (name != "str" and name not in _TYPES):
        raise IrregularScalar(
            f"unknown tag {shown(short_tag(tag))}; expected a plain value",
            "remove the tag; for text use quotes",
        )
    if name == "str":
        return text
    value = resolve(text) if plain else text
    if type(value) not in _TYPES[name]:
        raise IrregularScalar(
            f"{shown(text)} is no {name}, which its tag asks for",
            f"remove the tag !!{name}, or the quotes",
        )
    return float(value) if name == "float" and isinstance(value, int) else value


def yaml_type(value: Any) -> str:
    """Name a value's type as people who write YAML say it."""
    names = {
        type(None): "nothing",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a map",
    }
    return names[type(value)]


def is_core_tag(tag: str | None, name: str) -> bool:
    """Tell whether a mapping or sequence has no tag, or the one that says what it is anyway."""
    return tag is None or tag == _TAG_PREFIX + name


def short_tag(tag: str) -> str:
    """Write a tag as people do: ``!!set``, not ``tag:yaml.org,2002:set``."""
    name = tag.removeprefix(_TAG_PREFIX)
    return tag if name == tag else f"!!{name}"


def cut(text: str) -> str:
    """Shorten what the author wrote to a length that a line can hold."""
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def printable(text: str) -> str:
    """Cut what the author wrote, and escape what a terminal would not print."""
    short = cut(text)
    return short if short.isprintable() else repr(short)[1:-1]


def shown(text: str) -> str:
    """Quote what the author wrote for a message, cut and escaped."""
    return repr(cut(text))


def quoted(number: str) -> str:
    """Return the YAML text that means the characters of a plain number, cut."""
    return f'"{cut(number)}"'
