"""Models whose JSON Schema says of each field what the text below it in the source says.

pydantic's ``use_attribute_docstrings`` does the same when a class is made, which takes half of a process's start; here the
source is read when a schema is asked for, and by nobody else.
"""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Annotated, Any, ClassVar

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Documented(BaseModel):
    """A model with texts below its fields."""

    documented_as: ClassVar[type[BaseModel] | None] = None
    """The model that says it, where this one was made of another's fields."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        """Add the descriptions that the fields do not bring themselves."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        texts = field_texts(cls.documented_as or cls)
        for name, field in cls.model_fields.items():
            for known_as in (field.validation_alias, field.serialization_alias, name):
                if known_as in properties and name in texts:
                    properties[known_as].setdefault("description", texts[name])
        return schema


class SettingsPart(Documented):
    """A part of the settings: camelCase in YAML, frozen, nothing unknown."""

    model_config = ConfigDict(
        # When it is first asked for: no command needs them all.
        defer_build=True,
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=AliasGenerator(alias=to_camel),
        validate_by_name=True,
    )


def _as_tuple(value: Any) -> Any:
    """Take a list from YAML, or words parted by commas from a variable of the environment."""
    if isinstance(value, str):
        return tuple(filter(None, (word.strip() for word in value.split(","))))
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""Several names in a setting."""


def field_texts(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what is written below each field, by its name in Python; those of its bases too."""
    texts: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if part is not Documented and issubclass(part, Documented):
            texts |= _texts_of(part)
    return {name: text for name, text in texts.items() if name in model.model_fields}


@cache
def _texts_of(part: type[BaseModel]) -> Mapping[str, str]:
    """Return field -> text of what one class itself says; nothing without a source at hand."""
    try:
        (found,) = ast.parse(dedent(inspect.getsource(part))).body
    except (TypeError, OSError):
        return {}
    assert isinstance(found, ast.ClassDef), "the source of a class"
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(found.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
