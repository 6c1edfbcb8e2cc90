"""A ``---`` too many is told, and everything else that is wrong with the file too."""

import pytest

from tests.support.yaml_fleet import CLUSTER, SERVICE, messages


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{CLUSTER}---\n", "a.yaml:6:1"),
        (f"---\n---\n{CLUSTER}", "a.yaml:2:1"),
        (f"{CLUSTER}---\n# later\n---\n{SERVICE}", "a.yaml:7:1"),
    ],
)
def test_an_empty_document_hides_nothing_of_its_file(text: str, place: str) -> None:
    found = messages({"a.yaml": text.replace("ta}", "TA}")})

    assert any(line.startswith(f"{place} : the document is empty") for line in found), found
    assert any("spec.shortName: expected exactly two" in line for line in found)
    assert len(found) == 2
