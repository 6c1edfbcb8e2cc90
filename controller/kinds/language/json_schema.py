"""JSON Schemas (2020-12) of documents, for editors and for whoever checks YAML without this program.

A document's schema requires no field of the spec, since a Defaults may give it: ``x-required`` says what is required
after merging. Where maps merge, null is accepted, for it clears what a Defaults gives; members of lists replace as a
whole, so they are complete. Short forms are accepted as they are written.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from controller.kinds.language.fields import Shape, fields_of
from controller.kinds.language.kind import API_VERSION, DEFAULTS, Kind
from controller.kinds.language.spec import Metadata, Spec

JsonSchema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NULL: JsonSchema = {"type": "null"}


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out the titles pydantic makes of field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def file_name(name: str) -> str:
    """Return the file of a kind's schema: ``environment-type.schema.json``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower() + ".schema.json"


def document_schemas(kinds: Mapping[str, Kind[Any]]) -> dict[str, JsonSchema]:
    """Return file name -> schema: one per kind, one for Defaults, and ``document.schema.json`` for any of them."""
    schemas = {file_name(name): document_schema(kind) for name, kind in kinds.items()}
    schemas[file_name(DEFAULTS)] = _defaults_schema(kinds.values())
    names = [*kinds, DEFAULTS]
    schemas["document.schema.json"] = {
        "$schema": DIALECT,
        "title": "Document",
        "description": "A document of any kind.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {"kind": {"enum": names}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": file_name(name)},
            }
            for name in names
        ],
    }
    return schemas


def document_schema(kind: Kind[Any]) -> JsonSchema:
    """Return the schema of one document of a kind."""
    metadata = model_schema(Metadata)
    if kind.names is not None:
        metadata["properties"]["name"] |= {
            "pattern": kind.names.accepted,
            "maxLength": kind.names.longest,
            "x-expected": kind.names.expected,
        }
    return _envelope(kind.name, kind.summary, metadata, _spec_definitions(kind))


def model_schema(model: type[BaseModel]) -> JsonSchema:
    """Return the schema of any model under its YAML names, descriptions in one line each."""
    schema = model.model_json_schema(
        by_alias=True, mode="validation", schema_generator=_WithoutTitles
    )
    tidy: JsonSchema = _tidy(schema)
    return tidy


def file_schema(model: type[BaseModel], title: str) -> JsonSchema:
    """Return the schema of a whole file that one model describes: the settings, a plan."""
    return {"$schema": DIALECT, **model_schema(model), "title": title}


def _envelope(
    kind: str, description: str, metadata: JsonSchema, definitions: Mapping[str, JsonSchema]
) -> JsonSchema:
    return {
        "$schema": DIALECT,
        "title": kind,
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": kind},
            "metadata": metadata,
            "spec": {"$ref": "#/$defs/Spec"},
        },
        "$defs": dict(definitions),
    }


def _defaults_schema(kinds: Iterable[Kind[Any]]) -> JsonSchema:
    by_kind = {
        kind.name: {"anyOf": [{"$ref": f"{file_name(kind.name)}#/$defs/Spec"}, _NULL]}
        for kind in kinds
    }
    spec = {
        "description": "Partial specs by kind, for documents in this folder and below.",
        "type": "object",
        "additionalProperties": False,
        "properties": by_kind,
    }
    summary = "What documents of a folder and below start from. Nearest wins, maps merge, lists replace, null clears."
    return _envelope(DEFAULTS, summary, model_schema(Metadata), {"Spec": spec})


def _spec_definitions(kind: Kind[Any]) -> dict[str, JsonSchema]:
    spec = model_schema(kind.spec)
    definitions: dict[str, JsonSchema] = spec.pop("$defs", {})
    definitions["Spec"] = spec
    merging = {model.__name__: model for model in _merging(kind.spec) if model is not kind.spec}
    for name, (model, _) in kind.authored_fields.items():
        authored = model_schema(model)
        definitions = {**authored.pop("$defs", {}), **definitions, model.__name__: authored}
        said = authored["description"]
        spec["properties"][name] = {"description": said, "$ref": f"#/$defs/{model.__name__}"}
        merging |= {part.__name__: part for part in _merging(model)}
    for name, part in (merging | {"Spec": kind.spec}).items():
        _loosen(definitions[name], part)
    return dict(sorted(definitions.items()))


def _merging(model: type[Spec]) -> set[type[Spec]]:
    """Return the models whose maps merge with others: the spec, maps inside it, and members of lists that have names."""
    found: set[type[Spec]] = set()
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            for field in fields_of(part).by_yaml.values():
                waiting += _merged_models(field.shape)
    return found


def _merged_models(shape: Shape) -> Iterable[type[Spec]]:
    if shape.model is not None:
        yield shape.model
    if shape.values is not None:
        yield from _merged_models(shape.values)
    members = shape.members
    if members is not None and members.model is not None and members.model.named_by is not None:
        yield members.model


def _loosen(schema: JsonSchema, model: type[Spec]) -> None:
    """Require nothing but a member's name, and accept null for every field, in place."""
    required = schema.pop("required", [])
    fields = fields_of(model).by_yaml.values()
    kept = [field.yaml for field in fields if field.name == model.named_by]
    if kept:
        schema["required"] = kept
    if required:
        schema["x-required"] = required
    for name, field in schema.get("properties", {}).items():
        if name not in kept:
            schema["properties"][name] = _or_null(_with_clearable_values(field))


def _with_clearable_values(schema: JsonSchema) -> JsonSchema:
    """Accept null for the values of a map with free keys."""
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return {**schema, "additionalProperties": _or_null(schema["additionalProperties"])}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_with_clearable_values(part) for part in schema["anyOf"]]}
    return schema


def _or_null(schema: JsonSchema) -> JsonSchema:
    if _NULL in schema.get("anyOf", ()):
        return schema
    said: JsonSchema = {name: schema[name] for name in ("description", "default") if name in schema}
    inner = {name: value for name, value in schema.items() if name not in said}
    choices = inner["anyOf"] if set(inner) == {"anyOf"} else [inner]
    return {**said, "anyOf": [*choices, _NULL]}


def _tidy(value: Any) -> Any:
    """Drop defaults of null and the titles of models, and write each description in one line."""
    if isinstance(value, list):
        return [_tidy(member) for member in value]
    if not isinstance(value, dict):
        return value
    tidy = {
        name: _tidy(member)
        for name, member in value.items()
        if not (name == "default" and member is None)
        and not (name == "title" and isinstance(member, str))
    }
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split()).replace("``", "`")
    patterns = tidy.get("patternProperties")
    if isinstance(patterns, dict) and len(patterns) == 1:
        # Keys of another form are refused, which patternProperties alone lets pass.
        ((pattern, values),) = tidy.pop("patternProperties").items()
        keys = {**tidy.get("propertyNames", {}), "pattern": pattern}
        tidy |= {"propertyNames": keys, "additionalProperties": values}
    return tidy
