"""The drift history of scopes as rows of EnvctlState: what the drift-storm breaker remembers between runs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.engine.commit.lease import epoch_ms
from controller.model.ref import ResourceRef
from controller.planning.drift_history import DriftHistory

FLIPS_PREFIX: Final = "flips#"


def read_histories(
    store: ItemStore, state_table: str, scopes: Iterable[str]
) -> dict[str, DriftHistory]:
    """Return what is remembered, by scope; nothing for scopes that were calm. Raises as any read."""
    keys = [{"Id": FLIPS_PREFIX + scope} for scope in scopes]
    rows = store.batch_get(state_table, keys) if keys else ()
    return {str(row["Id"]).removeprefix(FLIPS_PREFIX): history_of_row(row) for row in rows}


def write_history(store: ItemStore, state_table: str, scope: str, history: DriftHistory) -> None:
    """Remember what happened in a scope; forget it once it is calm. Raises as any write."""
    key, flips = {"Id": FLIPS_PREFIX + scope}, history.flips
    if not flips:
        store.write(DeleteWrite(state_table, to_wire(key)))
        return
    row = {
        "Flips": {str(ref): [epoch_ms(at) for at in flips[ref]] for ref in sorted(flips)},
        "Told": sorted(str(ref) for ref in history.told & flips.keys()),
    }
    store.write(PutWrite(state_table, to_wire({**key, **row})))


def history_of_row(row: Mapping[str, Any]) -> DriftHistory:
    """Read a row; an empty one for what is damaged: the breaker then begins to count anew."""
    try:
        flips = {
            ResourceRef.parse(name): tuple(
                datetime.fromtimestamp(int(ms) / 1000, UTC) for ms in moments
            )
            for name, moments in row["Flips"].items()
        }
        return DriftHistory(flips, frozenset(map(ResourceRef.parse, row.get("Told", ()))))
    except (KeyError, TypeError, ValueError, AttributeError):
        return DriftHistory()
