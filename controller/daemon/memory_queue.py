"""The work queue of a daemon that is alone: in the memory of its process."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from threading import Condition
from typing import NamedTuple

from controller.daemon_ports import Delivery
from controller.errors import NoLongerHeld
from controller.model.work import Backlog, Work
from controller.redactor import REDACTOR

REMEMBERED = timedelta(minutes=5)
"""For so long a deduplication id counts, as in SQS."""
MOST_ATTEMPTS = 5
"""A work taken so often without an end is given up."""
ENDED_TOO_OFTEN = f"taken {MOST_ATTEMPTS} times, and never ended"


class GivenUp(NamedTuple):
    """A work that nobody will do, and why."""

    work: Work
    reason: str


@dataclass(slots=True)
class _Waiting:
    work: Work
    put_at: datetime
    attempts: int = 0
    receipt: str = ""
    held_until: datetime | None = None


@dataclass(eq=False)
class MemoryQueue:
    """See the port ``WorkQueue``. ``clock`` gives aware time; waiting for work takes real time."""

    clock: Callable[[], datetime]
    hold_s: int = 120
    wait_s: float = 1.0
    given_up: list[GivenUp] = field(default_factory=list, init=False)
    _scopes: dict[str, deque[_Waiting]] = field(default_factory=dict, init=False)
    """Works by scope, in the order they were put; scopes in the order in which they have their turn."""
    _recent: dict[str, datetime] = field(default_factory=dict, init=False)
    """When a deduplication id was put, oldest first."""
    _changed: Condition = field(default_factory=Condition, init=False)
    _receipts: Iterator[int] = field(default_factory=count, init=False)
    _lag_s: float = field(default=0.0, init=False)

    def put(self, work: Work) -> None:
        """Append a work, unless one with its id was put within five minutes."""
        now = self.clock()
        with self._changed:
            for dedup, at in list(self._recent.items()):
                if now - at < REMEMBERED:
                    break
                del self._recent[dedup]
            if work.dedup in self._recent:
                return
            self._recent[work.dedup] = now
            self._scopes.setdefault(work.scope, deque()).append(_Waiting(work, now))
            self._changed.notify()

    def take(self, wait_s: float) -> Delivery | None:
        """Return the first work of the scope whose turn it is; None if there is none within so many seconds."""
        with self._changed:
            if not self._changed.wait_for(self._next, wait_s) or (waiting := self._next()) is None:
                return None
            now = self.clock()
            waiting.attempts += 1
            waiting.receipt = str(next(self._receipts))
            waiting.held_until = now + timedelta(seconds=self.hold_s)
            self._lag_s = (now - waiting.put_at).total_seconds()
            return Delivery(waiting.work, waiting.receipt, waiting.attempts)

    def extend(self, delivery: Delivery) -> None:
        """Hold the scope for ``hold_s`` more."""
        with self._changed:
            self._held(delivery).held_until = self.clock() + timedelta(seconds=self.hold_s)

    def end(self, delivery: Delivery) -> None:
        """Take the work away."""
        with self._changed:
            self._held(delivery)
            self._remove(delivery.work.scope)

    def hand_back(self, delivery: Delivery) -> None:
        """Let the next take it at once."""
        with self._changed:
            self._held(delivery).held_until = None
            self._changed.notify()

    def give_up(self, delivery: Delivery, reason: str) -> None:
        """Keep the work with its reason among those ``given_up``."""
        with self._changed:
            self.given_up.append(GivenUp(self._held(delivery).work, REDACTOR.redact(reason)))
            self._remove(delivery.work.scope)

    def backlog(self) -> Backlog:
        """Count all there is."""
        now = self.clock()
        with self._changed:
            works = sum(map(len, self._scopes.values()))
            held = sum(_is_held(scope[0], now) for scope in self._scopes.values())
            waiting = works - held
            return Backlog(waiting, held, len(self.given_up), self._lag_s if waiting else 0.0)

    def _next(self) -> _Waiting | None:
        now = self.clock()
        for scope, works in list(self._scopes.items()):
            first = works[0]
            if _is_held(first, now):
                continue
            if first.attempts < MOST_ATTEMPTS:
                return first
            self.given_up.append(GivenUp(first.work, ENDED_TOO_OFTEN))
            self._remove(scope)
        return None

    def _held(self, delivery: Delivery) -> _Waiting:
        works = self._scopes.get(delivery.work.scope)
        if (
            not works
            or works[0].receipt != delivery.receipt
            or not _is_held(works[0], self.clock())
        ):
            raise NoLongerHeld(delivery.work.job, delivery.work.scope)
        return works[0]

    def _remove(self, scope: str) -> None:
        # The scope's turn is over: what else it has comes after the works of others.
        works = self._scopes.pop(scope)
        works.popleft()
        if works:
            self._scopes[scope] = works
            self._changed.notify()


def _is_held(waiting: _Waiting, now: datetime) -> bool:
    return waiting.held_until is not None and now < waiting.held_until
