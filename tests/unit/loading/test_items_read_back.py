"""The tables read back as documents: what was applied gives the same objects again."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from controller.kinds.language.kind import RuleSettings
from controller.loading.load import Loaded
from controller.loading.resolve import DesiredFromItems, desired_from_items
from controller.loading.validated import ObjectsReadBack, StoredObject, read_back, spec_of
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Resource
from tests.support.generated_fleets import Documents, fleets
from tests.support.imported_fleets import authored, right
from tests.support.yaml_fleet import CLUSTER, KINDS, SERVICE, examples, loaded

FLEET = {"cluster.yaml": CLUSTER, "services/search.yaml": SERVICE}
SEARCH = ResourceRef("Service", "Search")
TANGO = ResourceRef("Cluster", "Tango")


def stored(resource: Resource) -> StoredObject:
    """Return an object as the tables have it once it is applied."""
    projection = resource.projection
    return StoredObject(projection.attributes, parse_canonical(projection.extra), resource.origin)


def applied(result: Loaded) -> dict[ResourceRef, StoredObject]:
    return {ref: stored(resource) for ref, resource in result.resources.items()}


def read(
    objects: Mapping[ResourceRef, StoredObject], memory: ObjectsReadBack | None = None
) -> ObjectsReadBack:
    return read_back(objects, KINDS, memory.memory if memory else {})


@pytest.mark.parametrize("texts", [FLEET, examples()], ids=["two objects", "the examples"])
def test_what_was_applied_reads_back_as_the_same_projections(texts: dict[str, str]) -> None:
    result = loaded(texts)

    objects = applied(result)
    desired, problems = desired_from_items(
        objects, KINDS, source="tables", revision="", settings=RuleSettings("none", "eu-west-1")
    )

    assert not read(objects).unreadable
    assert not [problem for problem in problems if not problem.warning]
    for ref, resource in result.resources.items():
        projection = desired.resources[ref].projection
        assert parse_canonical(projection.attributes) == parse_canonical(
            resource.projection.attributes
        ), ref
        assert parse_canonical(projection.extra).get("metadata") == parse_canonical(
            resource.projection.extra
        ).get("metadata"), ref


def test_labels_and_fields_of_the_controller_alone_come_back_from_the_mark() -> None:
    texts = {"a.yaml": CLUSTER.replace("{name: Tango}", "{name: Tango, labels: {a: b}}")}
    result = loaded(texts)

    document = read(applied(result)).resources[TANGO].document

    assert parse_canonical(document) == {
        "metadata": {"name": "Tango", "labels": {"a": "b"}},
        "spec": {"shortName": "ta"},
    }


def test_what_is_held_as_before_is_not_read_again() -> None:
    objects = applied(loaded(FLEET))
    first = read(objects)

    second = read({**objects, TANGO: objects[TANGO]._replace(origin=Origin("x.yaml", 9))}, first)

    assert all(second.memory[ref].document is first.memory[ref].document for ref in objects)


@pytest.mark.parametrize(
    "other",
    [
        lambda one: one._replace(attributes=one.attributes.replace(b"40012", b"40016")),
        lambda one: one._replace(extra={"metadata": {"labels": {"a": "b"}}}),
    ],
    ids=["other attributes", "another mark"],
)
def test_what_is_held_otherwise_is_read_again(other: Any) -> None:
    objects = applied(loaded(FLEET))
    first = read(objects)

    second = read({**objects, SEARCH: other(objects[SEARCH])}, first)

    assert second.memory[SEARCH].document is not first.memory[SEARCH].document
    assert second.memory[TANGO].document is first.memory[TANGO].document
    assert second.resources[SEARCH] != first.resources[SEARCH]


@pytest.mark.parametrize(
    ("ref", "items", "said", "because"),
    [
        (ResourceRef("Thing", "x"), {"T": {}}, "there is no kind 'Thing'", "no kind of ours"),
        (SEARCH, {}, "the item is not in the shape of a Service", "none of its items"),
        (SEARCH, {"InfraConfigServices": {}}, "the item is not in the shape of a Service", "no name"),
        (SEARCH, {"InfraConfigServices": {"ServiceName": "Search", "Value": 7}},
         "the item is not in the shape of a Service", "a Value that is no map"),
        (SEARCH, {"InfraConfigServices": {"ServiceName": "Search", "OwningCluster": "Tango", "Value": {"BluePort": "high"}}},
         "expected a port", "a value its kind does not allow"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_leaves_the_others(
    ref: ResourceRef, items: dict[str, Any], said: str, because: str
) -> None:
    objects = {
        **applied(loaded({"cluster.yaml": CLUSTER})),
        ref: StoredObject(canonical_bytes(items), {}, Origin("a.yaml", 1)),
    }

    recovered = read(objects)

    assert set(recovered.resources) == {TANGO}
    assert any(issue.message.startswith(said) for issue in recovered.unreadable[ref]), because


@pytest.mark.parametrize("ref", ["Service/Search", "Environment/c50", "Cluster/Tango"])
def test_the_spec_of_a_resource_is_the_model_of_its_document(ref: str) -> None:
    resource = loaded(examples()).resources[ResourceRef.parse(ref)]

    spec = spec_of(resource, KINDS)

    assert isinstance(spec, KINDS[resource.ref.kind].spec)
    assert spec == spec_of(resource, KINDS)


def desired(
    objects: Mapping[ResourceRef, StoredObject], compatibility: str = "none"
) -> DesiredFromItems:
    world = RuleSettings(compatibility, "eu-west-1")
    return desired_from_items(objects, KINDS, source="snapshot s1", revision="abc", settings=world)


@pytest.mark.parametrize("texts", [FLEET, examples()], ids=["two objects", "the examples"])
def test_what_the_tables_hold_is_the_desired_state_that_was_applied(texts: dict[str, str]) -> None:
    result = loaded(texts)

    made = desired(applied(result))

    assert [problem for problem in made.problems if not problem.warning] == []
    assert {ref: resource.projection for ref, resource in made.desired.resources.items()} == {
        ref: resource.projection for ref, resource in result.resources.items()
    }
    assert (made.desired.revision, made.desired.label) == ("abc", "snapshot s1")


@settings(max_examples=20)
@given(fleets())
def test_desired_state_survives_the_tables(documents: Documents) -> None:
    before = right(authored(documents))
    objects = {ref: stored(resource) for ref, resource in before.items()}

    made = desired(objects)

    assert [problem for problem in made.problems if not problem.warning] == []
    assert {ref: resource.projection for ref, resource in made.desired.resources.items()} == {
        ref: resource.projection for ref, resource in before.items()
    }


def test_origins_name_where_the_items_were_found() -> None:
    made = desired(applied(loaded(FLEET)))

    assert str(made.desired.resources[SEARCH].origin) == "snapshot s1"


def test_what_an_override_put_there_is_taken_out() -> None:
    before = loaded(FLEET)
    overridden = loaded({**FLEET, "services/search.yaml": SERVICE.replace("40012", "40016")})
    objects = applied(overridden)
    search = objects[SEARCH]
    objects[SEARCH] = search._replace(
        extra={**search.extra, "beneath": {"spec.bluePort": 40012, "metadata.labels": None}}
    )

    made = desired(objects)

    assert made.desired.resources[SEARCH].projection == before.resources[SEARCH].projection


@pytest.mark.parametrize(
    ("ref", "items", "path", "message"),
    [
        (ResourceRef("Thing", "x"), {"T": {}}, "", "there is no kind 'Thing'"),
        (ResourceRef("Service", "Find"), {"InfraConfigServices": {}}, "", "the item is not in the shape of a Service"),
        (ResourceRef("Service", "Find"), {"InfraConfigServices": {"ServiceName": "Search", "OwningCluster": "Tango",
         "Value": {"BluePort": 40016, "GreenPort": 40017}}}, "", "the item goes by another name: Service/Search"),
        (ResourceRef("Service", "Find"), {"InfraConfigServices": {"ServiceName": "Find", "OwningCluster": "Tango",
         "Value": {"BluePort": "high", "GreenPort": 40017}}}, "spec.bluePort", "expected a port"),
    ],
)  # fmt: skip
def test_an_item_that_is_no_document_is_a_problem_and_the_others_stay(
    ref: ResourceRef, items: dict[str, Any], path: str, message: str
) -> None:
    objects = {
        **applied(loaded(FLEET)),
        ref: StoredObject(canonical_bytes(items), {}, Origin("a.yaml", 1)),
    }

    made = desired(objects)

    (problem,) = made.problems
    assert (str(problem.origin), problem.path) == (f"snapshot s1: {ref}", path)
    assert problem.message.startswith(message)
    assert set(made.desired.resources) == {SEARCH, TANGO}


def test_items_are_held_against_each_other_as_documents_are() -> None:
    objects = applied(loaded({**FLEET, "b.yaml": SERVICE.replace("Search", "Find")}))
    del objects[TANGO]

    problems = desired(objects).problems

    assert [(str(problem.origin), problem.path, problem.message) for problem in problems] == [
        ("snapshot s1: Service/Find", "spec.owningCluster", "no Cluster named 'Tango'"),
        ("snapshot s1: Service/Search", "spec.bluePort", "port 40012 is already taken by Service/Find (bluePort)"),
        ("snapshot s1: Service/Search", "spec.greenPort", "port 40013 is already taken by Service/Find (greenPort)"),
        ("snapshot s1: Service/Search", "spec.owningCluster", "no Cluster named 'Tango'"),
    ]  # fmt: skip


def test_the_settings_say_what_is_required() -> None:
    problems = desired(applied(loaded(FLEET)), "environment-manager").problems

    assert any(problem.message.startswith("keyPair is missing") for problem in problems)
