"""Forms of text that several kinds use."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from controller.kinds.language.spec import HiddenWhereWrong, Says, unfit

REFERENCE_FORM = r"^(s3|secretsmanager|env)://[^\s]{1,2000}$"

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


def _is_a_reference(text: str) -> str:
    # The value may be the secret itself, so unlike elsewhere it is not part of the message.
    if not re.fullmatch(REFERENCE_FORM, text):
        raise unfit(
            "expected a reference to a secret, never the secret itself",
            "write secretsmanager://NAME#FIELD, s3://BUCKET/KEY or env://NAME",
        )
    return text


SecretReference = Annotated[
    str,
    AfterValidator(_is_a_reference),
    HiddenWhereWrong(),
    Field(json_schema_extra={"pattern": REFERENCE_FORM}),
]
