"""How often objects of a scope flipped lately, as a row of EnvctlState: what the drift-storm breaker remembers between runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.engine.commit.lease import epoch_ms
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.planning.drift_storm import Storm, recent, with_flips
from controller.targets.table_items.store import ItemStore

FLIPS_PREFIX: Final = "flips#"


@dataclass(frozen=True, slots=True)
class FlipRow:
    """Moments we put objects back, and the objects whose storm has been told of."""

    flips: Mapping[ResourceRef, Sequence[datetime]] = field(default_factory=dict)
    told: frozenset[ResourceRef] = frozenset()

    def untold(self, storms: Iterable[Storm]) -> tuple[Storm, ...]:
        """Return the storms nobody has been told of yet."""
        return tuple(storm for storm in storms if storm.ref not in self.told)


class FlipMemory:
    """What is remembered of one scope during a run. ``write`` is called with what there is to remember from now on."""

    def __init__(self, row: FlipRow, write: Callable[[FlipRow], None]) -> None:
        """Begin with what earlier runs remembered."""
        self._row = row
        self._write = write

    def tell_once(self, storms: Iterable[Storm], now: datetime) -> tuple[Storm, ...]:
        """Return the storms nobody has been told of yet, and remember that somebody has."""
        untold = self._row.untold(storms)
        if untold:
            told = self._row.told | {storm.ref for storm in untold}
            self._keep(FlipRow(recent(self._row.flips, now), told))
        return untold

    def remember(self, done: Iterable[Change], now: datetime) -> None:
        """Remember which objects had drifted and were put back."""
        flips = with_flips(self._row.flips, done, now)
        if flips != {ref: tuple(moments) for ref, moments in self._row.flips.items()}:
            self._keep(FlipRow(flips, self._row.told & flips.keys()))

    def _keep(self, row: FlipRow) -> None:
        self._row = row
        self._write(row)


def read_flip_rows(store: ItemStore, state_table: str, scopes: Iterable[str]) -> dict[str, FlipRow]:
    """Return what is remembered, by scope; nothing for scopes that were calm. Raises as any read."""
    keys = [{"Id": FLIPS_PREFIX + scope} for scope in scopes]
    rows = store.batch_get(state_table, keys) if keys else ()
    return {str(row["Id"]).removeprefix(FLIPS_PREFIX): flip_row_of(row) for row in rows}


def write_flip_row(store: ItemStore, state_table: str, scope: str, row: FlipRow) -> None:
    """Remember what happened in a scope; forget it once it is calm. Raises as any write."""
    key = FLIPS_PREFIX + scope
    if not row.flips:
        store.write(DeleteWrite(state_table, to_wire({"Id": key})))
        return
    store.write(PutWrite(state_table, to_wire({"Id": key, **_content(row)})))


def flip_row_of(row: Mapping[str, Any]) -> FlipRow:
    """Read a row; an empty one for what is damaged: the breaker then begins to count anew."""
    try:
        flips = {
            ResourceRef.parse(name): [datetime.fromtimestamp(int(ms) / 1000, UTC) for ms in moments]
            for name, moments in row["Flips"].items()
        }
        return FlipRow(flips, frozenset(map(ResourceRef.parse, row.get("Told", ()))))
    except (KeyError, TypeError, ValueError, AttributeError):
        return FlipRow()


def _content(row: FlipRow) -> dict[str, Any]:
    return {
        "Flips": {str(ref): [epoch_ms(at) for at in row.flips[ref]] for ref in sorted(row.flips)},
        "Told": sorted(str(ref) for ref in row.told & row.flips.keys()),
    }
