"""Heads of scopes as rows of the controller's own table: their key, their codec, and how one is read.

As far as its head tells a scope's chain goes: records beyond it stand in none, which lists and explanations have to mark.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Final, Protocol

from controller.aws.tables import ItemStore
from controller.errors import DamagedState, ScopeFromTheFuture
from controller.ledger.summaries import RecordSummary
from controller.model.ledger_record import LEDGER_FORMAT, Head

HEAD_PREFIX: Final = "head#"
"""The key of a scope's head in EnvctlState is this and the scope."""


_BEYOND: Final = 10**14
"""Milliseconds since 1970 of the year 5138. No moment, epoch or sequence of ours comes near it."""


def _number(value: Any) -> int:
    read = int(value)
    if not 0 <= read < _BEYOND:
        raise ValueError("no number of ours")
    return read


_ATTRIBUTES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Epoch": _number,
    "Owner": str,
    "LeaseUntil": _number,
    "Sequence": _number,
    "LastHash": str,
    "Format": int,
    "LastAt": str,
    "Revision": str,
    "PlannedFrom": _number,
}
"""What a row holds of a head behind its scope, in the order of its fields, and how it is read."""


class Heads(Protocol):
    """The heads there are."""

    def read(self, scope: str) -> Head | None:
        """Return the head of a scope as it is now; None if the scope has none yet.

        Raises ScopeFromTheFuture if a newer controller wrote it, and as any read.
        """


@dataclass(eq=False)
class HeadRows(Heads):
    """Heads as rows of ``_table``, the physical name of EnvctlState."""

    _rows: ItemStore
    _table: str

    def read(self, scope: str) -> Head | None:
        """Return the head as ``Heads`` says."""
        row = self._rows.get(self._table, {"Id": HEAD_PREFIX + scope})
        return None if row is None else head_of_row(scope, row)


_NOT_ALWAYS: Final[Mapping[str, Any]] = {"LastAt": "", "Revision": "", "PlannedFrom": 0}
"""What a head need not hold, and what it is then."""


def row_of_head(head: Head) -> dict[str, Any]:
    """Return a head as the row that holds it."""
    _, *values = astuple(head)
    known = zip(_ATTRIBUTES, values, strict=True)
    held = {name: value for name, value in known if _NOT_ALWAYS.get(name) != value}
    return {"Id": HEAD_PREFIX + head.scope, **held}


def head_of_row(scope: str, row: Mapping[str, Any]) -> Head:
    """Read a head row.

    Raises ScopeFromTheFuture if its format is newer than ours, DamagedState if it is not a head: something is missing,
    of a wrong type, or a number that none of ours can be.
    """
    known = {**_NOT_ALWAYS, **row}
    try:
        head = Head(scope, *(read(known[name]) for name, read in _ATTRIBUTES.items()))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DamagedState(
            f"scope {scope}: row {HEAD_PREFIX}{scope} of EnvctlState is damaged ({type(error).__name__})",
            fix=f"envctl audit recover {scope} makes it again from the scope's records",
        ) from error
    if head.format > LEDGER_FORMAT:
        raise ScopeFromTheFuture(
            f"scope {scope}: its ledger has format {head.format}, this controller knows up to {LEDGER_FORMAT}",
            fix="run a controller at least as new as the one that wrote it last",
        )
    return head


@dataclass(frozen=True, slots=True)
class Chained:
    """Asks the heads, each once. Whether a chain is whole is left to verification: a second record of one place is not seen."""

    heads: Heads
    _last: dict[str, int | None] = field(default_factory=dict, init=False)

    def holds(self, scope: str, sequence: int) -> bool:
        """Tell whether a scope's chain comes to this record; records have to be read before this is asked.

        Of a scope whose head cannot be read it is taken to. Raises as any read.
        """
        if not scope or sequence == 0:
            return False
        if scope not in self._last:
            try:
                head = self.heads.read(scope)
            except (DamagedState, ScopeFromTheFuture):
                self._last[scope] = None
            else:
                self._last[scope] = 0 if head is None else head.sequence
        last = self._last[scope]
        return last is None or sequence <= last

    def marked(self, lines: Iterable[RecordSummary]) -> tuple[RecordSummary, ...]:
        """Return the lines, with no sequence where they stand in no chain. Raises as any read."""
        return tuple(
            line
            if line.is_in_no_chain or self.holds(line.scope, line.sequence)
            else replace(line, sequence=0)
            for line in lines
        )
