"""Loading and planning a large fleet, against what PyYAML's C loader alone needs for the same text in the same run.

    python -m benchmarks.load [--objects N] [--files N] [--rounds N] [--alone] [--check]

Cold: every file is parsed, validated, checked with all rules and planned against an in-memory target that holds it all.
Warm: one file has changed among twice as many files with as many objects.
Both sides take turns. A figure is the median of the rounds' ratios, and rounds go on until half of them lie within
two hundredths of it, or there were ``--rounds``; how far they lie apart is printed with it.
Cold ones are wall time on both sides, as ``envctl`` parses many new files by several processes where cores are free;
with ``--alone`` there is one process, and they are CPU time.
Warm ones are CPU time: everything happens in process.
Memory is what one cold load and plan keeps, and its peak, per object, measured in a process of its own.
"""

import argparse
import ctypes
import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from benchmarks.corpus import generate
from benchmarks.in_memory_target import applied
from benchmarks.memory import status_kb
from benchmarks.turns import agreement, measured
from controller.catalog import kinds
from controller.engine.desired.load_revision import parse_many, parse_side_by_side
from controller.kinds.language.kind import RuleSettings
from controller.loading.load import Loaded, Memory, Parse, load
from controller.model.observed import ObservedState
from controller.model.plan import ScopePlan
from controller.planning.diff import DiffOptions
from controller.planning.scope_plan import ScopeOptions, plan_scope
from controller.targets.tables import Tables

COLD_LIMIT, WARM_LIMIT = 1.2, 0.02
KEPT_LIMIT_KB, PEAK_LIMIT_KB = 4.0, 10.0
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
KINDS = kinds()


@dataclass
class Fleet:
    """A generated fleet, as files by content."""

    texts: dict[str, bytes]
    parse: Parse = parse_side_by_side
    files: dict[str, str] = field(init=False)
    contents: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Give each file a content id."""
        self.files = {path: f"id of {path}" for path in sorted(self.texts)}
        self.contents = {f"id of {path}": text for path, text in self.texts.items()}

    def read(self, ids: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Give out contents."""
        return ((one, self.contents[one]) for one in ids)

    def load(self, memory: Memory | None = None) -> Loaded:
        """Load the fleet as it is now."""
        return load(
            self.files,
            self.read,
            KINDS,
            settings=RuleSettings(default_region="eu-west-1"),
            memory=memory,
            parse=self.parse,
        )

    def edit(self, number: int) -> None:
        """Change one environment's description."""
        path = next(path for path in sorted(self.texts) if b"description: " in self.texts[path])
        content = f"edit {number}"
        self.contents[content] = self.texts[path].replace(
            b"description: ", b"description: edit %d " % number, 1
        )
        self.files = {**self.files, path: content}


def fleet_of(objects: int, files: int, parse: Parse = parse_side_by_side) -> Fleet:
    """Generate a fleet."""
    texts = {path: text.encode() for path, text in generate(objects, files).items()}
    return Fleet(texts, parse)


def planned(loaded: Loaded, observed: ObservedState) -> ScopePlan:
    """Plan the config scope, guards and all."""
    how = DiffOptions(target="tables", now=NOW, kinds=kinds())
    return plan_scope(loaded.projections, observed, ScopeOptions(diff=how))


def cold_plan(fleet: Fleet, target: Tables) -> tuple[Loaded, ScopePlan]:
    """Load everything and plan it, and keep both."""
    loaded = fleet.load()
    return loaded, planned(loaded, target.observe())


Clock = Callable[[], float]


def seconds(action: Callable[[], object], clock: Clock) -> float:
    """Return the seconds of an action, with the garbage collector off as the engine has it.

    What it made is let go only afterwards: the engine keeps it.
    """
    gc.collect()
    gc.disable()
    before = clock()
    made = action()
    took = clock() - before
    gc.enable()
    del made
    return took


def cold_rounds(fleet: Fleet, clock: Clock) -> Iterator[tuple[float, float]]:
    """Yield the seconds of (C loader, cold load and plan)."""
    target = applied(fleet.load().resources.values())
    while True:
        yield (
            seconds(lambda: load_with_pyyaml(fleet.texts.values()), clock),
            seconds(lambda: cold_plan(fleet, target), clock),
        )


def warm_rounds(fleet: Fleet) -> Iterator[tuple[float, float]]:
    """Yield the CPU seconds of (C loader for everything, load and plan after one file has changed)."""
    first = fleet.load()
    assert not [placed for placed in first.issues if not placed.issue.warning], "must be valid"
    observed = applied(first.resources.values()).observe()
    for number in count():
        loader = seconds(lambda: load_with_pyyaml(fleet.texts.values()), time.process_time)
        fleet.edit(number)
        warm = seconds(lambda: planned(fleet.load(first.memory), observed), time.process_time)
        yield loader, warm


def load_with_pyyaml(texts: Iterable[bytes]) -> None:
    """Build every document with PyYAML's C loader and let it go."""
    for text in texts:
        for _ in yaml.load_all(text, Loader=yaml.CSafeLoader):
            pass


def memory_kb(objects: int, files: int, answer: Any) -> None:
    """Report what a cold load and plan keeps and its peak, in KB per object, beside the texts and the target's items."""
    fleet = fleet_of(objects, files)
    target = applied(fleet.load().resources.values())
    forget_garbage()
    before = status_kb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from now on
    gc.disable()
    loaded = fleet.load()
    plan = planned(loaded, target.observe())
    peak = status_kb("VmHWM")
    gc.enable()
    assert not plan.changes
    del plan
    forget_garbage()
    answer.put(
        ((status_kb("VmRSS") - before) / objects, (peak - before) / objects, len(loaded.resources))
    )


def forget_garbage() -> None:
    """Give back to the system what nobody holds any more."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)


def measured_memory(objects: int, files: int) -> tuple[float, float]:
    """Return (kept, peak) KB per object, of a process that does nothing else."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=memory_kb, args=(objects, files, answer))
    process.start()
    kept, peak, _ = answer.get(timeout=600)
    process.join()
    return kept, peak


def main() -> None:
    """Print every figure with its limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=9, help="at most")
    parser.add_argument("--alone", action="store_true", help="parse in this process alone")
    parser.add_argument("--check", action="store_true", help="exit 1 over a limit")
    options = parser.parse_args()
    parse = parse_many if options.alone else parse_side_by_side
    clock = time.process_time if options.alone else time.perf_counter
    cold = measured(
        cold_rounds(fleet_of(options.objects, options.files, parse), clock), options.rounds
    )
    warm = measured(
        warm_rounds(fleet_of(options.objects, 2 * options.files, parse)), options.rounds
    )
    half = measured_memory(options.objects // 2, options.files // 2)
    kept, peak = measured_memory(options.objects, options.files)
    rows = [
        ("cold load and plan", cold.ratio, COLD_LIMIT, f"{cold.ours_s:.2f} s{agreement(cold)}"),
        ("one changed file", warm.ratio, WARM_LIMIT, f"{warm.ours_s:.3f} s{agreement(warm)}"),
        ("KB kept per object", kept, KEPT_LIMIT_KB, f"{half[0]:.1f} at half the size"),
        ("KB per object at the peak", peak, PEAK_LIMIT_KB, f"{half[1]:.1f} at half the size"),
    ]
    print(
        f"{options.objects} objects in {options.files} files; the C loader alone needs {cold.other_s:.2f} s"
    )
    for name, figure, limit, note in rows:
        print(f"  {name:<28} {figure:7.3f}  (limit {limit})  {note}")
    if options.check and any(figure > limit for _, figure, limit, _ in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
