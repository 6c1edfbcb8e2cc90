"""The tables read back as documents: what was applied gives the same objects again."""

from collections.abc import Mapping
from typing import Any

import pytest

from controller.loading.load import Loaded
from controller.loading.recovered import Held, Recovered, document_of, recover, spec_of
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.origin import Origin
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from tests.support.yaml_fleet import CLUSTER, KINDS, SERVICE, examples, loaded

FLEET = {"cluster.yaml": CLUSTER, "services/search.yaml": SERVICE}
SEARCH = ResourceRef("Service", "Search")
TANGO = ResourceRef("Cluster", "Tango")


def held(resource: Resource) -> Held:
    """Return an object as the tables have it once it is applied."""
    projection = resource.projection
    return Held(projection.attributes, parse_canonical(projection.extra), resource.origin)


def applied(result: Loaded) -> dict[ResourceRef, Held]:
    return {ref: held(resource) for ref, resource in result.resources.items()}


def read_back(objects: Mapping[ResourceRef, Held], memory: Recovered | None = None) -> Recovered:
    return recover(
        objects, KINDS, default_region="eu-west-1", memory=memory.memory if memory else None
    )


@pytest.mark.parametrize("texts", [FLEET, examples()], ids=["two objects", "the examples"])
def test_what_was_applied_reads_back_as_the_same_projections(texts: dict[str, str]) -> None:
    result = loaded(texts)

    recovered = read_back(applied(result))

    assert not recovered.unreadable
    for ref, resource in result.resources.items():
        projection = recovered.resources[ref].projection
        assert parse_canonical(projection.attributes) == parse_canonical(
            resource.projection.attributes
        ), ref
        assert parse_canonical(projection.extra).get("metadata") == parse_canonical(
            resource.projection.extra
        ).get("metadata"), ref


def test_labels_and_fields_of_the_controller_alone_come_back_from_the_mark() -> None:
    texts = {"a.yaml": CLUSTER.replace("{name: Tango}", "{name: Tango, labels: {a: b}}")}
    result = loaded(texts)

    document = document_of(TANGO, held(result.resources[TANGO]), KINDS)

    assert document == {
        "metadata": {"name": "Tango", "labels": {"a": "b"}},
        "spec": {"shortName": "ta"},
    }


def test_what_is_held_as_before_is_not_read_again() -> None:
    objects = applied(loaded(FLEET))
    first = read_back(objects)

    second = read_back(
        {**objects, TANGO: objects[TANGO]._replace(origin=Origin("x.yaml", 9))}, first
    )

    assert all(second.memory[ref].draft is first.memory[ref].draft for ref in objects)


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
    first = read_back(objects)

    second = read_back({**objects, SEARCH: other(objects[SEARCH])}, first)

    assert second.memory[SEARCH].draft is not first.memory[SEARCH].draft
    assert second.memory[TANGO].draft is first.memory[TANGO].draft
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
        ref: Held(canonical_bytes(items), {}, Origin("a.yaml", 1)),
    }

    recovered = read_back(objects)

    assert set(recovered.resources) == {TANGO}
    assert any(issue.message.startswith(said) for issue in recovered.unreadable[ref]), because


@pytest.mark.parametrize("ref", ["Service/Search", "Environment/c50", "Cluster/Tango"])
def test_the_spec_of_a_resource_is_the_model_of_its_document(ref: str) -> None:
    resource = loaded(examples()).resources[ResourceRef.parse(ref)]

    spec = spec_of(resource, KINDS)

    assert isinstance(spec, KINDS.by_name[resource.ref.kind].kind.spec)
    assert spec == spec_of(resource, KINDS)
