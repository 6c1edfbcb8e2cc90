"""Permissions are kept as data, but what they name must be there, in any case of letters."""

from typing import Any

import pytest

from tests.unit.kinds.small_fleet import complaints, items


def of_entries(*entries: Any) -> dict[str, Any]:
    return {"permissions": list(entries)}


def test_its_item_is_flat() -> None:
    entry = {"resource": "/x/*", "access": "POST", "clusters": ["tango"], "environmentTypes": "all"}
    assert items("Permission", "team-tango", of_entries(entry)) == {
        "InfraConfigPermissions": {
            "Name": "team-tango",
            "Permissions": [
                {
                    "Resource": "/x/*",
                    "Access": "POST",
                    "Clusters": ["tango"],
                    "EnvironmentTypes": "all",
                }
            ],
        }
    }


@pytest.mark.parametrize(
    ("entry", "at", "words"),
    [
        ({}, "", "allows nothing"),
        ({"access": "POST"}, "", "allows nothing"),
        ({"resource": "x"}, "", "resource and access belong together"),
        ({"resource": "x", "access": "GET"}, ".access", "'POST', 'PUT', 'DELETE' or 'ADMIN'"),
        ({"resource": "x", "access": "PUT", "clusters": "all"}, "", "restrict together"),
        (
            {"cluster": "all", "clusters": "all", "environmentTypes": "all"},
            "",
            "restrict a resource",
        ),
        (
            {"resource": "x", "access": "PUT", "clusters": "some", "environmentTypes": "all"},
            ".clusters",
            "a list of names, or all",
        ),
        ({"cluster": "Tangoo"}, ".cluster", "no Cluster named 'Tangoo'"),
        ({"environmentType": "Stage"}, ".environmentType", "no EnvironmentType named 'Stage'"),
        (
            {
                "resource": "x",
                "access": "PUT",
                "clusters": ["tango", "x"],
                "environmentTypes": "all",
            },
            ".clusters.1",
            "no Cluster named 'x'",
        ),
        ({"user": "x"}, ".user", "not permitted"),
    ],
)
def test_what_is_refused(entry: dict[str, Any], at: str, words: str) -> None:
    found = next(
        one
        for one in complaints("Permission", "u", of_entries(entry))
        if f"permissions.0{at}: " in one
    )
    assert words in found


@pytest.mark.parametrize(
    "entry",
    [
        {"resource": "**", "access": "ADMIN"},
        {"cluster": "ALL"},
        {"cluster": "Tango"},
        {"environmentType": "STAGING"},
        {
            "resource": "x",
            "access": "PUT",
            "clusters": "all",
            "environmentTypes": ["prod", "Staging"],
        },
    ],
)
def test_what_is_accepted(entry: dict[str, Any]) -> None:
    assert complaints("Permission", "u", of_entries(entry)) == []
