"""The model every spec derives from, and the marks its fields may carry."""

from dataclasses import dataclass

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from controller.kinds.language.naming import item_name, yaml_name


@dataclass(frozen=True, slots=True)
class RefTo:
    """Mark of a field that names another resource: ``Annotated[str, RefTo("Cluster")]``."""

    kind: str

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell editors and the reference pages which kind is meant."""
        return {**handler(core_schema), "x-ref": self.kind}


CONTROLLER_ONLY = Field(exclude=True, json_schema_extra={"x-controller-only": True})
"""Mark of a field that the tables do not have (``Annotated[str | None, CONTROLLER_ONLY]``): kept in ``Managed.Extra``."""

SENSITIVE = Field(json_schema_extra={"x-sensitive": True})
"""Mark of a field whose value is never printed and enters the ledger as a digest only."""


class Spec(BaseModel):
    """A spec or a part of one. Strict: a quoted number is text, an unknown field is an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=AliasGenerator(validation_alias=yaml_name, serialization_alias=item_name),
        use_attribute_docstrings=True,
    )


class Metadata(Spec):
    """What a document says about itself."""

    name: str = Field(min_length=1, max_length=255)
    """Name of the object; the key of its table."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Free words to select and group by."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Free text for people and other programs."""
    protect: bool = False
    """Refuse to delete this object until a revision without the protection has been applied."""
