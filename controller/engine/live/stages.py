"""The live changes of one scope in the stages they are announced and made in. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from controller.engine.commit.change_queue import ChangeQueue
from controller.engine.live.journal import MAX_RECORDS
from controller.model.plan import Change
from controller.ports import Batch, BatchingTarget, LiveTarget

MAX_TOGETHER: Final = 20 * MAX_RECORDS
"""Batches acted on at once: their records take several transactions, but what AWS goes on with is waited for once."""


class Stage(NamedTuple):
    """Changes of one target that rely on none of each other, in records that are announced together."""

    target: LiveTarget
    batches: tuple[Batch, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The stage's changes."""
        return tuple(change for batch in self.batches for change in batch.changes)


def next_stage(queue: ChangeQueue, targets: Mapping[str, LiveTarget]) -> Stage | None:
    """Return what goes together next; None when nothing is left. The changes of the stage before must have their outcomes."""
    chosen: list[int] = []
    passed_over: list[int] = []
    open_now: set[int] = set()
    target: LiveTarget | None = None
    while len(chosen) < _most(target, queue) and (place := queue.take()) is not None:
        change = queue.changes[place]
        relies_on_none = open_now.isdisjoint(queue.relies_on(place))
        open_now.add(place)
        if relies_on_none and (target is None or change.target == target.name):
            target = targets[change.target]
            chosen.append(place)
        else:
            passed_over.append(place)
    queue.put_back(passed_over)
    if target is None:
        return None
    changes = [queue.changes[place] for place in chosen]
    if not isinstance(target, BatchingTarget):
        return Stage(target, tuple(Batch(change.ref, (change,)) for change in changes))
    batches = target.batches(changes)
    later = {queue.place_of(change) for batch in batches[MAX_TOGETHER:] for change in batch.changes}
    queue.put_back([place for place in chosen if place in later])
    return Stage(target, batches[:MAX_TOGETHER])


def _most(target: LiveTarget | None, queue: ChangeQueue) -> int:
    # Many changes of a batching target share a record: how many records there are is seen only when they are batched.
    batching = target is not None and isinstance(target, BatchingTarget)
    return len(queue.changes) if batching else MAX_RECORDS
