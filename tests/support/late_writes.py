"""Whether a late worker took back what a newer one had written of a scope: its head, and how it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from controller.engine.state.rows import STATUS_PREFIX
from controller.ledger.heads import HEAD_PREFIX
from tests.support.live_accounts import LiveEstate


@dataclass
class LateWrites:
    """Knows the newest epoch of each row, and the newest record of the config scope it was planned from."""

    estate: LiveEstate
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)

    def found(self) -> Iterator[str]:
        """Yield what went back since it was last asked."""
        for name, row in self.estate.rows().items():
            if not name.startswith((STATUS_PREFIX, HEAD_PREFIX)):
                continue
            for attribute in ("Epoch", "PlannedFrom"):
                number = int(row.get(attribute, 0))
                newest = self._newest.get((name, attribute), 0)
                if number < newest:
                    yield f"{attribute} of {name} went back from {newest} to {number}"
                self._newest[name, attribute] = number
