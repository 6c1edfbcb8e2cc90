"""The tables target over items in memory that hold a fleet as it was applied."""

from collections.abc import Iterable, Iterator
from typing import Any

from controller.catalog import kinds, tables
from controller.model.canonical import parse_canonical
from controller.model.ledger_record import LedgerRecord
from controller.model.resource import Resource
from controller.targets.table_items.item_form import mark_id
from controller.targets.tables import Tables

INSTALLATION = "benchmark"
AUDIT = {
    "LastChanged": "2026-11-24T10:00:00.000Z",
    "TransactionID": "t",
    "User": "benchmark",
    "Version": 1,
}


class ItemsInMemory:
    """What the target needs of a store: items by table. Each is given out as a map of its own."""

    def __init__(self) -> None:
        """Begin with every table empty."""
        self.items: dict[str, list[dict[str, Any]]] = {table.name: [] for table in tables()}

    def scan(self, table: str, segments: int = 1) -> Iterator[dict[str, Any]]:
        """Yield every item of a table."""
        return map(dict, self.items[table])


class NoHistory:
    """A ledger nobody asks, as every item has its mark."""

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterable[LedgerRecord]:
        """Return no record."""
        return ()


def applied(resources: Iterable[Resource]) -> Tables:
    """Return a target whose tables hold these resources, marked as applied by us."""
    store = ItemsInMemory()
    definitions = {table.name: table for table in tables()}
    for resource in resources:
        projection = resource.projection
        managed = {
            "By": INSTALLATION,
            "Revision": "r",
            "Path": resource.origin.path,
            "Line": resource.origin.line,
            "Digest": projection.digest,
            "Extra": parse_canonical(projection.extra),
        }
        for table, item in parse_canonical(projection.attributes).items():
            mark = mark_id(INSTALLATION, table, definitions[table].key_of(item))
            store.items[table].append({**item, "Audit": AUDIT, "Managed": {**managed, "Id": mark}})
    return Tables(
        store,
        kinds().values(),
        installation=INSTALLATION,
        prefix="",
        history=NoHistory(),
    )
