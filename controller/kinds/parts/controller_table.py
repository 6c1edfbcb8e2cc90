"""The one table of kinds that only this controller knows."""

from collections.abc import Callable
from typing import Any

from controller.kinds.language.kind import Items, Kind, Rule, S
from controller.model.table import KeyAttribute, TableDefinition

TABLE = TableDefinition("EnvctlConfig", KeyAttribute("Kind"), KeyAttribute("Name"))


def controller_kind(
    name: str, summary: str, spec: type[S], facts: Callable[[str, S], Any], *rules: Rule
) -> Kind[S]:
    """Return a kind whose objects are items of this table."""
    return Kind(
        name=name,
        summary=summary,
        spec=spec,
        tables=(TABLE,),
        project=lambda key, dumped: {
            TABLE.name: {"Kind": name, "Name": key, "Value": dict(dumped)}
        },
        recover=_recover,
        identify=lambda item: str(item["Name"]),
        facts=facts,
        rules=rules,
        yaml_places={("Name",): ("metadata", "name")},
    )


def _recover(items: Items) -> tuple[str, dict[str, Any]]:
    item = items[TABLE.name]
    return str(item["Name"]), dict(item.get("Value") or {})
