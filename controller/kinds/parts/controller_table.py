"""The one table of kinds that only this controller knows."""

from collections.abc import Mapping
from typing import Any

from controller.kinds.language.kind import Items
from controller.model.table import KeyAttribute, TableDefinition

TABLE = TableDefinition("EnvctlConfig", KeyAttribute("Kind"), KeyAttribute("Name"))


def project(kind: str, name: str, spec: Mapping[str, Any]) -> Items:
    """Return the item of an object."""
    return {TABLE.name: {"Kind": kind, "Name": name, "Value": dict(spec)}}


def recover(items: Items) -> tuple[str, dict[str, Any]]:
    """Return name and dumped spec of an object's item; the inverse of ``project``."""
    item = items[TABLE.name]
    return str(item["Name"]), dict(item.get("Value") or {})
