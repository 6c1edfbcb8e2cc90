"""Whether there may be something to tell: whoever changes how things stand, a daemon or a command, signs one row, and who tells reads that one instead of all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import PutWrite
from controller.errors import EnvctlError
from controller.events import (
    ChangeSettled,
    DriftStormFound,
    Emit,
    Event,
    OpenRecordSettled,
    OverrideEnded,
    ScopeStands,
    WorkDone,
    WorkFailed,
    WorkGivenUp,
)
from controller.ledger.heads import HEAD_PREFIX
from controller.ledger.records import iso_ms
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.model.observed import CONFIG_SCOPE
from controller.model.work import Job

NEWS_KEY: Final = "news#notifications"
"""The row that is signed."""
_ALWAYS: Final = (
    ChangeSettled,
    DriftStormFound,
    OpenRecordSettled,
    OverrideEnded,
    ScopeStands,
    WorkGivenUp,
)
"""What is said after a row or a record was written that alerts or changes are read off."""

_IN_ROWS: Final = frozenset({Job.SNAPSHOT, Job.RECONCILE})

Position = Mapping[str, str]
"""Where what is told stands, by row of EnvctlState: there is nothing new where it is equal."""


@dataclass(eq=False, slots=True)
class News:
    """Hears what is said in this process, and passes on that something was. Thread-safe."""

    _heard: bool = field(default=False, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def hearing(self, emit: Emit) -> Emit:
        """Return what tells events on to ``emit``, and remembers that one of them was news."""

        def tell(event: Event) -> None:
            emit(event)
            # How a snapshot ended, and what became of a revision, is in rows of their own.
            in_a_row = isinstance(event, WorkDone | WorkFailed) and event.job in _IN_ROWS
            if in_a_row or isinstance(event, _ALWAYS):
                with self._lock:
                    self._heard = True

        return tell

    def pass_on(self, write: Callable[[], object]) -> None:
        """Write it down with ``write`` if news were heard since the last time. Raises as that; it is then done the next time."""
        with self._lock:
            heard, self._heard = self._heard, False
        if not heard:
            return
        try:
            write()
        except EnvctlError:
            with self._lock:
                self._heard = True
            raise


def sign(store: ItemStore, state_table: str, instance: str, now: datetime) -> None:
    """Have whoever tells look at what there is. Raises as any write."""
    row = {"Id": NEWS_KEY, "By": f"{instance} {iso_ms(now)}"}
    store.write(PutWrite(state_table, to_wire(row)))


def read_position(store: ItemStore, state_table: str, streamed: Iterable[str]) -> Position:
    """Read the news, and how far the ledger of the tables and of ``streamed`` ones has come: one request. Raises as any read."""
    scopes = (CONFIG_SCOPE, *(STREAM_PREFIX + table for table in streamed))
    keys = [{"Id": NEWS_KEY}, *({"Id": HEAD_PREFIX + scope} for scope in scopes)]
    rows = store.batch_get(state_table, keys)
    return {str(row["Id"]): str(row.get("By", row.get("Sequence"))) for row in rows}
