"""How an object's spec lies in an item of its table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA_VERSION = "SchemaVersion"


@dataclass(frozen=True, slots=True)
class Layout:
    """``{<key>: name, <top…>, "Value": {"SchemaVersion": n, …}}``, the shape most tables share."""

    key: str
    """Attribute that holds ``metadata.name``."""
    schema_version: int | None = None
    top: tuple[str, ...] = ()
    """Attributes beside ``Value`` instead of inside it."""

    def item(self, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return the item of an object from its spec, dumped under attribute names."""
        value = dict(spec)
        beside = {attribute: value.pop(attribute) for attribute in self.top if attribute in value}
        if self.schema_version is not None:
            value[SCHEMA_VERSION] = self.schema_version
        return {self.key: name, **beside, "Value": value}

    def spec(self, item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return name and dumped spec of an item, whatever else it has; the inverse of ``item``."""
        value = {attribute: item[attribute] for attribute in self.top if attribute in item}
        value.update(item.get("Value") or {})
        value.pop(SCHEMA_VERSION, None)
        return str(item[self.key]), value
