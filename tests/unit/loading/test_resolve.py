"""A document may name what no document has, where it says so itself and its kind lets it."""

from controller.model.canonical import parse_canonical
from tests.support.yaml_fleet import CLUSTER, SERVICE, messages, problems, resource

UNMANAGED = SERVICE.replace("name: Search", "name: Search, unmanaged: [Cluster/Tango]")


def test_what_has_no_document_may_be_named_where_a_document_says_so() -> None:
    assert UNMANAGED != SERVICE
    assert messages({"a.yaml": UNMANAGED}) == []

    kept = parse_canonical(resource({"a.yaml": UNMANAGED}, "Service/Search").projection.extra)
    assert kept["metadata"] == {"unmanaged": ["Cluster/Tango"]}


def test_what_has_a_document_is_managed_and_what_must_have_one_is_said() -> None:
    (told,) = problems({"a.yaml": UNMANAGED, "cluster.yaml": CLUSTER})
    assert told.warning
    assert "Cluster/Tango has a document" in told.message

    (told,) = problems({"a.yaml": UNMANAGED.replace("[", "[Account/x, ")})
    assert not told.warning
    assert (
        "Account/x has to have a document: a Service may name without one: Cluster" in told.message
    )


def test_a_document_that_is_wrong_otherwise_is_not_told_of_what_is_unmanaged() -> None:
    found = messages({"a.yaml": UNMANAGED.replace("40012", "x")})
    assert found
    assert not any("no Cluster" in line for line in found)
