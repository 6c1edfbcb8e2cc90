"""How long reading YAML takes, against the C loader of PyYAML on the same text in the same run.

    python -m benchmarks.parse [--objects N] [--files N] [--rounds N] [--check]

The rounds of all are interleaved and the best of each counts, in CPU seconds of this process with the garbage
collector off. ``--check`` exits 1 when reading takes more than half of the loader's time, reading by lines, as many files are
read, more than a third, or positions of a file with a problem more than three times of it.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterable

import yaml

from benchmarks.corpus import generate
from controller.loading.documents import parse_documents
from controller.loading.parse_lines import parse_lines
from controller.loading.positions import Positions

LIMIT = 0.5
BY_LINES_LIMIT = 0.33
POSITIONS_LIMIT = 3.0


def best_of(rounds: int, actions: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the least CPU seconds of each action."""
    best = dict.fromkeys(actions, float("inf"))
    for _ in range(rounds):
        for name, action in actions.items():
            gc.collect()
            gc.disable()
            before = time.process_time()
            action()
            best[name] = min(best[name], time.process_time() - before)
            gc.enable()
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help=f"exit 1 over a ratio of {LIMIT}")
    options = parser.parse_args()
    texts = [text.encode() for text in generate(options.objects, options.files).values()]
    best = best_of(
        options.rounds,
        {
            "PyYAML's C loader": lambda: sink(
                list(yaml.load_all(text, Loader=yaml.CSafeLoader)) for text in texts
            ),
            "parse_documents": lambda: sink(parse_documents(text) for text in texts),
            "parse_lines, where it reads a file": lambda: sink(
                parse_lines(text) or parse_documents(text) for text in texts
            ),
            "positions, as if every file had a problem": lambda: sink(
                Positions(text) for text in texts
            ),
        },
    )
    loader, ours, by_lines, positions = best.values()
    print(
        f"{options.objects} objects in {len(texts)} files, {sum(map(len, texts)) / 1e6:.1f} MB, best of {options.rounds}"
    )
    for name, seconds in best.items():
        print(
            f"  {name:<42} {seconds:7.3f} s  {seconds / loader:5.2f} x  {options.objects / seconds:8.0f} objects/s"
        )
    limits = ((ours, LIMIT), (by_lines, BY_LINES_LIMIT), (positions, POSITIONS_LIMIT))
    if options.check and any(took > limit * loader for took, limit in limits):
        sys.exit(1)


def sink(results: Iterable[object]) -> None:
    """Take each result and let it go, as neither side keeps what it read."""
    for _ in results:
        pass


if __name__ == "__main__":
    main()
