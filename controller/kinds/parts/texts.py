"""Forms of text that several kinds use, naming patterns of environments among them."""

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from controller.kinds.language.spec import Says, unfit

Text = Annotated[str, Field(min_length=1, max_length=255), Says("text of 1 to 255 characters")]
LongText = Annotated[
    str, Field(min_length=1, max_length=4096), Says("text of 1 to 4096 characters")
]
Url = Annotated[
    str,
    Field(min_length=1, max_length=256),
    Says("an address of at most 256 characters, such as https://wiki.acme.example/search"),
]
Email = Annotated[
    str,
    Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=100),
    Says("an e-mail address of at most 100 characters, such as tango@acme.example"),
]
# What reaches a script that instances run as root is held to characters that no shell reads as more than text.
PLAIN_FORM = r"^[A-Za-z0-9@._:,/+-]*$"
IN_PLAIN = "letters, digits and @._:,/+-"
ContactEmail = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._:,/+-]+@[A-Za-z0-9._:,/+-]+\.[A-Za-z0-9._:,/+-]+$", max_length=100
    ),
    Says(
        f"an e-mail address of at most 100 characters, {IN_PLAIN} alone as scripts take it over, such as tango@acme.example"
    ),
]
PlainText = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9@._:,/+-]+$", max_length=255),
    Says(f"1 to 255 {IN_PLAIN}, as scripts take it over"),
]
AccountNumber = Annotated[
    str,
    Field(pattern=r"^[0-9]{12}$"),
    Says('a quoted number of 12 digits, such as "012345670123" (quotes keep the leading zero)'),
]
Region = Annotated[
    str,
    Field(pattern=r"^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$"),
    Says("the name of an AWS region, such as eu-west-1"),
]
SubnetType = Annotated[
    str,
    Field(pattern=r"^[^\s].*$", max_length=50),
    Says("the name of a subnet type of at most 50 characters, such as PrivateApp"),
]


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


# A pattern comes from a file and names are matched against it for every environment, so it must not be able to take
# exponential time. It is given to the engine that also checks the specs, whose time is linear in the text and which never
# backtracks; the price is that look-around and back-references are not there, which is said when a pattern uses them.
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
