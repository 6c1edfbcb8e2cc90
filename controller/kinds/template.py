"""Template: a text with variables, ``{{ environment }}``, that server roles give their instances as user data.

Only ``{{ name }}`` with a plain name is a variable; all else, such as ``${HOME}`` or ``{{.ID}}``, is text, so that shell
and PowerShell scripts can be written as they are.

Instances run the text as root, and values come from documents that others may write than the template: a value goes in only
if no shell could read it as more than text.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import CONTROLLER_TABLE, Finding, Findings, Kind, World
from controller.kinds.language.spec import Says, Spec
from controller.kinds.parts.texts import IN_PLAIN, PLAIN_FORM, LongText
from controller.model.ref import ResourceRef
from controller.model.table import one_item

VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "environment": "name of the environment: c50",
        "environmentType": "name of its type: Staging",
        "account": "name of the account: staging-eu",
        "accountNumber": "number of the account, twelve digits",
        "region": "region of the group: eu-west-1",
        "group": "name of the auto-scaling group: c50-ta-Web-blue",
        "role": "server role: Web",
        "runtimeRole": "server role with its slice, as in the Role tag: Web-blue",
        "slice": "blue, green, or nothing for a fleet of all slices",
        "owningCluster": "cluster that owns the role: Tango",
        "clusterShortName": "its short name: ta",
        "securityZone": "security zone of the role: Other",
        "contactEmail": "whom to ask about the instances",
        "projectCode": "projectCodeTag of the role, or nothing",
        "removalDate": "removalDateTag of the role, or nothing",
        "puppetRole": "puppetRole of the role, or nothing",
        "puppetBranch": "puppetBranch of the environment's type, or nothing",
        "consulDataCenter": "Consul data centre of the environment's type, or nothing",
        "consulServers": "its servers with commas between them, or nothing",
    }
)
"""What a template may name, and what it stands for."""

LONGEST_USER_DATA: Final = 16384
"""Bytes of user data before they are encoded (limit of EC2)."""

_PLAIN: Final = re.compile(PLAIN_FORM)
_VARIABLE = re.compile(r"\{\{[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*\}\}")


def variables_in(text: str) -> Iterator[str]:
    """Yield the names of the variables of a text, each once, in order, known or not."""
    yield from dict.fromkeys(match[1] for match in _VARIABLE.finditer(text))


class UnsafeValue(Exception):
    """A value that is not put into a script, as a shell could read it as more than text; ``fix`` says what to do."""

    def __init__(self, variable: str, value: str) -> None:
        """Keep which."""
        self.variable, self.value = variable, value
        self.fix = f"correct it, or leave {variable} out"
        super().__init__(
            f"{variable} is {value!r}, and what goes into a script is {IN_PLAIN} alone"
        )


def safe_value(variable: str, value: str) -> str:
    """Return the value. Raises UnsafeValue if it has a character that a shell could read as more than text."""
    if not _PLAIN.fullmatch(value):
        raise UnsafeValue(variable, value)
    return value


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its variables filled in.

    Raises KeyError for one that has no value, UnsafeValue for one whose value may not go into a script.
    """
    return _VARIABLE.sub(lambda match: safe_value(match[1], values[match[1]]), text)


TemplateText = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_USER_DATA),
    Says(f"text of 1 to {LONGEST_USER_DATA} characters, as user data may have"),
]


class TemplateSpec(Spec):
    """What a Template is."""

    description: LongText | None = None
    """For people."""
    text: TemplateText
    """The text, with variables such as ``{{ environment }}``; their values have letters, digits and ``@._:,/+-`` alone. Everybody who may look at an instance can read it, so it
    holds no secrets."""


class TemplateFacts(NamedTuple):
    """What its own rules ask."""

    variables: tuple[str, ...]
    size: int
    """Bytes."""


def _names_what_there_is(_ref: ResourceRef, facts: TemplateFacts, _world: World) -> Findings:
    for name in facts.variables:
        if name not in VARIABLES:
            yield Finding(
                ("spec", "text"),
                f"there is no variable {name!r}; those are {', '.join(VARIABLES)}",
                "name one of them, or write the value itself",
            )


def _fits_into_user_data(_ref: ResourceRef, facts: TemplateFacts, _world: World) -> Findings:
    if facts.size > LONGEST_USER_DATA:
        yield Finding(
            ("spec", "text"),
            f"the text has {facts.size} bytes; user data has at most {LONGEST_USER_DATA}",
            "shorten it, or let it fetch the rest from a bucket",
        )


KIND = Kind(
    name="Template",
    summary="A text with variables that server roles give their instances as user data.",
    spec=TemplateSpec,
    **one_item(CONTROLLER_TABLE, kind="Template"),
    facts=lambda _key, spec: TemplateFacts(tuple(variables_in(spec.text)), len(spec.text.encode())),
    rules=(_names_what_there_is, _fits_into_user_data),
)
