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
SecretReference = Annotated[
    str,
    Field(pattern=r"^(s3|secretsmanager|env)://[^\s]+$", max_length=2048),
    Says(
        "a reference to a secret, never the secret itself: secretsmanager://NAME#FIELD, s3://BUCKET/KEY or env://NAME"
    ),
]
