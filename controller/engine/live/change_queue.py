"""The live changes of one scope in the portions they are announced and made in. Pure."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from controller.engine.live.journal import MAX_RECORDS
from controller.model.outcome import Outcome, Status
from controller.model.plan import Change
from controller.model.reason import NO_REASON, Reason
from controller.model.ref import ResourceRef
from controller.planning.prerequisites import prerequisites
from controller.ports import Batch, BatchingTarget, LiveTarget

MAX_TOGETHER: Final = 20 * MAX_RECORDS
"""Batches acted on at once: their records take several transactions, but what AWS goes on with is waited for once."""
_BROKEN: Final = frozenset({Status.CONFLICTED, Status.FAILED, Status.SKIPPED, Status.STALE_EPOCH})


class Wave(NamedTuple):
    """Changes of one target that rely on none of each other, in records that are announced together."""

    target: LiveTarget
    batches: tuple[Batch, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The wave's changes."""
        return tuple(change for batch in self.batches for change in batch.changes)


class LiveQueue:
    """Gives out changes wave by wave; what relies on a failed change is skipped."""

    def __init__(
        self, changes: Sequence[Change], targets: Mapping[str, LiveTarget], transaction: str
    ) -> None:
        """Take the changes in the order they are applied in."""
        self._changes = changes
        self._targets = targets
        self._transaction = transaction
        self._relies = prerequisites(changes)
        self._waiting = deque(range(len(changes)))
        self._places: dict[tuple[str, ResourceRef, str], int] = {
            (one.target, one.ref, one.action): index for index, one in enumerate(changes)
        }
        self._outcomes: dict[int, Outcome] = {}

    @property
    def done(self) -> int:
        """How many changes have an outcome."""
        return len(self._outcomes)

    @property
    def total(self) -> int:
        """How many changes there are."""
        return len(self._changes)

    def take(self) -> Wave | None:
        """Return the next wave; None when nothing is left. The changes of the wave before must have their outcomes."""
        chosen: list[Change] = []
        passed_over: list[int] = []
        open_now: set[int] = set()
        target: LiveTarget | None = None
        while self._waiting and len(chosen) < self._most(target):
            index = self._waiting.popleft()
            change = self._changes[index]
            if self._is_skipped(index):
                continue
            relies_on_none = self._relies[index].isdisjoint(open_now)
            open_now.add(index)
            if relies_on_none and (target is None or change.target == target.name):
                target = self._targets[change.target]
                chosen.append(change)
            else:
                passed_over.append(index)
        self._waiting.extendleft(reversed(passed_over))
        return None if target is None else self._wave(target, chosen)

    def settle(
        self,
        change: Change,
        status: Status,
        message: Reason = NO_REASON,
        audit_ids: Sequence[str] = (),
    ) -> Outcome:
        """Record what became of a change."""
        outcome = Outcome(change, status, message, tuple(audit_ids), self._transaction)
        self._outcomes[self._places[change.target, change.ref, change.action]] = outcome
        return outcome

    def settle_rest(self, status: Status, message: Reason) -> None:
        """Give every change without an outcome this one."""
        self._waiting.clear()
        for index, change in enumerate(self._changes):
            if index not in self._outcomes:
                self.settle(change, status, message)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what became of the changes, in their order."""
        return tuple(self._outcomes[index] for index in sorted(self._outcomes))

    def _most(self, target: LiveTarget | None) -> int:
        # Many changes of a batching target share a record: how many records there are is seen only when they are batched.
        batching = target is not None and isinstance(target, BatchingTarget)
        return len(self._changes) if batching else MAX_RECORDS

    def _wave(self, target: LiveTarget, chosen: Sequence[Change]) -> Wave:
        if not isinstance(target, BatchingTarget):
            return Wave(target, tuple(Batch(one.ref, (one,)) for one in chosen))
        batches = target.batches(chosen)
        later = {id(change) for batch in batches[MAX_TOGETHER:] for change in batch.changes}
        again = [
            self._places[one.target, one.ref, one.action] for one in chosen if id(one) in later
        ]
        self._waiting.extendleft(reversed(again))
        return Wave(target, batches[:MAX_TOGETHER])

    def _is_skipped(self, index: int) -> bool:
        broken = [
            outcome
            for other in sorted(self._relies[index])
            if (outcome := self._outcomes.get(other)) is not None and outcome.status in _BROKEN
        ]
        if broken:
            first = broken[0]
            why = Reason(f"{first.change.ref}, which must come first, was not done: {first.status}")
            self.settle(self._changes[index], Status.SKIPPED, why)
        return bool(broken)
