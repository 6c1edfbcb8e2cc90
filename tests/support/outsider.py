"""Somebody who changes things beside us, in accounts and tables; and what became of what was written to the tables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from controller.aws.items import from_wire
from controller.model.observed import CONFIG_SCOPE
from tests.support.extension_targets.owners import FOLDER
from tests.support.live_accounts import LiveEstate
from tests.support.true_answers import owner_parameters
from tests.support.walked_estate import ACCOUNTS
from tests.support.walked_fleet import account_of


@dataclass
class Outsider:
    """Each act says what was done; nothing where there was nothing to do it to."""

    estate: LiveEstate
    random: Random
    deleted: set[str] = field(default_factory=set)
    """Services whose items were."""
    acts: int = 0
    _written: dict[str, str] = field(default_factory=dict)
    """What was last written to a service's item."""

    def changes_a_parameter(self) -> str:
        """Delete, change or replace a parameter of ours."""
        owners = owner_parameters(self.estate)
        if not owners:
            return ""
        self.acts += 1
        name = self.random.choice(sorted(owners))
        what = self.random.choice(["deleted", "changed", "replaced"])
        ssm = self.estate.client("ssm", account_of(name))
        if what == "deleted":
            ssm.delete_parameters(Names=[FOLDER + name])
        else:
            value = {**owners[name], "owner": "Mallory"}
            text = json.dumps(value) if what == "changed" else "Mallory"
            ssm.put_parameter(Name=FOLDER + name, Value=text, Type="String", Overwrite=True)
        return f"the parameter of {name} is {what}"

    def changes_a_group(self) -> str:
        """Change a size or a tag of a group of ours."""
        scaling = self.estate.client("autoscaling", self.random.choice(ACCOUNTS))
        groups = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        if not groups:
            return ""
        self.acts += 1
        name = self.random.choice(sorted(group["AutoScalingGroupName"] for group in groups))
        if self.random.random() < 0.5:
            scaling.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=5)
            return f"{name} may have 5 instances"
        whose = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
        tag = {"Key": "OwningCluster", "Value": "Mallory", "PropagateAtLaunch": True}
        scaling.create_or_update_tags(Tags=[{**whose, **tag}])
        return f"{name} is of Mallory"

    def changes_an_item(self, accepted: set[str]) -> str:
        """Change an attribute of an accepted service's item, or delete it."""
        master = self.estate.installation.master
        found = {name: item for name, item in self.services().items() if name in accepted}
        if not found:
            return ""
        self.acts += 1
        name = self.random.choice(sorted(found))
        key = {"ServiceName": {"S": name}}
        if name.startswith("Solo") and self.random.random() < 0.5:
            self.deleted.add(name)
            self._written.pop(name, None)
            master.client.delete_item(TableName=self._table, Key=key)
            return f"the item of {name} is deleted"
        self._written[name] = url = f"https://{self.acts}.example"
        master.client.update_item(
            TableName=self._table,
            Key=key,
            UpdateExpression="SET #value.RunbookUrl = :it",
            ExpressionAttributeNames={"#value": "Value"},
            ExpressionAttributeValues={":it": {"S": url}},
        )
        return f"the item of {name} has {url}"

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the items of services there are, by name."""
        rows = self.estate.installation.master.client.scan(TableName=self._table)["Items"]
        items = map(from_wire, rows)
        return {str(item["ServiceName"]): item for item in items}

    def lost_unseen(self) -> Iterator[str]:
        """Yield what was written to an item and is neither there nor in a record of what took it away."""
        if not self._written:
            return
        items, records = self.services(), None
        for name, url in list(self._written.items()):
            if _url(items.get(name)) == url:
                continue
            del self._written[name]
            if records is None:
                records = self.estate.records(CONFIG_SCOPE)
            told = (_url(record.old_value) for record in records if record.entity_key == name)
            if url not in told:
                yield f"{url} of {name} was overwritten, and no record says so"

    @property
    def _table(self) -> str:
        master = self.estate.installation.master
        (table,) = master.kinds["Service"].tables
        return table.prefixed(master.settings.resource_prefix).name


def _url(item: Any) -> str:
    return str(((item or {}).get("Value") or {}).get("RunbookUrl", ""))
