"""Which records stand in their scope's chain, as far as its head tells: what lists and explanations have to mark."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from controller.errors import DamagedState, ScopeFromTheFuture
from controller.ledger.heads import Heads
from controller.ledger.summaries import RecordSummary


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
            self._last[scope] = self._end_of(scope)
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

    def _end_of(self, scope: str) -> int | None:
        try:
            head = self.heads.read(scope)
        except (DamagedState, ScopeFromTheFuture):
            return None
        return 0 if head is None else head.sequence
