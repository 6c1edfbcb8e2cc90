"""What others write as they may: items that are none of ours, and fields of ours that are shared with them.

The replay follows such changes, as a plan is calm about them; anything else that no record leads to is a difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from controller.catalog import kind_tables
from controller.engine.installation.installation import Installation
from controller.kinds.language.kind import SharedField
from controller.ledger.entities import key_of_entity
from controller.ledger.ownership import is_there_by_us
from controller.ledger.replay import Difference
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.planning.fields import comparable
from controller.targets.table_items.item_form import AUDIT, MANAGED, mark_of

_NOT_COMPARED: Final = (AUDIT, MANAGED)


@dataclass(eq=False, slots=True)
class WrittenByOthers:
    """Tells of differences of one installation whether others may write so; counts those that it was true of."""

    installation: Installation
    count: int = field(default=0, init=False)

    def __call__(self, difference: Difference) -> bool:
        """Tell it of one difference: a query, and a read of the item as it is. Raises as any read."""
        master = self.installation.master
        prefix = master.settings.resource_prefix
        tables = {
            table.prefixed(prefix).name: table for table in kind_tables(master.kinds.values())
        }
        table = tables.get(difference.item.table)
        is_theirs = table is not None and self._is_theirs(difference, table)
        self.count += is_theirs
        return is_theirs

    def _is_theirs(self, difference: Difference, table: TableDefinition) -> bool:
        try:
            key = key_of_entity(table, difference.item)
        except ValueError:
            # Records name what they like: no item of this table can be called so.
            return False
        if None in key.values():
            return False
        records = list(self.installation.ledger.of_item(*difference.item))
        item = self.installation.master.store.get(difference.item.table, key)
        if not is_there_by_us(records, CONFIG_SCOPE):
            return item is None or mark_of(item.get(MANAGED)) is None
        shared = tuple(
            shared
            for kind in self.installation.master.kinds.values()
            for shared in kind.shared
            if shared.table == table.name
        )
        if item is None or not shared:
            return False
        last = next(one for one in records if (one.scope, one.phase) == (CONFIG_SCOPE, "done"))
        return _differs_in_shared_alone(item, last, table, shared)


def _differs_in_shared_alone(
    item: Mapping[str, Any],
    last: LedgerRecord,
    table: TableDefinition,
    shared: tuple[SharedField, ...],
) -> bool:
    """Tell whether an item is as our last record left it but for shared fields that the YAML does not give; our mark included."""
    managed = last.new_meta.get(MANAGED)
    mark = mark_of(managed)
    if mark is None or item.get(MANAGED) != managed:
        return False
    plain = {name: value for name, value in item.items() if name not in _NOT_COMPARED}
    owned = mark.extra.get("owned", ())
    if not isinstance(owned, list | tuple):
        return False
    now, then = (
        comparable({table.name: dict(image or {})}, shared, owned)
        for image in (plain, last.new_value)
    )
    return bool(now == then)
