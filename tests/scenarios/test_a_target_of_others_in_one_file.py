"""A third party's target, dropped as one file into a package, is planned, applied, recorded and documented."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from controller import catalog
from controller.model.ref import ResourceRef
from tests.support.extension_targets.owners import TARGET
from tests.support.fleet_yaml import NUMBERS, environment
from tests.support.live_accounts import SCOPE, LiveEstate, live_changes
from tests.support.target_pages import target_page

C50 = ResourceRef("OwnerParameter", f"{SCOPE}/c50")


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    with mock_aws():
        yield LiveEstate(tmp_path / "fleet").connected().has({"c50.yaml": environment("c50")})


def test_it_is_found_by_the_name_of_its_package_and_documented() -> None:
    found = catalog.live_targets(("tests.support.extension_targets",))
    assert TARGET in found
    page = target_page(found)
    assert f"| `owners` | `OwnerParameter` | `observe` | {TARGET.summary} |" in page
    assert len({target.name for target in found}) == len(found)


def test_it_is_planned_applied_recorded_and_settles(estate: LiveEstate) -> None:
    whole = estate.planned()
    (change,) = live_changes(whole)
    assert (change.action, change.ref, change.cause) == ("create", C50, "edited")
    assert str(change.origin) == "c50.yaml:1"
    assert whole.exit_code == 2

    report = estate.applied()

    assert report.exit_code == 0
    parameter = estate.client("ssm").get_parameter(Name="/owners/c50")["Parameter"]
    assert json.loads(parameter["Value"])["owner"] == "Tango"
    intended, succeeded = estate.records()
    assert (intended.phase, succeeded.phase) == ("intended", "succeeded")
    assert succeeded.intended == intended.audit_id
    assert (succeeded.entity_type, succeeded.entity_key) == C50
    assert (succeeded.old_value, succeeded.new_value) == (None, {"owner": "Tango"})
    assert succeeded.account == NUMBERS["staging-eu"]
    assert succeeded.request_id
    assert succeeded.transaction_id == report.transaction
    assert live_changes(estate.planned()) == []
    assert estate.planned().exit_code == 0
    assert estate.statuses()[SCOPE].state == "ok"
    assert estate.statuses()["config"].revision == whole.plan.revision


def test_it_heals_edits_and_leaves(estate: LiveEstate) -> None:
    estate.applied()
    estate.has({"c50.yaml": environment("c50", "Search"), "c51.yaml": environment("c51")})
    estate.applied()
    value = estate.client("ssm").get_parameter(Name="/owners/c50")["Parameter"]["Value"]
    assert json.loads(value)["owner"] == "Search"
    estate.client("ssm").put_parameter(
        Name="/owners/c51", Value=json.dumps({**json.loads(value), "owner": "me"}), Overwrite=True
    )
    # Somebody copied the mark along: it fits nothing here.
    assert live_changes(estate.planned()) == []
    estate.client("ssm").put_parameter(Name="/owners/else", Value="mine", Type="String")
    estate.client("ssm").put_parameter(
        Name="/owners/c50", Value=value.replace("Search", "me"), Overwrite=True
    )

    (change,) = live_changes(estate.planned())
    assert (change.ref, change.cause) == (C50, "drifted")
    estate.applied()

    assert live_changes(estate.planned()) == []
    assert estate.client("ssm").get_parameter(Name="/owners/else")["Parameter"]["Value"] == "mine"
