"""Records that the old product left in the audit table: no index knows them by their item, so the table is read for them.

They are asked for by object alone, and only where the first set-up found any. What its function wrote after our first record is left
out: that is on record as ours, or as a change by others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from controller.aws.tables import scan_some
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.questions import OfEntity, Question
from controller.ledger.records import EntityKey
from controller.ledger.scope_lines import LINE
from controller.ledger.summaries import RecordSummary, newest_first, summary_of_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OLDER_ROW: Final = {"Id": "older-records"}
"""Key of the row that says whether there are any (``Exist``)."""
OWN: Final = "EntityId"
"""An attribute that each of our records has, and none of theirs."""
_AUDITED: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        name: (name,)
        for name in (
            "ConfigDeploymentMaps",
            "ConfigEnvironmentTypes",
            "ConfigEnvironments",
            "ConfigNotificationSettings",
            "InfraConfigAccounts",
            "InfraConfigClusters",
            "InfraConfigPermissions",
        )
    },
    "InfraConfigLBSettings": ("InfraConfigLBSettings", "ConfigLBSettings"),
    "InfraConfigLBUpstream": ("InfraConfigLBUpstream", "ConfigLBUpstream"),
    "InfraConfigServices": ("InfraConfigServices", "ConfigServices"),
}
"""Tables whose changes the old product's function recorded, each with the names it has had there. (Domain rule.)"""


@dataclass(eq=False)
class OlderRecords:
    """Reads them from one audit table (physical name). ``read_row`` returns the row that says whether there are any, or None."""

    client: "DynamoDBClient"
    table: str
    read_row: Callable[[], Mapping[str, Any] | None]

    @cached_property
    def exist(self) -> bool:
        """Whether there are any. Raises as any read."""
        return (self.read_row() or {}).get("Exist") is True

    def may_have(self, question: Question) -> bool:
        """Tell whether there may be some of what is asked for. Raises as any read."""
        return isinstance(question, OfEntity) and bool(self._tables(question)) and self.exist

    def before(self, first: RecordSummary | None, question: OfEntity) -> list[RecordSummary]:
        """Return what there is of an object from before our first record, newest first. Raises as any read."""
        tables = self._tables(question)
        since, until = question.period.bounds()
        types = {f":t{place}": name for place, name in enumerate(tables)}
        found = scan_some(
            self.client,
            self.table,
            f"attribute_not_exists(#own) AND #time BETWEEN :since AND :until AND #entity.#type IN ({', '.join(types)})",
            {
                ":since": since,
                ":until": min(until, first.iso_timestamp if first else until),
                **types,
            },
            {"#own": OWN, "#time": "ISOTimestamp", "#entity": "Entity", "#type": "Type"},
            LINE,
        )
        lines = map(summary_of_item, found)
        return newest_first(line for line in lines if _is_of(line.entity, tables))

    def _tables(self, question: OfEntity) -> dict[str, EntityKey]:
        """Return the tables that records of what is asked for may name, each with its item; none for what was never recorded."""
        prefix = self.table.removesuffix(LEDGER_TABLE.name)
        return {
            prefix + name: entity
            for entity in question.entities
            for name in _AUDITED.get(entity.table.removeprefix(prefix), ())
        }


def _is_of(named: EntityKey, tables: Mapping[str, EntityKey]) -> bool:
    """Tell whether a record is of the item. What it calls key and range may be the other way round."""
    entity = tables[named.table]
    if entity.range_key is None:
        return named.hash_key == entity.hash_key
    return {named.hash_key, named.range_key} == {entity.hash_key, entity.range_key}
