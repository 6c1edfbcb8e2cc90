"""Permissions are kept as data, but what they name must be there, in any case of letters."""

from typing import Any

import pytest

from controller.catalog import kinds
from tests.unit.kinds.small_fleet import complaints, findings, items


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
        ({"cluster": "all", "access": "PUT"}, "", "access is that to a resource"),
        ({"resource": "x", "access": "GET"}, ".access", "expected POST, PUT, DELETE or ADMIN"),
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


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"resource": "/permissions/clusters/tango"}, "a resource without access"),
        ({"resource": "/x", "access": "post"}, "access post is in lower case"),
    ],
)
def test_forms_that_only_old_items_have_are_kept_and_warned_of(
    entry: dict[str, Any], words: str
) -> None:
    (told,) = findings("Permission", "u", of_entries(entry))
    assert told.warning
    assert words in told.message


def test_restrictions_are_written_in_lower_case() -> None:
    entry = {"resource": "x", "access": "PUT", "clusters": ["Tango"], "environmentTypes": "all"}
    item = items("Permission", "u", of_entries(entry))["InfraConfigPermissions"]
    assert [item["Permissions"][0][name] for name in ("Clusters", "EnvironmentTypes")] == [
        ["tango"],
        "all",
    ]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ([{"Clusters": "ALL"}], [{"Clusters": "all"}], True),
        ([{"Clusters": ["Tango"]}], [{"Clusters": ["tango"]}], False),
        ([{"Access": "post"}], [{"Access": "POST"}], False),
        (["odd"], ["odd"], True),
        ("odd", [], False),
    ],
)
def test_what_other_programs_act_on(before: Any, after: Any, *, same: bool) -> None:
    read = kinds()["Permission"].read_by_others
    assert read is not None
    old, new = ({"InfraConfigPermissions": {"Permissions": one}} for one in (before, after))
    assert (read(old) == read(new)) is same
