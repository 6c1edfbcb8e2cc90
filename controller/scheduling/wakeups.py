"""A heap of next changes: a tick looks at its head instead of evaluating every schedule."""

from collections.abc import Hashable
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush, heapreplace
from typing import Generic, NamedTuple, TypeVar

from controller.scheduling.schedule import Schedule, ScheduleNeverRuns, State
from controller.scheduling.timeline import PowerChange, following_change, next_change

K = TypeVar("K", bound=Hashable)


class Due(NamedTuple, Generic[K]):
    """A key whose schedule asked for another state since the last look."""

    key: K
    state: State
    """What it asks for now."""
    at: datetime
    """Since when: the last change up to now, in the schedule's zone."""


class Wakeups(Generic[K]):
    """The next change of each of many schedules, by a key of the caller's.

    A missed tick costs nothing: however long ago the last look was, ``due`` gives each key once with
    the state of now. A schedule that never changes, or not within the horizon of
    ``timeline.next_change``, is simply never due.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K, Schedule, PowerChange]] = []
        self._serials: dict[K, int] = {}
        """Of each key the one that its place in the heap must have to count."""
        self._last_serial = 0

    def put(self, key: K, schedule: Schedule, now: datetime) -> None:
        """Watch a schedule from ``now`` on; what was watched under the key before is forgotten."""
        self.remove(key)
        try:
            change = next_change(schedule, now)
        except ScheduleNeverRuns:
            return
        if change is not None:
            self._last_serial += 1
            self._serials[key] = self._last_serial
            at_s = change.at.timestamp()
            heappush(self._heap, (at_s, self._last_serial, key, schedule, change))
            # Rebuilt when most of it has been replaced, so that it stays as large as its use.
            if len(self._heap) > 2 * len(self._serials) + 64:
                self._heap = [item for item in self._heap if self._serials.get(item[2]) == item[1]]
                heapify(self._heap)

    def remove(self, key: K) -> None:
        """Watch the key no longer; one that is not watched is no mistake."""
        self._serials.pop(key, None)

    def next_at(self) -> datetime | None:
        """Return when the next change of all comes (UTC); None when none does."""
        while self._heap:
            at_s, serial, key, _, _ = self._heap[0]
            if self._serials.get(key) == serial:
                return datetime.fromtimestamp(at_s, UTC)
            heappop(self._heap)
        return None

    def due(self, now: datetime) -> list[Due[K]]:
        """Return the keys whose schedule changed up to ``now``, in the order of their next changes."""
        now_s = now.timestamp()
        heap = self._heap
        found = []
        while heap and heap[0][0] <= now_s:
            _, serial, key, schedule, change = heap[0]
            if self._serials.get(key) != serial:
                heappop(heap)
                continue
            following = following_change(schedule, change)
            while following is not None and (at_s := following.at.timestamp()) <= now_s:
                change, following = following, following_change(schedule, following)
            if following is None:
                heappop(heap)
                del self._serials[key]
            else:
                heapreplace(heap, (at_s, serial, key, schedule, following))
            found.append(Due(key, change.state, change.at))
        return found
