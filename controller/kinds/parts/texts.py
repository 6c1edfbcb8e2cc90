"""Forms of text that several kinds use."""

from typing import Annotated

from pydantic import Field

from controller.kinds.language.spec import Says

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
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:,/+-]*@[A-Za-z0-9._:,/+-]+\.[A-Za-z0-9._:,/+-]+$",
        max_length=100,
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
