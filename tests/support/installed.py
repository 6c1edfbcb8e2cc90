"""What tests read of an installation after something was done."""

from typing import Any

from controller.aws.tables import DynamoStore
from controller.engine.installation.installation import Installation
from controller.ledger.questions import OfScope
from controller.model.ledger_record import LedgerRecord


def records_of(installation: Installation, scope: str) -> list[LedgerRecord]:
    """Return a scope's records, oldest first."""
    ledger = installation.ledger
    ids = [summary.audit_id for summary in ledger.all(OfScope(scope))]
    return sorted(ledger.records(ids), key=lambda record: record.sequence)


def rows_of(installation: Installation) -> dict[str, Any]:
    """Return the controller's own rows, by id."""
    master = installation.master
    return {row["Id"]: row for row in DynamoStore(master.client).scan(master.state_table)}
