"""How fast schedules are evaluated: 10 000 distinct ones made ready, then a day of minute ticks.

    python -m benchmarks.schedules_eval [--schedules N] [--check]

Three ways over the same seeded texts, in one run, all in CPU seconds of this process:

* ours: parse, find the first next change, keep a heap of them;
* cronsim, wrapped: the same heap over cronsim's iterators, without our order of equal moments;
* evaluation at every tick, ours, for a sample of the schedules and scaled up: what the heap saves.

``--check`` exits 1 when ours takes more than a second to get ready or half a second for the day.
"""

import argparse
import heapq
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import State
from controller.scheduling.timeline import state_at
from controller.scheduling.wakeups import Wakeups

ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTES = 1440
READY_LIMIT_S = 1.0
DAY_LIMIT_S = 0.5
SAMPLE = 50


def distinct_texts(count: int) -> list[str]:
    """Return texts as people write them: a start and a stop, most of them on working days."""
    chance = random.Random(20261124)
    days = ("1-5", "1,2,3,4,5", "mon-fri", "*", "1-6", "0,6")
    texts: dict[str, None] = {}
    while len(texts) < count:
        on = f"{chance.randrange(60)} {chance.randrange(5, 11)} * * {chance.choice(days)}"
        off = f"{chance.randrange(60)} {chance.randrange(16, 23)} * * {chance.choice(days)}"
        texts[f"start: {on}; stop: {off} | {chance.choice(ZONES)}"] = None
    return list(texts)


class Timing(NamedTuple):
    """CPU seconds and what was found, so that two ways can be compared for equality too."""

    ready_s: float
    day_s: float
    changes: list[tuple[datetime, int, State]]


def timed(action: Callable[[], None]) -> float:
    before = time.process_time()
    action()
    return time.process_time() - before


def ours(texts: list[str]) -> Timing:
    wakeups: Wakeups[int] = Wakeups()
    changes: list[tuple[datetime, int, State]] = []

    def ready() -> None:
        parse_schedule.cache_clear()
        for key, text in enumerate(texts):
            wakeups.put(key, parse_schedule(text), START)

    def day() -> None:
        for minute in range(1, MINUTES + 1):
            due = wakeups.due(START + timedelta(minutes=minute))
            changes.extend((change.at, change.key, change.state) for change in due)

    return Timing(timed(ready), timed(day), changes)


class Wrapped:
    """A schedule over cronsim: one iterator for each entry, with its next occurrence at hand."""

    def __init__(self, text: str) -> None:
        body, _, zone = text.partition("|")
        local = START.astimezone(ZoneInfo(zone.strip()))
        self.powers: list[State] = []
        self.iterators: list[CronSim] = []
        behind: list[datetime] = []
        for entry in body.split(";"):
            word, _, cron = entry.partition(":")
            self.powers.append(State.ON if word.strip() == "start" else State.OFF)
            self.iterators.append(CronSim(cron, local))
            behind.append(next(CronSim(cron, local + timedelta(seconds=1), reverse=True)))
        self.ahead = [next(iterator).astimezone(UTC) for iterator in self.iterators]
        self.state = self.powers[behind.index(max(behind))]

    def next_change(self, after: datetime) -> tuple[datetime, State]:
        found = None
        for index, power in enumerate(self.powers):
            while self.ahead[index] <= after:
                self.ahead[index] = next(self.iterators[index]).astimezone(UTC)
            if power is not self.state and (found is None or self.ahead[index] < found[0]):
                found = self.ahead[index], power
        assert found is not None
        self.state = found[1]
        return found


def wrapped_cronsim(texts: list[str]) -> Timing:
    schedules: list[Wrapped] = []
    heap: list[tuple[datetime, int, State]] = []
    changes: list[tuple[datetime, int, State]] = []

    def ready() -> None:
        for key, text in enumerate(texts):
            schedule = Wrapped(text)
            schedules.append(schedule)
            at, state = schedule.next_change(START)
            heapq.heappush(heap, (at, key, state))

    def day() -> None:
        for minute in range(1, MINUTES + 1):
            now = START + timedelta(minutes=minute)
            while heap[0][0] <= now:
                at, key, state = heap[0]
                changes.append((at, key, state))
                following, then = schedules[key].next_change(at)
                heapq.heapreplace(heap, (following, key, then))

    return Timing(timed(ready), timed(day), changes)


def every_tick(texts: list[str]) -> float:
    """Return the CPU seconds a day would take if all schedules were evaluated each minute."""
    schedules = [parse_schedule(text) for text in texts[:SAMPLE]]

    def day() -> None:
        for minute in range(1, MINUTES + 1):
            now = START + timedelta(minutes=minute)
            for schedule in schedules:
                state_at(schedule, now)

    return timed(day) * len(texts) / len(schedules)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--check", action="store_true", help="exit 1 when a limit is exceeded")
    arguments = parser.parse_args()
    texts = distinct_texts(arguments.schedules)
    mine, theirs = ours(texts), wrapped_cronsim(texts)
    if sorted(mine.changes) != sorted(theirs.changes):
        print("the two ways found different changes")
        return 1
    print(f"{len(texts)} distinct schedules, {len(mine.changes)} changes in a day of minute ticks")
    print(f"{'CPU seconds':<24}{'ready':>8}{'a day':>8}")
    print(f"{'ours':<24}{mine.ready_s:>8.3f}{mine.day_s:>8.3f}")
    print(f"{'cronsim, wrapped':<24}{theirs.ready_s:>8.3f}{theirs.day_s:>8.3f}")
    print(f"{'ratio':<24}{mine.ready_s / theirs.ready_s:>8.2f}{mine.day_s / theirs.day_s:>8.2f}")
    print(f"{'every tick, no heap':<24}{'':>8}{every_tick(texts):>8.1f}")
    met = mine.ready_s <= READY_LIMIT_S and mine.day_s <= DAY_LIMIT_S
    print(f"limits {READY_LIMIT_S} and {DAY_LIMIT_S}: {'met' if met else 'exceeded'}")
    return 0 if met or not arguments.check else 1


if __name__ == "__main__":
    sys.exit(main())
