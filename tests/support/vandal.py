"""Somebody who knows nothing of us and writes to items, rows and tags of an installation, one after the other."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from controller.aws.items import from_wire, to_wire
from tests.support.garbage import TAG_VALUES, damaged

Row = dict[str, Any]
TAG_KEYS = (
    *("envctl:id", "envctl:digest", "envctl:deep", "envctl:image", "envctl:template"),
    *("envctl:schedule", "envctl:rollout", "envctl:refresh", "envctl:parked"),
    *("envctl:override", "envctl:scaling-schedules", "envctl:draining"),
    *("Schedule", "Environment", "Role", "maintenance"),
)
LONGEST_KEY = 1024
"""Bytes: of a sort key, which may be shorter than a partition key (DynamoDB's limits)."""
OF_A_LEDGER = 12
"""Records that are damaged: a ledger is long and mostly of one kind."""


class Vandal:
    """Knows what there is when it is made; damages an item, a row or a tag, and says what."""

    def __init__(self, client: Callable[[str, str], Any], account: str, random: Random) -> None:
        """Take what makes clients of a service in an account, the master's for none, and the account with groups."""
        self.random = random
        self.dynamodb = client("dynamodb", "")
        self.scaling, self.ec2 = client("autoscaling", account), client("ec2", account)
        self.rows: list[tuple[str, frozenset[str], Row]] = []
        self.key_types: dict[str, dict[str, str]] = {}
        for table in sorted(self.dynamodb.list_tables()["TableNames"]):
            found = self.dynamodb.describe_table(TableName=table)["Table"]
            keys = frozenset(key["AttributeName"] for key in found["KeySchema"])
            self.key_types[table] = {
                one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]
            }
            items = [from_wire(item) for item in self.dynamodb.scan(TableName=table)["Items"]]
            self.rows += [(table, keys, item) for item in items[-OF_A_LEDGER:]]
        groups = self.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        self.groups = [group["AutoScalingGroupName"] for group in groups]
        found = self.ec2.describe_instances()["Reservations"]
        self.instances = [one["InstanceId"] for each in found for one in each["Instances"]]

    def damages(self) -> str:
        """Damage something."""
        if self.random.random() < 0.25:
            return self._tags()
        table, keys, row = self.random.choice(self.rows)
        worse = self._storable(table, damaged(row, keys, self.random))
        self.dynamodb.put_item(TableName=table, Item=to_wire(worse))
        changed = {
            name: worse.get(name) for name in {*row, *worse} if row.get(name) != worse.get(name)
        }
        return f"{table} {_key(row, keys)}: {changed!r:.300}"

    def _storable(self, table: str, row: Row) -> Row:
        """Return a row without what DynamoDB refuses as a key of an index: of a wrong type, empty or too long."""
        wire, types = to_wire(row), self.key_types[table]
        return {
            name: value
            for name, value in row.items()
            if name not in types
            or (types[name] in wire[name] and 0 < len(str(value).encode()) <= LONGEST_KEY)
        }

    def _tags(self) -> str:
        key, value = self.random.choice(TAG_KEYS), self.random.choice(TAG_VALUES)
        if self.random.random() < 0.5:
            group = self.random.choice(self.groups)
            whose = {"ResourceId": group, "ResourceType": "auto-scaling-group"}
            tag = {"Key": key, "Value": value, "PropagateAtLaunch": True, **whose}
            self.scaling.create_or_update_tags(Tags=[tag])
            return f"{group} {key}={value!r}"
        instance = self.random.choice(self.instances)
        self.ec2.create_tags(Resources=[instance], Tags=[{"Key": key, "Value": value}])
        return f"{instance} {key}={value!r}"


def _key(row: Mapping[str, Any], keys: frozenset[str]) -> list[Any]:
    return [row[key] for key in sorted(keys)]
