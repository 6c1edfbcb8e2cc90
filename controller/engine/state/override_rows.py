"""Overrides as rows of EnvctlState, and back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from controller.aws.tables import ItemStore
from controller.errors import EnvctlError
from controller.ledger.records import iso_ms
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.targets.table_items.definitions import STATE_TABLE

PREFIX = "override#"

Row = Mapping[str, Any]


def row_of_override(override: Override) -> dict[str, Any]:
    """Return the row that holds an override. The value is JSON text, so that it comes back exactly as it was given."""
    row: dict[str, Any] = {
        "Id": PREFIX + override.id,
        "Ref": str(override.ref),
        "Reason": override.reason,
        "Actor": override.actor,
        "Since": iso_ms(override.since),
        "Path": override.path,
        "UntilGit": override.until_git,
        "BaseDigest": override.base_digest,
    }
    if override.value is not ABSENT:
        row["Value"] = canonical_bytes(override.value).decode()
    if override.until is not None:
        row["Until"] = iso_ms(override.until)
    return row


def override_of_row(row: Row) -> Override:
    """Read a row. Raises EnvctlError for one that is damaged: what it held back must not be let go in silence."""
    try:
        return Override(
            id=row["Id"].removeprefix(PREFIX),
            ref=ResourceRef.parse(row["Ref"]),
            reason=row["Reason"],
            actor=row["Actor"],
            since=datetime.fromisoformat(row["Since"]),
            path=row.get("Path", ""),
            value=parse_canonical(row["Value"].encode()) if "Value" in row else ABSENT,
            until=datetime.fromisoformat(row["Until"]) if "Until" in row else None,
            until_git=bool(row.get("UntilGit", False)),
            base_digest=row.get("BaseDigest", ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EnvctlError(
            f"overrides: row {row.get('Id')} of EnvctlState is damaged ({error!r})",
            fix="delete the row and make the override again",
        ) from error


def override_rows_in(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return those of the rows of EnvctlState that hold overrides, ended ones too, by id."""
    mine = (row for row in rows if str(row["Id"]).startswith(PREFIX))
    return tuple(sorted(mine, key=lambda row: str(row["Id"])))


def read_override_rows(store: ItemStore, state_table: str) -> tuple[Row, ...]:
    """Return the rows of all overrides, ended ones too, by id. Raises as any read."""
    return override_rows_in(store.scan(state_table, 1))


def read_overrides(store: ItemStore, prefix: str) -> tuple[Override, ...]:
    """Return all overrides, ended ones too. Raises as any read, and as ``override_of_row``."""
    return tuple(map(override_of_row, read_override_rows(store, prefix + STATE_TABLE.name)))
