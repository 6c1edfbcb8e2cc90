"""An old estate, with everything odd in it, is taken over: what other programs act on is as before, or waits for a word.

Covers: engine.queries.written_by_others.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.aws.items import from_wire, to_wire
from controller.aws.table_setup import Patience, set_up_table
from controller.catalog import kind_tables, kinds
from controller.ledger.ledger_table import LEDGER_TABLE
from tests.conftest import FAKE_ENVIRONMENT
from tests.support.command_line import Ended, commands_with, envctl

OLD = json.loads((Path(__file__).parents[1] / "cases" / "old_installation.json").read_text())
AT_ONCE = Patience(tries=3, interval_s=0.0)
KINDS = kinds()
WAITING = {"Upstream/OldName", "Upstream/pr1-Old"}
"""Hosts without a time to fail, and an upstream that no balancer asks for yet: only these would change for their readers."""


@dataclass
class Estate:
    """An old installation in an AWS of its own, and the folder it is imported to."""

    dynamodb: Any
    fleet: Path

    def by_object(self) -> dict[str, dict[str, Any]]:
        """Return the items of each object: ``Kind/key`` -> table -> item, without our mark and the audit of its last write."""
        objects: dict[str, dict[str, Any]] = {}
        for kind in KINDS.values():
            for table in kind.tables:
                for wire in self.dynamodb.scan(TableName=table.name)["Items"]:
                    item = from_wire(wire)
                    if item.get("Kind", kind.name) == kind.name:
                        name = f"{kind.name}/{kind.identify(item)}"
                        objects.setdefault(name, {})[table.name] = {
                            key: value
                            for key, value in item.items()
                            if key not in ("Audit", "Managed")
                        }
        return objects

    def read_by_others(self) -> dict[str, Any]:
        """Return what other programs act on, by object."""
        return {
            name: read(items)
            for name, items in self.by_object().items()
            if (read := KINDS[name.partition("/")[0]].read_by_others) is not None
        }

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
        for table in (*kind_tables(KINDS.values()), LEDGER_TABLE):
            if table.name in OLD:
                set_up_table(dynamodb, table, patience=AT_ONCE)
                for item in OLD[table.name]:
                    dynamodb.put_item(TableName=table.name, Item=to_wire(item))
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
    before, read_before = estate.by_object(), estate.read_by_others()
    route = (estate.fleet / "cluster/c50/hosts/legacy_host.yaml").read_text()
    assert "Upstream/c99-Gone" in route
    assert "proxyPass: http://c99-Gone" in route

    refused = estate.adopt("--format", "json")
    assert refused.code == 3
    assert estate.by_object() == before
    (scope,) = refused.json["plan"]["scopes"]
    (violation,) = scope["violations"]
    assert violation["guard"] == "adoptAsItIs"
    assert set(violation["counted"]) == WAITING

    assert estate.adopt("--approve", violation["token"]).code == 0
    after, read_after = estate.by_object(), estate.read_by_others()
    assert {name for name, read in read_before.items() if read != read_after[name]} == WAITING
    assert estate.plan().code == 0
    others_go_on(estate.dynamodb)
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
