"""Naming patterns of environment types, matched without ever backtracking.

A pattern comes from a file and names are matched against it for every environment, so it must not be able to take
exponential time. It is given to the engine that also checks the specs, whose time is linear in the text; the price is
that look-around and back-references are not there, which is said when a pattern uses them.
"""

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from controller.kinds.language.spec import Says, unfit


def _a_pattern(pattern: str) -> str:
    try:
        _validator(pattern)
    except SchemaError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("error: ").strip()
        raise unfit(
            f"{pattern!r} is no regular expression: {reason}",
            "write one without look-around and back-references, such as ^c[0-9]{1,2}$",
        ) from None
    return pattern


NamingPattern = Annotated[
    str,
    Field(min_length=1, max_length=2000),
    Says("a regular expression of at most 2000 characters, such as ^c[0-9]{1,2}$"),
    AfterValidator(_a_pattern),
]


def matches(pattern: str, name: str) -> bool:
    """Tell whether the pattern is found anywhere in the name (domain rule: it is not anchored)."""
    try:
        _validator(pattern).validate_python(name)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=1024)
def _validator(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern))
