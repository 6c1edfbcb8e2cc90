"""What every kind gets for free and must keep: an example, a schema, references, a way back from its items."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from controller.catalog import kinds
from controller.kinds.language.fields import Shape, authored_spec, controller_only, fields_of
from controller.kinds.language.json_schema import document_schemas, file_name
from controller.kinds.language.kind import Kind, RuleSettings
from controller.kinds.language.spec import Spec
from controller.loading.documents import parse_documents
from controller.loading.load import Loaded, load
from controller.loading.positions import FieldOrigins
from controller.loading.text_problems import problems_of
from controller.model.canonical import parse_canonical
from controller.model.resource import Resource as DesiredResource
from controller.planning.fields import keep_found

ROOT = Path(__file__).parents[2]
FLEET = ROOT / "examples" / "fleet"
FILES = sorted(FLEET.rglob("*.yaml"))
KINDS = sorted(kinds())
SCHEMAS = document_schemas(kinds())
REGISTRY: Any = Registry().with_resources(
    [(name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
)


def loaded(compatibility: str = "none") -> tuple[Loaded, list[str]]:
    """Load the example fleet; the second is its problems, warnings left out."""
    files = {path.relative_to(FLEET).as_posix(): str(path) for path in FILES}
    found = load(
        files,
        lambda ids: ((one, Path(one).read_bytes()) for one in ids),
        kinds(),
        settings=RuleSettings(compatibility, "eu-west-1"),
    )
    origins = FieldOrigins(files, found.memory.parsed, lambda path: Path(path).read_bytes())
    problems = problems_of(found, origins, kinds())
    return found, [str(problem) for problem in problems if not problem.warning]


FOUND = loaded()[0].resources


def as_created(kind: str, resource: DesiredResource) -> dict[str, Any]:
    """Return the items a create writes."""
    found, owned = parse_canonical(resource.projection.attributes), resource.projection.owned
    items: dict[str, Any] = keep_found({}, found, kinds()[kind].shared, owned)
    return items


def examples(kind: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return (key, document with defaults merged, items as they are created) of each example of a kind."""
    return [
        (
            ref.key,
            parse_canonical(resource.document),
            as_created(kind, resource),
        )
        for ref, resource in FOUND.items()
        if ref.kind == kind
    ]


def validator(schema: Mapping[str, Any]) -> Any:
    return Draft202012Validator(schema, registry=REGISTRY)


def spec_of(kind: Kind[Any], authored: dict[str, Any]) -> Any:
    return kind.spec.model_validate(kind.expand(authored))


@pytest.mark.parametrize("name", KINDS)
def test_an_example_exists_and_its_schema_accepts_it(name: str) -> None:
    assert examples(name), f"examples/fleet has no {name}"
    schema = validator(SCHEMAS[file_name(name)])
    for _, document, _ in examples(name):
        schema.validate({"apiVersion": "envctl/v1", "kind": name, **document})


@pytest.mark.parametrize("name", KINDS)
def test_its_schema_rejects_a_misspelt_field(name: str) -> None:
    schema = validator(SCHEMAS[file_name(name)])
    _, document, _ = examples(name)[0]
    field, value = next(iter(document["spec"].items()))
    spec = {**document["spec"], f"{field}x": value}
    assert not schema.is_valid({"apiVersion": "envctl/v1", "kind": name, **document, "spec": spec})


@pytest.mark.parametrize("name", KINDS)
def test_every_reference_names_a_known_kind(name: str) -> None:
    assert set(_referred(kinds()[name].spec, set())) <= kinds().keys()


@pytest.mark.parametrize("name", KINDS)
def test_every_field_says_what_it_is(name: str) -> None:
    fields = SCHEMAS[file_name(name)]["$defs"]["Spec"]["properties"]
    assert [field for field, schema in fields.items() if not schema.get("description")] == []


@pytest.mark.parametrize("name", KINDS)
def test_items_round_trip(name: str) -> None:
    kind = kinds()[name]
    for key, document, _ in examples(name):
        spec = spec_of(kind, document["spec"])
        items = kind.project(key, spec.model_dump(by_alias=True, exclude_none=True))
        again, authored = authored_spec(kind, items, controller_only(spec))
        assert (again, spec_of(kind, authored)) == (document["metadata"]["name"], spec)


@pytest.mark.parametrize("name", KINDS)
def test_its_items_fill_its_tables_and_are_known_again(name: str) -> None:
    kind = kinds()[name]
    for key, _, items in examples(name):
        assert items.keys() == {table.name for table in kind.tables}
        for table in kind.tables:
            assert table.key_of(items[table.name])
            assert kind.identify(items[table.name]) == key


@pytest.mark.parametrize("name", KINDS)
def test_every_shared_path_exists_where_an_object_is_created(name: str) -> None:
    for field in kinds()[name].shared:
        for _, _, items in examples(name):
            assert list(_values(items[field.table], field.path)), field


@pytest.mark.parametrize("name", KINDS)
def test_every_immutable_path_exists(name: str) -> None:
    for immutable in kinds()[name].immutable:
        assert any(
            list(_values(items[immutable.table], immutable.path)) for _, _, items in examples(name)
        ), immutable


@pytest.mark.parametrize("compatibility", ["none", "environment-manager"])
def test_the_example_fleet_breaks_no_rule(compatibility: str) -> None:
    assert loaded(compatibility)[1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FLEET).as_posix())
def test_every_example_names_the_schema_that_accepts_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prefix = "# yaml-language-server: $schema="
    assert text.startswith(prefix)
    schema = (path.parent / text.splitlines()[0].removeprefix(prefix)).resolve()
    assert schema.parent == ROOT / "schemas"
    for document in parse_documents(text.encode()):
        validator(json.loads(schema.read_text(encoding="utf-8"))).validate(document.value)


def _referred(model: type[Spec], seen: set[type[Spec]]) -> Iterator[str]:
    if model not in seen:
        seen.add(model)
        for field in fields_of(model).by_yaml.values():
            yield from _referred_by(field.shape, seen)


def _referred_by(shape: Shape, seen: set[type[Spec]]) -> Iterator[str]:
    if shape.reference is not None:
        yield shape.reference.kind
    if shape.model is not None:
        yield from _referred(shape.model, seen)
    for inner in (shape.members, shape.values):
        if inner is not None:
            yield from _referred_by(inner, seen)


def _values(item: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield item
    elif path[0] == "*":
        for member in item:
            yield from _values(member, path[1:])
    elif path[0] in item:
        yield from _values(item[path[0]], path[1:])
