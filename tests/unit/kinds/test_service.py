"""Services: ports of the two slices, unique and kept."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.kind import Leaving
from tests.unit.kinds.small_fleet import FLEET, complaints, findings, items, spec_of

SEARCH = FLEET["Service", "Search"]


def test_its_owner_is_beside_the_value() -> None:
    full = {
        **SEARCH,
        "description": "Finds things",
        "primaryContact": "tango",
        "isOne": True,
        "applicationId": "00042",
        "dependencies": [{"name": "Auth"}],
        "tags": [{"key": "tier", "value": "1"}],
        "documentationUrl": "https://docs",
        "newRelicInsightsUrl": "https://insights",
        "elkUrl": "https://elk",
        "packageType": "DeploymentMap",
    }
    assert items("Service", "Search", full) == {
        "InfraConfigServices": {
            "ServiceName": "Search",
            "OwningCluster": "Tango",
            "Value": {
                "SchemaVersion": 1,
                "BluePort": 40012,
                "GreenPort": 40013,
                "Description": "Finds things",
                "PrimaryContact": "tango",
                "IsOne": True,
                "ApplicationId": "00042",
                "Dependencies": [{"Name": "Auth"}],
                "Tags": [{"Key": "tier", "Value": "1"}],
                "DocumentationUrl": "https://docs",
                "NewRelicInsightsUrl": "https://insights",
                "ElkUrl": "https://elk",
                "PackageType": "DeploymentMap",
            },
        }
    }


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"bluePort": 65536}, "spec.bluePort", "from 40000 to 41000"),
        ({"bluePort": "40012"}, "spec.bluePort", "from 40000 to 41000"),
        ({"bluePort": 0}, "spec.bluePort", "leave it out for none"),
        ({"owningCluster": ""}, "spec.owningCluster", "text"),
        ({"primaryContact": "x" * 51}, "spec.primaryContact", "at most 50"),
        ({"applicationId": "123456"}, "spec.applicationId", "at most 5 digits"),
        ({"wikiUrl": "x" * 257}, "spec.wikiUrl", "at most 256"),
        ({"elkUrl": "x" * 2049}, "spec.elkUrl", "at most 2048"),
        ({"dependencies": ["Auth"]}, "spec.dependencies.0", "dictionary"),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    (found,) = complaints("Service", "Search", {**SEARCH, **change})
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize("change", [{"bluePort": None, "greenPort": None}, {"elkUrl": "x" * 2048}])
def test_what_is_accepted(change: dict[str, Any]) -> None:
    assert complaints("Service", "Search", {**SEARCH, **change}) == []


@pytest.mark.parametrize("port", [39999, 41001])
def test_ports_that_only_the_old_page_refused_are_warned_of(port: int) -> None:
    (found,) = findings("Service", "Search", {**SEARCH, "greenPort": port})
    assert found.path == ("spec", "greenPort")
    assert found.warning


@pytest.mark.parametrize("name", ["Sea-rch", "1st", "S" * 51])
def test_names_that_only_the_old_page_refused_are_warned_of(name: str) -> None:
    (found,) = findings("Service", name, SEARCH)
    assert "the page of the old product refused" in found.message
    assert found.warning


@pytest.mark.parametrize("name", ["Sea/rch", "Such a name", "S" * 256])
def test_names_of_another_form_are_refused(name: str) -> None:
    (found,) = complaints("Service", name, SEARCH)
    assert "is no name for this kind" in found


@pytest.mark.parametrize(
    ("ports", "claims"),
    [
        ({}, []),
        ({"bluePort": 40012}, [(("spec", "bluePort"), 40012)]),
        (
            {"bluePort": 40012, "greenPort": 40012},
            [(("spec", "bluePort"), 40012), (("spec", "greenPort"), 40012)],
        ),
    ],
)
def test_both_slices_claim_their_ports(ports: dict[str, int], claims: list[Any]) -> None:
    kind = kinds()["Service"]
    (unique,) = kind.unique
    facts = kind.facts("Search", spec_of(kind, {"owningCluster": "Tango", **ports}))
    assert list(unique.values(facts)) == claims


def test_ports_are_kept_once_set_and_the_service_leaves_a_tombstone() -> None:
    kind = kinds()["Service"]
    assert [(one.path[-1], one.unset) for one in kind.immutable] == [
        ("BluePort", (None, 0)),
        ("GreenPort", (None, 0)),
    ]
    assert kind.leaving is Leaving.TOMBSTONE


def test_the_old_products_zero_means_no_port() -> None:
    found = {"InfraConfigServices": {"ServiceName": "S", "Value": {"BluePort": 0, "Tags": []}}}
    assert kinds()["Service"].recover(found) == ("S", {"Tags": []})
