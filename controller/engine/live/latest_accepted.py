"""What is accepted now, for the scopes of one run that are about to act: read again, once for all of them, where it has moved."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from controller.decisions.turns import next_turn
from controller.engine.live.observe import ScopeSetup
from controller.model.accepted import AcceptedState
from controller.model.plan import PlannedFrom


class AcceptedScopes(NamedTuple):
    """What is accepted, and the scopes it names, by name."""

    state: AcceptedState
    setups: Mapping[str, ScopeSetup]


@dataclass(slots=True)
class LatestAccepted:
    """The newest accepted state a run knows. Thread-safe."""

    planned_from: PlannedFrom
    """What the run's plan was made from, its own writes to the config scope counted; then what was read last."""
    read: Callable[[], AcceptedScopes]
    """Reads overrides and tables. Raises as that, and EnvctlError where what is accepted is not known."""
    _read_last: AcceptedScopes | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def at(self, sequence: int, now: datetime) -> tuple[AcceptedScopes | None, int]:
        """Return what is accepted where the config head has this sequence, and that of the head it was read from.

        None for the state as the run planned from it. Raises as ``read``.
        """
        with self._lock:
            if self._read_last is not None:
                # Another scope may have read on since.
                sequence = max(sequence, self.planned_from.sequence)
            if not self.planned_from.holds(sequence, now):
                self._read_last = found = self.read()
                accepted, turns_at = found.state, next_turn(found.state, now)
                self.planned_from = PlannedFrom(accepted.sequence, accepted.revision, turns_at)
            return self._read_last, self.planned_from.sequence
