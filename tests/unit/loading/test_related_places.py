"""A problem between documents has the place of the other one, as far as it has one."""

import pytest

from controller.kinds.language.kind import Elsewhere, Finding
from controller.loading import positions
from controller.loading.issues import PlacedIssue
from controller.loading.positions import FieldOrigins
from controller.loading.text_problems import ProblemPlacer
from controller.model.ref import Problem, ResourceRef
from tests.support.yaml_fleet import CLUSTER, SERVICE, loaded

TEXTS = {"a.yaml": CLUSTER, "b.yaml": SERVICE}


def problem(other: Elsewhere, *, files: bool = True) -> Problem:
    """Return the problem of a field of b.yaml that is about another place too."""
    result = loaded(TEXTS)
    texts = TEXTS if files else {}
    origins = FieldOrigins(texts, result.memory.parsed, str.encode)
    finding = Finding(("spec", "owningCluster"), "wrong", elsewhere=(other,))
    return ProblemPlacer(origins, result.resources).place(PlacedIssue("b.yaml", 0, 1, finding))


def test_it_is_the_field_of_the_other_object() -> None:
    found = problem(Elsewhere.of("Cluster", "Tango", "shortName"))

    assert "see a.yaml:4:19: Cluster/Tango: spec.shortName" in str(found)


def test_a_document_that_is_no_object_is_found_by_its_file() -> None:
    found = problem(Elsewhere(None, ("spec",), ("a.yaml", 0)))

    assert [str(place) for place in found.related] == ["a.yaml:4:7: Defaults: spec"]


def test_where_there_are_no_files_it_is_the_object() -> None:
    found = problem(Elsewhere.of("Cluster", "Tango", "shortName"), files=False)

    assert [str(place) for place in found.related] == ["a.yaml: Cluster/Tango: spec.shortName"]


def test_an_object_that_is_not_there_has_no_place() -> None:
    assert problem(Elsewhere(ResourceRef("Cluster", "Gone"), ())).related == ()


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (Elsewhere.of("Cluster", "Tango"), "a.yaml:1: Cluster/Tango: spec"),
        (Elsewhere(None, ("spec",), ("a.yaml", 0)), "a.yaml: Defaults: spec"),
    ],
)
def test_in_a_source_too_large_to_read_again_it_is_the_document(
    other: Elsewhere, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_MAX_READ_BYTES", 0)

    assert [str(found) for found in problem(other).related] == [place]
