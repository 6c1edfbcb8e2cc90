"""Which records of a scope announced something of which nobody wrote what became of it: one row a scope, and what it means."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.errors import DamagedState

OPEN_PREFIX: Final = "open#"


def row_of_open_records(scope: str, audit_ids: Iterable[str]) -> dict[str, Any]:
    """Return the row that holds the ids of a scope's open records."""
    return {"Id": OPEN_PREFIX + scope, "Records": list(audit_ids)}


def open_records_of_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Read a row. Raises DamagedState for one that is not as we write it: what is open is not known then."""
    found = row.get("Records", [])
    if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
        name = str(row.get("Id"))
        scope = name.removeprefix(OPEN_PREFIX)
        raise DamagedState(
            f"scope {scope}: row {name} of EnvctlState is damaged: its Records",
            fix=f"envctl audit recover {scope} makes it again from the scope's records",
        )
    return tuple(found)


def scopes_left_open(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the scopes in which, by rows of EnvctlState, something was announced and not ended, or it is not known."""
    mine = (row for row in rows if str(row["Id"]).startswith(OPEN_PREFIX))
    return frozenset(str(row["Id"]).removeprefix(OPEN_PREFIX) for row in mine if row.get("Records"))
