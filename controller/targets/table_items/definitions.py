"""Which tables there are: those of the kinds, and the controller's own."""

from collections.abc import Iterable
from typing import Any

from controller.kinds.language.kind import Kind
from controller.model.table import KeyAttribute, TableDefinition

STATE_TABLE = TableDefinition("EnvctlState", KeyAttribute("Id"), stream=False)
"""The controller's own rows: heads, overrides, checkpoints, status. One item per row, key ``Id``."""


def kind_tables(kinds: Iterable[Kind[Any]]) -> tuple[TableDefinition, ...]:
    """Return each table of the kinds once, by name. Raises ValueError if two kinds define one table differently."""
    tables: dict[str, TableDefinition] = {}
    for kind in kinds:
        for table in kind.tables:
            if tables.setdefault(table.name, table) != table:
                raise ValueError(
                    f"table {table.name} is defined in two ways; {kind.name} is one of them"
                )
    return tuple(tables[name] for name in sorted(tables))
