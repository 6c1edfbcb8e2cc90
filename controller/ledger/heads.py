"""Heads of scopes as rows of the controller's own table: their key, their codec, and how one is read."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from controller.errors import EnvctlError, ScopeFromTheFuture
from controller.model.ledger_record import LEDGER_FORMAT, Head

HEAD_PREFIX: Final = "head#"
"""The key of a scope's head in EnvctlState is this and the scope."""


class Heads(Protocol):
    """The heads there are."""

    def read(self, scope: str) -> Head | None:
        """Return the head of a scope as it is now; None if the scope has none yet.

        Raises ScopeFromTheFuture if a newer controller wrote it, and as any read.
        """


def row_of_head(head: Head) -> dict[str, Any]:
    """Return a head as the row that holds it."""
    return {
        "Id": HEAD_PREFIX + head.scope,
        "Epoch": head.epoch,
        "Owner": head.owner,
        "LeaseUntil": head.lease_until,
        "Sequence": head.sequence,
        "LastHash": head.last_hash,
        "Format": head.format,
    }


def head_of_row(scope: str, row: Mapping[str, Any]) -> Head:
    """Read a head row.

    Raises ScopeFromTheFuture if its format is newer than ours, EnvctlError if it is not a head.
    """
    try:
        head = Head(
            scope,
            int(row["Epoch"]),
            str(row["Owner"]),
            int(row["LeaseUntil"]),
            int(row["Sequence"]),
            str(row["LastHash"]),
            int(row["Format"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EnvctlError(
            f"scope {scope}: row {HEAD_PREFIX}{scope} of EnvctlState is damaged ({error!r})",
            fix="envctl audit verify shows where the ledger stands; restore the row from it",
        ) from error
    if head.format > LEDGER_FORMAT:
        raise ScopeFromTheFuture(
            f"scope {scope}: its ledger has format {head.format}, this controller knows up to {LEDGER_FORMAT}",
            fix="run a controller at least as new as the one that wrote it last",
        )
    return head
