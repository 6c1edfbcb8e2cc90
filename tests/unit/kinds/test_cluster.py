"""Clusters: a short name of two letters, and what the old product wants of them."""

from typing import Any

import pytest

from controller.catalog import kinds
from tests.unit.kinds.small_fleet import FLEET, complaints, findings, items, spec_of

TANGO = FLEET["Cluster", "Tango"]


def test_its_item() -> None:
    assert items("Cluster", "Tango", {**TANGO, "adMembershipGroup": "team-tango"}) == {
        "InfraConfigClusters": {
            "ClusterName": "Tango",
            "Value": {
                "SchemaVersion": 1,
                "ShortName": "ta",
                "KeyPair": "tango",
                "GroupEmailAddress": "tango@acme.example",
                "NotificationSettingsId": "team-tango",
                "ADMembershipGroup": "team-tango",
            },
        }
    }


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"shortName": "tan"}, "spec.shortName", "exactly two lower-case letters"),
        ({"shortName": "TA"}, "spec.shortName", "exactly two lower-case letters"),
        ({"shortName": None}, "spec.shortName", "required"),
        ({"groupEmailAddress": "tango"}, "spec.groupEmailAddress", "e-mail address"),
        ({"groupEmailAddress": f"{'x' * 100}@a.b"}, "spec.groupEmailAddress", "at most 100"),
        (
            {"groupEmailAddress": "$(id)@x.yz"},
            "spec.groupEmailAddress",
            "digits and @._:,/+- alone",
        ),
        ({"adMembershipGroup": "-x"}, "spec.adMembershipGroup", "beginning with a letter"),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    (found,) = complaints("Cluster", "Tango", {**TANGO, **change})
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize("name", ["Sea-rch", "1st", "S" * 51])
def test_names_that_only_the_old_page_refused_are_warned_of(name: str) -> None:
    (found,) = findings("Cluster", name, TANGO)
    assert "the page of the old product refused" in found.message
    assert found.warning


@pytest.mark.parametrize("name", ["Sea/rch", "Such a name", "S" * 256])
def test_names_of_another_form_are_refused(name: str) -> None:
    (found,) = complaints("Cluster", name, TANGO)
    assert "is no name for this kind" in found


def test_no_cluster_is_called_as_what_owns_nothing() -> None:
    (found,) = complaints("Cluster", "Any", TANGO)
    assert found.startswith("metadata.name: no cluster is called Any")


def test_key_pair_and_notification_settings_are_for_the_old_product_alone() -> None:
    bare = {"shortName": "ta"}
    assert complaints("Cluster", "Tango", bare) == []
    assert [
        one.partition(";")[0]
        for one in complaints("Cluster", "Tango", bare, mode="environment-manager")
    ] == ["spec: keyPair is missing", "spec: notificationSettingsId is missing"]
    assert complaints("Cluster", "Tango", TANGO, mode="environment-manager") == []


def test_the_short_name_is_unique_and_kept() -> None:
    kind = kinds()["Cluster"]
    (unique,) = kind.unique
    assert list(unique.values(kind.facts("Tango", spec_of(kind, TANGO)))) == [
        (("spec", "shortName"), "ta")
    ]
    assert [one.path for one in kind.immutable] == [("Value", "ShortName")]
