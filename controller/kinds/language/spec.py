"""The model every spec derives from, the marks its fields may carry, models of partial specs, and how those are merged."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import (
    AliasGenerator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    create_model,
)
from pydantic.alias_generators import to_camel, to_pascal
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from controller.kinds.language.documented import Documented
from controller.model.ref import Acknowledgeable


@dataclass(frozen=True, slots=True)
class RefTo:
    """Mark of a field that names another resource: ``Annotated[str, RefTo("Cluster")]``.

    ``read`` finds the name in a text that holds more than the name, None where the text names nothing.
    """

    kind: str
    read: Callable[[str], str | None] | None = None

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell editors and the reference pages which kind is meant."""
        return {**handler(schema), "x-ref": self.kind}


@dataclass(frozen=True, slots=True)
class Says:
    """What a field expects, in words: replaces whatever pydantic would say of a value that does not fit.

    Written after the constraints it speaks for. Costs nothing where the value fits.
    """

    expected: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Wrap the field's schema; the message reads "expected two lower-case letters, for example ta"."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type="unexpected",
            custom_error_message="expected {expected}",
            custom_error_context={"expected": self.expected},
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Show editors the same words."""
        return {**handler(schema), "x-expected": self.expected}


@dataclass(frozen=True, slots=True)
class HiddenWhereWrong:
    """Mark of a text that is a secret written by mistake where it does not fit: no problem repeats it."""


@dataclass(frozen=True, slots=True, eq=False)
class ShortForm:
    """Mark of a field that may also be written in a shorter way, which the kind's ``expand`` writes out.

    ``schema`` is the JSON Schema of the shorter way.
    """

    schema: dict[str, Any]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Accept both forms; what the field says of itself stays on top."""
        return {"anyOf": [self.schema, handler(schema)]}


CONTROLLER_ONLY = Field(exclude=True, json_schema_extra={"x-controller-only": True})
"""Mark of a field that the tables do not have (``Annotated[str | None, CONTROLLER_ONLY]``): kept in ``Managed.Extra``."""


@dataclass(frozen=True, slots=True)
class Gives:
    """Mark of a controller-only field from which another follows, unless that is written: its name in YAML."""

    field: str


SENSITIVE = Field(json_schema_extra={"x-sensitive": True})
"""Mark of a field whose value is never printed and enters the ledger as a digest only."""


def unfit(message: str, fix: str) -> PydanticCustomError:
    """Return what a validator raises for a value that does not fit: problems tell the message and the fix apart."""
    return PydanticCustomError("unfit", "{message}", {"message": message, "fix": fix})


class Spec(Documented):
    """A spec or a part of one. Strict: a quoted number is text, an unknown field is an error.

    In YAML fields are called in camelCase with acronyms as words (``include_amis`` -> ``includeAmis``), in the tables in
    PascalCase. Acronyms (``AMI``) are named at their field.
    """

    model_config = ConfigDict(
        # When it is first asked for: no command needs them all.
        defer_build=True,
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=AliasGenerator(validation_alias=to_camel, serialization_alias=to_pascal),
        allow_inf_nan=False,
    )

    named_by: ClassVar[str | None] = None
    """The field that names a member of a list of these: paths say ``roles.Web.ami``, not ``roles.0.ami``."""
    shorter: ClassVar[str] = ""
    """What may be written in its place where a field has a short form, in words: "the number of a port"."""
    indivisible: ClassVar[bool] = False
    """Whether a part of it makes no sense, so that whoever overrides it writes all of it."""


_CONTROLS = "\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff"
"""Characters that print as nothing, or that a terminal would obey; for a class of a regular expression of any make."""


class Metadata(Spec):
    """What a document says about itself."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=255,
            pattern=rf"^[^\s{_CONTROLS}]([^{_CONTROLS}]*[^\s{_CONTROLS}])?$",
        ),
        Says("text of 1 to 255 characters in one line, with no space at its ends"),
    ]
    """Name of the object; the key of its table."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Free words to select and group by."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Free text for people and other programs."""
    unmanaged: Annotated[
        list[
            Annotated[
                str,
                Field(max_length=600, pattern=rf"^[A-Za-z]{{1,50}}/[^{_CONTROLS}]+$"),
                Says("Kind/name, such as Cluster/Infra"),
            ]
        ],
        Field(max_length=100),
    ] = Field(default_factory=list)
    """What it names although no document has it (``Cluster/Infra``): it stays as it is, whoever keeps it."""
    acknowledged: list[Acknowledgeable] = Field(default_factory=list)
    """Codes of warnings about this document that are known and meant; they are not told any more."""
    protect: bool = False
    """Refuse to delete this object, and to end the last instances of an environment's groups, until a revision without the protection has been applied."""


def merge_derived(item: Any, derived: Any) -> Any:
    """Lay derived attributes over an item's own. Neither is changed.

    Maps merge; a map with whole numbers for keys speaks of the members of a list at those places; anything else
    replaces.
    """
    if not isinstance(derived, dict) or not isinstance(item, dict | list):
        return derived
    merged: Any = item.copy()
    for key, value in derived.items():
        if isinstance(value, dict):
            own = item.get(key) if isinstance(item, dict) else item[key]
            merged[key] = merge_derived(own, value)
        else:
            merged[key] = value
    return merged


def partial_model(
    model: type[Spec],
    name: str,
    *,
    says: str | None = None,
    **more: Any,
) -> type[Spec]:
    """Return a model with the fields of another, all optional, also inside nested maps, for whoever says only what differs.

    What is indivisible, and members of lists, stay as they are: they replace as a whole. Checks over several fields
    are not taken over, they hold for what comes out of merging; nor is the field that names a member of a list. ``says``
    is its docstring where that of the model does not do; ``more`` are further fields as ``create_model`` takes them.
    """
    fields: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        if field != model.named_by:
            loose = copy(info)
            loose.default = loose.default_factory = None
            fields[field] = (_loose(info.annotation) | None, loose)
    made = create_model(name, __base__=Spec, __doc__=says or model.__doc__, **fields, **more)
    made.documented_as = model
    return made


def _loose(annotation: Any) -> Any:
    """Replace models by their partial forms where maps merge."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        whole = annotation.indivisible
        return annotation if whole else partial_model(annotation, f"Partial{annotation.__name__}")
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        return Annotated[(_loose(inner), *marks)]
    if origin in {Union, UnionType}:
        return Union[tuple(_loose(part) for part in get_args(annotation))]  # noqa: UP007 - built at run time
    return annotation
