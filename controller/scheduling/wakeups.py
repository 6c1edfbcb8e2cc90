"""A heap of next changes: a tick looks at its head instead of evaluating every schedule."""

from collections.abc import Hashable
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

from controller.scheduling.refusals import ScheduleNeverRuns
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import PowerChange, following_change, next_change

K = TypeVar("K", bound=Hashable)


class Due(NamedTuple, Generic[K]):
    """A key whose schedule asked for another state since the last look."""

    key: K
    state: State
    """What it asks for now."""
    at: datetime
    """Since when: the last change up to now, in the schedule's zone."""


class _Pending(NamedTuple):
    schedule: Schedule
    change: PowerChange
    serial: int


class Wakeups(Generic[K]):
    """The next change of each of many schedules, by a key of the caller's.

    A missed tick costs nothing: however long ago the last look was, ``due`` gives each key once with
    the state of now. A schedule that never changes, or not within the horizon of
    ``timeline.next_change``, is simply never due.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._pending: dict[K, _Pending] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._pending)

    def put(self, key: K, schedule: Schedule, now: datetime) -> None:
        """Watch a schedule from ``now`` on; what was watched under the key before is forgotten."""
        self._pending.pop(key, None)
        try:
            change = next_change(schedule, now)
        except ScheduleNeverRuns:
            return
        self._push(key, schedule, change)

    def remove(self, key: K) -> None:
        """Watch the key no longer; one that is not watched is no mistake."""
        self._pending.pop(key, None)

    def next_at(self) -> datetime | None:
        """Return when the next change of all comes (UTC); None when none does."""
        while self._heap:
            at_s, serial, key = self._heap[0]
            if self._is_current(key, serial):
                return datetime.fromtimestamp(at_s, UTC)
            heappop(self._heap)
        return None

    def due(self, now: datetime) -> list[Due[K]]:
        """Return the keys whose schedule changed up to ``now``, in the order of their changes."""
        now_s = now.timestamp()
        found = []
        while self._heap and self._heap[0][0] <= now_s:
            _, serial, key = heappop(self._heap)
            if not self._is_current(key, serial):
                continue
            schedule, change, _ = self._pending.pop(key)
            following = following_change(schedule, change)
            while following is not None and following.at.timestamp() <= now_s:
                change, following = following, following_change(schedule, following)
            self._push(key, schedule, following)
            found.append(Due(key, change.state, change.at))
        return found

    def _is_current(self, key: K, serial: int) -> bool:
        pending = self._pending.get(key)
        return pending is not None and pending.serial == serial

    def _push(self, key: K, schedule: Schedule, change: PowerChange | None) -> None:
        if change is None:
            return
        self._serial += 1
        self._pending[key] = _Pending(schedule, change, self._serial)
        heappush(self._heap, (change.at.timestamp(), self._serial, key))
