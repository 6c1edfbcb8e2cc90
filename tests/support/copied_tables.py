"""An installation that copies its tables into accounts, and what the accounts hold."""

from pathlib import Path
from typing import Any

from controller.aws.items import from_wire, to_wire
from controller.model.ref import ResourceRef
from controller.targets.replica_parts.replicated import replicated
from controller.targets.replicas import TARGET
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate

SERVICE = """apiVersion: envctl/v1
kind: Service
metadata: {name: Search}
spec: {owningCluster: Tango, bluePort: 40000, description: %s}
"""
SEARCH = ResourceRef("Replica", f"{SCOPE}/InfraConfigServices/Search")


class Copies:
    """An installation that copies its tables, and what the accounts hold."""

    def __init__(self, folder: Path) -> None:
        self.estate = LiveEstate(folder, (TARGET,), "targets: {replicas: enforce}")
        self.estate.has({"search.yaml": SERVICE % "first", "c50.yaml": environment("c50")})

    def make_tables(self, name: str = "staging-eu") -> None:
        """Create an account's tables, as its owner does."""
        client = self.estate.client("dynamodb", name)
        for table in replicated(self.estate.settings.options.replicate, "", "").tables.values():
            keys = table.key_attributes()
            client.create_table(
                TableName=table.name,
                AttributeDefinitions=[
                    {"AttributeName": one.name, "AttributeType": one.type} for one in keys
                ],
                KeySchema=[{"AttributeName": keys[0].name, "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )

    def item(self, table: str, name: str = "staging-eu", **key: str) -> Any:
        """Return a copy as it is; None if there is none."""
        found = self.estate.client("dynamodb", name).get_item(TableName=table, Key=to_wire(key))
        return from_wire(found["Item"]) if "Item" in found else None

    def put(self, table: str, item: dict[str, Any]) -> None:
        """Write an item, as somebody in the account does."""
        self.estate.client("dynamodb").put_item(TableName=table, Item=to_wire(item))

    def search(self, name: str = "staging-eu") -> Any:
        return self.item("InfraConfigServices", name, ServiceName="Search")
