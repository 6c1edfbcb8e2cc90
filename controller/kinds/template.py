"""Template: a text with variables that server roles give their instances as user data."""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from controller.kinds.language.kind import Finding, Kind, World
from controller.kinds.language.spec import Says, Spec
from controller.kinds.parts import controller_table
from controller.kinds.parts.template_text import LONGEST_USER_DATA, VARIABLES, variables_in
from controller.kinds.parts.texts import LongText
from controller.model.ref import ResourceRef

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


def _facts(_key: str, spec: TemplateSpec) -> TemplateFacts:
    return TemplateFacts(tuple(variables_in(spec.text)), len(spec.text.encode()))


def _names_what_there_is(
    _ref: ResourceRef, facts: TemplateFacts, _world: World
) -> Iterator[Finding]:
    for name in facts.variables:
        if name not in VARIABLES:
            yield Finding(
                ("spec", "text"),
                f"there is no variable {name!r}; those are {', '.join(VARIABLES)}",
                "name one of them, or write the value itself",
            )


def _fits_into_user_data(
    _ref: ResourceRef, facts: TemplateFacts, _world: World
) -> Iterator[Finding]:
    if facts.size > LONGEST_USER_DATA:
        yield Finding(
            ("spec", "text"),
            f"the text has {facts.size} bytes; user data has at most {LONGEST_USER_DATA}",
            "shorten it, or let it fetch the rest from a bucket",
        )


KIND: Kind[Any] = Kind(
    name="Template",
    summary="A text with variables that server roles give their instances as user data.",
    spec=TemplateSpec,
    tables=(controller_table.TABLE,),
    project=lambda key, spec: controller_table.project("Template", key, spec),
    recover=controller_table.recover,
    identify=lambda item: str(item["Name"]),
    facts=_facts,
    key=lambda name, _spec: name,
    rules=(_names_what_there_is, _fits_into_user_data),
    yaml_places={("Name",): ("metadata", "name")},
)
