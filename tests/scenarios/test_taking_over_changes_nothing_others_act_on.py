"""An old estate, with everything odd in it, is taken over: what other programs act on is as before, or waits for a word.

Covers: engine.queries.written_by_others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.aws.items import to_wire
from tests.conftest import FAKE_ENVIRONMENT
from tests.support.command_line import Ended, commands_with, envctl
from tests.support.old_installation import by_object, put_tables, read_by_others

WAITING = {"Upstream/OldName", "Upstream/pr1-Old"}
"""Hosts without a time to fail, and an upstream that no balancer asks for yet: only these would change for their readers."""


@dataclass
class Estate:
    """An old installation in an AWS of its own, and the folder it is imported to."""

    dynamodb: Any
    fleet: Path

    def plan(self, *options: object) -> Ended:
        """Plan the tables from what was imported."""
        return envctl("plan", "--source", self.fleet, "--scope", "config", *options)

    def adopt(self, *options: object) -> Ended:
        """Take over what was imported."""
        source = ("--source", self.fleet, "--scope", "config")
        return envctl("apply", *source, "--adopt", "--yes", *options)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with mock_aws(), commands_with(FAKE_ENVIRONMENT, tmp_path, ""):
        dynamodb = boto3.client("dynamodb", "eu-west-1")
        put_tables(dynamodb)
        assert envctl("bootstrap").code == 0
        made = Estate(dynamodb, tmp_path / "fleet")
        imported = envctl("import", "--out", made.fleet, "--scope", "config")
        assert imported.code == 0, imported.err
        assert envctl("validate", made.fleet).code == 0
        yield made


def others_go_on(dynamodb: Any) -> None:
    """Switch a slice, unlock deployments, delete and make what is none of ours: as programs beside us do all day."""
    dynamodb.update_item(
        TableName="InfraConfigLBUpstream",
        Key={"Key": {"S": "/c50_c50-Basket/config"}},
        UpdateExpression="SET Hosts[0].#s = :down, Hosts[1].#s = :up",
        ExpressionAttributeNames={"#s": "State"},
        ExpressionAttributeValues={":down": {"S": "down"}, ":up": {"S": "up"}},
    )
    dynamodb.update_item(
        TableName="InfraOpsEnvironment",
        Key={"EnvironmentName": {"S": "c50"}},
        UpdateExpression="SET #v.DeploymentsLocked = :no, Audit.Version = Audit.Version + :one",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":no": {"BOOL": False}, ":one": {"N": "1"}},
    )
    dynamodb.delete_item(TableName="InfraConfigClusters", Key={"ClusterName": {"S": "Ghost"}})
    new = {"ServiceName": "Newer", "OwningCluster": "Tango"}
    dynamodb.put_item(TableName="InfraConfigServices", Item=to_wire(new))


def test_it_changes_nothing_without_a_word_and_exactly_that_with_it(estate: Estate) -> None:
    dynamodb = estate.dynamodb
    before, read_before = by_object(dynamodb), read_by_others(dynamodb)
    route = (estate.fleet / "cluster/c50/hosts/legacy_host.yaml").read_text()
    assert "Upstream/c99-Gone" in route
    assert "proxyPass: http://c99-Gone" in route

    refused = estate.adopt("--format", "json")
    assert refused.code == 3
    assert by_object(dynamodb) == before
    (scope,) = refused.json["plan"]["scopes"]
    (violation,) = scope["violations"]
    assert violation["guard"] == "adoptAsItIs"
    assert set(violation["counted"]) == WAITING

    assert estate.adopt("--approve", violation["token"]).code == 0
    after, read_after = by_object(dynamodb), read_by_others(dynamodb)
    assert {name for name, read in read_before.items() if read != read_after[name]} == WAITING
    assert estate.plan().code == 0
    others_go_on(dynamodb)
    assert estate.plan().code == 0
    verified = envctl("audit", "verify", "--replay", "--format", "json")
    assert verified.code == 0, verified.out
    assert verified.json["byOthers"] == 4

    listed = envctl("audit", "list", "--entity", "Service/Basket", "--format", "json").json
    of_before = listed["records"][-1]
    assert (of_before["at"], of_before["changedBy"]) == ("2017-05-04T10:11:12.345Z", "jbloggs")

    hosts = [
        host
        for name, items in after.items()
        if name.startswith("Upstream/")
        for host in items["InfraConfigLBUpstream"]["Hosts"]
    ]
    assert hosts
    assert all("MaxFails" in host for host in hosts)
    roles = after["DeploymentMap/web"]["ConfigDeploymentMaps"]["Value"]["DeploymentTarget"]
    assert all("Services" in role for role in roles)
