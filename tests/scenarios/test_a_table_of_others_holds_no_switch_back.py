"""Running deployments are told by a table of others, which is large and slow: it is read once a run, and for no longer than it lasts."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.decisions.evaluator import NOT_KNOWN
from controller.scheduling.facts import LONG_AGO
from controller.targets.power_parts.running_deployments import MOST_PAGES, read_running
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import AFTERNOON, END, EVENING, MORNING, PowerEstate

TABLE = "ConfigDeploymentExecutionStatus"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """Two accounts that follow office hours, and the table with a deployment that is over."""
    made = PowerEstate(sandbox, tmp_path / "fleet", power={"deploymentPostponesSeconds": 600})
    client: Any = sandbox.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "DeploymentID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "DeploymentID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    value = {
        "EnvironmentName": {"S": "c51"},
        "Status": {"S": "Success"},
        "StartTimestamp": {"S": f"{AFTERNOON:%Y-%m-%dT%H:%M:%S.000Z}"},
        "Log": {"S": "x" * 100_000},
    }
    client.put_item(TableName=TABLE, Item={"DeploymentID": {"S": "d1"}, "Value": {"M": value}})
    return made


def test_it_is_read_once_for_all_accounts_and_eventually_consistent(estate: PowerEstate) -> None:
    stopped = {estate.instance("c51"): "stopped", estate.instance("t1"): "stopped"}
    # What one read takes: a second one of the same kind, or a strongly consistent one, would be refused.
    estate.aws.controls.send("settings", {"read_units": {TABLE: 10.0}})

    estate.at(EVENING).tick()

    assert estate.states() | estate.states("test-eu") == stopped


def test_what_may_not_be_read_is_no_error(estate: PowerEstate) -> None:
    client: Any = estate.aws.client("dynamodb")
    estate.aws.controls.fail_next("Scan", "AccessDeniedException")
    since, why = read_running(client, "")
    assert since == {NOT_KNOWN: LONG_AGO}
    assert "access denied to Scan" in why
    assert read_running(client, "") == ({}, "")
    assert read_running(client, "no-such-") == ({}, "")


@pytest.mark.slow
def test_what_is_too_large_to_be_read_postpones_a_stop_for_a_while_and_no_start(
    estate: PowerEstate,
) -> None:
    late = estate.instance("c51")
    client: Any = estate.aws.client("dynamodb")
    for number in range(MOST_PAGES * 1024 // 390 + 1):
        item = {"DeploymentID": {"S": f"old-{number}"}, "Log": {"S": "x" * 390 * 1024}}
        client.put_item(TableName=TABLE, Item=item)

    waiting = estate.at(EVENING).tick()

    told = [(one.category, one.text) for s in waiting.plan.scopes for one in s.notes]
    assert {category for category, _ in told} == {"postponed", "unread"}
    assert any(f"{TABLE} is larger than 8 MB" in text for _, text in told)
    assert any("Whether a deployment is running is not known" in text for _, text in told)
    assert estate.states() == {late: "running"}

    estate.at(END + timedelta(minutes=9)).tick()
    assert estate.states() == {late: "running"}
    estate.at(END + timedelta(minutes=10, seconds=1)).tick()
    assert estate.states() == {late: "stopped"}
    estate.at(MORNING).tick()
    assert estate.states() == {late: "running"}
