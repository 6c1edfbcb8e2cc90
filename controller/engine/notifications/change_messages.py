"""Which change others hear of, and how it is told: a line of the ledger as the message the old product sent. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

import orjson

from controller.kinds.environment import OPERATIONAL
from controller.ledger.summaries import RecordSummary
from controller.model.change_message import ChangeMessage, Topic
from controller.targets.group_parts.names import GROUP, SCALING_SCHEDULES

_DONE: Final = frozenset({"done", "succeeded"})
_ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "Created": ("create", "POST"),
    "Updated": ("update", "PUT"),
    "Deleted": ("delete", "DELETE"),
}
"""What a record says -> what the attribute says, and the method by which the old interface would have done it."""
CONFIGURATION: Final[Mapping[str, str]] = {
    "ConfigDeploymentMaps": "/config/deployment-maps",
    "ConfigEnvironmentTypes": "/config/environment-types",
    "ConfigEnvironments": "/config/environments",
    "ConfigNotificationSettings": "/config/notification-settings",
    "InfraConfigAccounts": "/config/accounts",
    "InfraConfigClusters": "/config/clusters",
    "InfraConfigLBSettings": "/config/lb-settings",
    "InfraConfigLBUpstream": "/config/upstreams",
    "InfraConfigPermissions": "/config/permissions",
    "InfraConfigServices": "/config/services",
}
"""Logical table -> where the old interface had its items."""
OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    GROUP: ("/asgs", ""),
    SCALING_SCHEDULES: ("/asgs", "/scaling-schedule"),
    OPERATIONAL.name: ("/environments", ""),
}
"""Kind of a live object, or logical table -> where the old interface had them, and what followed the name."""


def message_of(line: RecordSummary, prefix: str) -> ChangeMessage | None:
    """Return how a change is told; None for what nobody is told: announcements, failures, tables the old product did not have.

    ``prefix`` is what stands before the tables' names.
    """
    action = _ACTIONS.get(line.change_type)
    if action is None or line.phase not in _DONE or not line.entity.hash_key:
        return None
    name = line.entity.table.removeprefix(prefix)
    if name in CONFIGURATION:
        keys = [line.entity.hash_key, *filter(None, (line.entity.range_key,))]
        where, more, topic = CONFIGURATION[name], "", Topic.CONFIGURATION
    elif name in OPERATIONS:
        # Keys of live objects begin with the scope; what AWS calls them is the last part.
        keys = [line.entity.hash_key.rpartition("/")[2]]
        (where, more), topic = OPERATIONS[name], Topic.OPERATIONS
    else:
        return None
    attributes = {"Action": action[0], "ID": "/".join(keys), "Timestamp": _ms(line.iso_timestamp)}
    if topic is Topic.OPERATIONS:
        # Names of environments have no hyphen, and names of groups begin with one.
        attributes["Environment"] = keys[0].partition("-")[0]
    path = where if action[1] == "POST" else "/".join([where, *(quote(k, safe="") for k in keys)])
    endpoint = {"Endpoint": {"Url": path + more, "Method": action[1]}}
    return ChangeMessage(topic, orjson.dumps(endpoint).decode(), attributes)


def _ms(iso_timestamp: str) -> str:
    try:
        return str(int(datetime.fromisoformat(iso_timestamp).timestamp() * 1000))
    except ValueError:
        # Others wrote it; SNS takes no empty attribute.
        return "0"
