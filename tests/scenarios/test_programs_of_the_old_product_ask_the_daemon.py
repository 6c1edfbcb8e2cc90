"""Programs of the old product go on asking: environments, their schedules, and what is to be done with instances.

Covers: engine.queries.environments.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.sources.folder import FolderSource
from tests.support.embedded_aws import AwsForTests
from tests.support.http_interface import InterfaceByHand, serving
from tests.support.power_estate import ACCOUNTS, EVENING, MORNING, PowerEstate

WEB = "c50-ta-Web"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """Two accounts in the afternoon."""
    return PowerEstate(sandbox, tmp_path / "fleet")


@pytest.fixture
def client(estate: PowerEstate) -> Iterator[httpx.Client]:
    """A program on this machine."""
    interface = InterfaceByHand(estate.accounts(), lambda: FolderSource(estate.folder))
    with serving(interface.app) as made:
        yield made


def test_environments_are_listed_with_what_their_schedules_ask_for(client: httpx.Client) -> None:
    found = client.get("/api/v1/environments").json()

    assert [environment["EnvironmentName"] for environment in found] == ["c50", "c51", "t1"]
    assert found[0] == {
        "EnvironmentName": "c50",
        "EnvironmentType": "staging-eu",
        "OwningCluster": "Tango",
        "DeploymentMap": "web",
        "AccountName": "staging-eu",
        "ScheduleAutomatically": True,
        "ManualScheduleUp": False,
        "Schedule": "office-hours",
        "ScheduleStatus": "ON",
        "DeploymentsLocked": False,
        "InMaintenance": False,
    }


def test_the_status_of_a_schedule_is_told_for_any_moment(client: httpx.Client) -> None:
    path = "/api/v1/environments/c50/schedule-status"
    asked = [None, EVENING, MORNING]
    found = [
        client.get(path, params={} if at is None else {"at": at.isoformat()}).json() for at in asked
    ]

    assert found == [{"Status": "ON"}, {"Status": "OFF"}, {"Status": "ON"}]
    unknown = client.get("/api/v1/environments/c99/schedule-status")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NotThere")


@pytest.mark.parametrize("named", ["name", "number"])
def test_what_is_to_be_done_with_instances_is_told_for_any_moment(
    named: str, estate: PowerEstate, client: httpx.Client
) -> None:
    members = estate.group(WEB)
    account = "staging-eu" if named == "name" else ACCOUNTS["staging-eu"]
    asked = {"account": account, "date": EVENING.isoformat()}
    now = client.get("/api/v1/instances/schedule-actions", params={"account": account}).json()
    evening = client.get("/api/v1/instances/schedule-actions", params=asked).json()

    assert sorted(found["instance"]["id"] for found in now) == sorted(members)
    assert {found["action"]["action"] for found in now} == {"skip"}
    assert now[0]["action"] == {
        "action": "skip",
        "reason": "The instance is already in the correct state",
        "source": "environment",
    }
    assert {found["action"]["action"] for found in evening} == {"putOutOfService"}
    assert evening[0]["instance"] == {
        "id": evening[0]["instance"]["id"],
        "name": evening[0]["instance"]["name"],
        "role": "Web",
        "environment": "c50",
        "environmentType": "staging-eu",
        "asg": WEB,
    }


@pytest.mark.slow
def test_an_account_that_cannot_be_looked_at_is_no_account_without_instances(
    estate: PowerEstate, client: httpx.Client
) -> None:
    estate.aws.controls.fail_next("DescribeInstances", "UnauthorizedOperation", times=9)
    answer = client.get("/api/v1/instances/schedule-actions", params={"account": "staging-eu"})

    assert (answer.status_code, answer.json()["code"]) == (502, "AccessDenied")
