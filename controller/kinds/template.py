"""Template: a text with variables that server roles give their instances as user data."""

from typing import Annotated, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import CONTROLLER_TABLE, Finding, Findings, Kind, World
from controller.kinds.language.spec import Says, Spec
from controller.kinds.parts.template_text import LONGEST_USER_DATA, VARIABLES, variables_in
from controller.kinds.parts.texts import LongText
from controller.model.ref import ResourceRef
from controller.model.table import one_item

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
    """The text, with variables such as ``{{ environment }}``. Everybody who may look at an instance can read it, so it
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
