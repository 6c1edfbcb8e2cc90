"""Documents put otherwise by overrides: the load is what it would be if the files said so."""

import pytest

from controller.engine.desired.load_revision import overlay_documents
from controller.loading.load import Loaded
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ref import ResourceRef
from tests.support.yaml_fleet import CLUSTER, KINDS, SERVICE, examples, loaded

FLEET = {"cluster.yaml": CLUSTER, "services/search.yaml": SERVICE}
SEARCH = ResourceRef("Service", "Search")


def put(result: Loaded, ref: ResourceRef, text: str, by: str) -> Loaded:
    """Return the load with one text inside one document replaced."""
    body = result.resources[ref].document
    changed = body.replace(text.encode(), by.encode())
    assert changed != body
    return overlay_documents(result, {ref: changed}, KINDS)


def said(result: Loaded) -> list[str]:
    return [f"{one.path}: {one.issue.message}" for one in result.issues]


@pytest.mark.parametrize(
    ("path", "text", "by", "ref", "in_document"),
    [
        ("services/search.yaml", "40012", "40016", "Service/Search", ("40012", "40016")),
        ("cluster.yaml", "shortName: ta", "shortName: to", "Cluster/Tango", ('"ta"', '"to"')),
        ("services/search.yaml", "Tango, ", "Tango, description: new, ", "Service/Search",
         ('"greenPort"', '"description":"new","greenPort"')),
    ],
)  # fmt: skip
def test_a_document_put_otherwise_is_as_if_its_file_had_been_edited(
    path: str, text: str, by: str, ref: str, in_document: tuple[str, str]
) -> None:
    edited = loaded({**FLEET, path: FLEET[path].replace(text, by)})

    patched = put(loaded(FLEET), ResourceRef.parse(ref), *in_document)

    assert patched.resources == edited.resources
    assert patched.issues == edited.issues


def test_what_depends_on_it_is_looked_at_again() -> None:
    result = loaded(examples())
    dependants = {
        ref for ref, one in result.resources.items() if SEARCH in one.projection.depends_on
    }
    assert any(ref.kind == "Upstream" for ref in dependants)

    patched = put(result, SEARCH, "40012", "40812")

    changed = {ref for ref, one in patched.resources.items() if one != result.resources[ref]}
    assert SEARCH in changed
    assert changed - {SEARCH} <= dependants
    assert any(
        b"40812" in patched.resources[ref].projection.attributes for ref in changed - {SEARCH}
    )


def test_the_next_load_starts_from_what_the_files_say() -> None:
    result = loaded(FLEET)

    patched = put(result, SEARCH, "40012", "40016")

    assert patched.memory is result.memory
    assert loaded(FLEET, patched.memory).resources == result.resources


def test_a_document_that_is_not_valid_is_said_at_its_place_and_the_object_stays_as_it_was() -> None:
    result = loaded(FLEET)

    patched = put(result, SEARCH, "40012", '"high"')

    assert patched.resources == result.resources
    (message,) = said(patched)
    assert message.startswith("services/search.yaml: expected a port")


def test_a_rule_it_breaks_is_said_once() -> None:
    patched = put(loaded(FLEET), SEARCH, '"Tango"', '"Tnago"')

    assert said(patched) == ["services/search.yaml: no Cluster named 'Tnago'"]


@pytest.mark.parametrize(
    "documents",
    [{}, {ResourceRef("Service", "Gone"): b"{}"}],
    ids=["no documents", "an object nobody has"],
)
def test_nothing_to_put_otherwise_leaves_the_very_load(
    documents: dict[ResourceRef, bytes],
) -> None:
    result = loaded(FLEET)

    assert overlay_documents(result, documents, KINDS) is result


def test_the_same_document_changes_nothing() -> None:
    result = loaded(examples())

    patched = overlay_documents(
        result, {ref: one.document for ref, one in result.resources.items()}, KINDS
    )

    assert patched.resources == result.resources
    assert patched.issues == result.issues


def test_an_override_of_a_null_clears_a_field() -> None:
    result = loaded(FLEET)
    spec = {"owningCluster": "Tango", "bluePort": None, "greenPort": 40013}
    body = canonical_bytes({"metadata": {"name": "Search"}, "spec": spec})

    patched = overlay_documents(result, {SEARCH: body}, KINDS)

    assert "bluePort" not in parse_canonical(patched.resources[SEARCH].document)["spec"]
