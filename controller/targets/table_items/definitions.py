"""The table of the controller's own rows."""

from controller.model.table import KeyAttribute, TableDefinition

STATE_TABLE = TableDefinition("EnvctlState", KeyAttribute("Id"), stream=False)
"""The controller's own rows: heads, overrides, checkpoints, status. One item per row, key ``Id``."""
