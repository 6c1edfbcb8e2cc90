"""The changes of one run that still have to be sent, and what became of the others."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from controller.engine.commit.batching import MAX_ITEM_WRITES, Load, prefix_length
from controller.engine.commit.transaction import ApplyContext, Entry, build_entry
from controller.errors import EnvctlError
from controller.model.outcome import Outcome, Status
from controller.model.plan import Change
from controller.model.reason import NO_REASON, Reason
from controller.planning.prerequisites import prerequisites

_BROKEN = frozenset({Status.CONFLICTED, Status.FAILED, Status.SKIPPED, Status.STALE_EPOCH})


class ChangeQueue:
    """Gives out changes in order, a transaction's worth at a time; what relies on a failed change is skipped."""

    def __init__(self, changes: Sequence[Change], context: ApplyContext) -> None:
        """Take the changes in the order they are applied in."""
        self._changes = changes
        self._context = context
        self._relies = prerequisites(changes)
        self._waiting = deque(range(len(changes)))
        self._outcomes: dict[int, Outcome] = {}
        self.max_changes = MAX_ITEM_WRITES
        """How many changes a batch may hold; lowered to find the one that AWS refuses."""

    @property
    def done(self) -> int:
        """How many changes have an outcome."""
        return len(self._outcomes)

    @property
    def total(self) -> int:
        """How many changes there are."""
        return len(self._changes)

    def take(self, at: datetime) -> tuple[Entry, ...]:
        """Return the next batch, signed with the time ``at``; empty when nothing is left to send.

        A change that relies on a failed one, or that DynamoDB cannot hold, gets its outcome here.
        """
        built: list[Entry] = []

        def loads() -> Iterator[Load]:
            while self._waiting:
                entry = self._next(at)
                if entry is not None:
                    built.append(entry)
                    yield entry.load

        count = prefix_length(loads(), self.max_changes)
        self.put_back(built[count:])
        return tuple(built[:count])

    def put_back(self, entries: Sequence[Entry]) -> None:
        """Queue changes again, before all others, unless they have an outcome by now."""
        again = [entry.index for entry in entries if entry.index not in self._outcomes]
        self._waiting.extendleft(reversed(again))

    def settle(
        self, index: int, status: Status, message: Reason = NO_REASON, audit_ids: Iterable[str] = ()
    ) -> None:
        """Record what became of a change; the last word counts."""
        self._outcomes[index] = Outcome(
            self._changes[index], status, message, tuple(audit_ids), self._context.transaction_id
        )

    def settle_rest(self, status: Status, message: Reason) -> None:
        """Give every change without an outcome this one."""
        self._waiting.clear()
        for index in range(len(self._changes)):
            if index not in self._outcomes:
                self.settle(index, status, message)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what became of the changes, in their order."""
        return tuple(self._outcomes[index] for index in sorted(self._outcomes))

    def _next(self, at: datetime) -> Entry | None:
        index = self._waiting.popleft()
        broken = [other for other in sorted(self._relies[index]) if self._is_broken(other)]
        if broken:
            first = self._outcomes[broken[0]]
            self.settle(
                index,
                Status.SKIPPED,
                Reason(f"{first.change.ref}, which must come first, was not done: {first.status}"),
            )
            return None
        try:
            return build_entry(index, self._changes[index], self._context, at)
        except EnvctlError as error:
            # Also from the store for large images: without them there can be no record.
            self.settle(index, Status.FAILED, error.reason)
            return None

    def _is_broken(self, index: int) -> bool:
        outcome = self._outcomes.get(index)
        return outcome is not None and outcome.status in _BROKEN
