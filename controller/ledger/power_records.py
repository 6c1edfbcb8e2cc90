"""Records of instances that were switched: many, and seldom what is looked for."""

from typing import Final

from controller.ledger.summary import RecordSummary

POWER: Final = "Power"
"""Entity type of a record of power; its key is ``<scope>/<environment>``."""


def is_power(record: RecordSummary) -> bool:
    """Tell whether a record is of instances switched: lists show them only when asked."""
    return record.entity.table == POWER
