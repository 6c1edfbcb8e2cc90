"""The daemon: what it costs while idle, how it grows with a second one, how long commits, people and evenings take, what its interface bears.

    python -m benchmarks.daemon [--only idle,many,webhook,waiting,evening,http] [--full] [--check]

``--full`` takes the sizes that the limits are meant for, which needs a quarter of an hour; without it they are smaller where only the
time of measuring grows with them. ``--check`` exits 1 if a limit is passed.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.daemon_parts import http_load, idle, many, waiting, webhook
from benchmarks.daemon_parts.evening_fleet import evening_s
from benchmarks.daemon_parts.fleet import fleet
from controller.cli.process import utc_now

MOST_IDLE = 0.03
"""Of one core, where nothing is due."""
MOST_GROWTH_MB = 8
LEAST_GAIN = 1.8
MOST_WEBHOOK_S = 2.0
MOST_WAIT_S = 5.0
MOST_TIMES_APPLY = 1.25
MOST_P99_S = 0.05
REQUESTS, CONNECTIONS = 10_000, 50
WORKERS = 8
CALL_S = 0.2
NEAR_CALL_S = 0.04
LIGHT_LOOK_S = 900


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much each figure is taken with."""

    idle_scopes: int
    idle_s: int
    asked_scopes: int
    """Those that status tells of."""
    many_scopes: int
    """A multiple of the workers of two daemons: else some have nothing to do at the end."""
    commits: int
    waiting_scopes: int
    accounts: int
    instances: int


SHORT = Sizes(1000, 600, 100, 128, 20, 160, 10, 300)
FULL = Sizes(1000, 3600, 1000, 1008, 60, 500, 20, 3000)


def _idle(sizes: Sizes) -> list[str]:
    with fleet(sizes.idle_scopes) as made:
        found = idle.measure(made, sizes.idle_s)
    looks = found.look_s * sizes.idle_scopes / LIGHT_LOOK_S
    ticks = ", ".join(f"{name} {cpu:.2f} s" for name, cpu in found.cpu_s.items())
    grown = found.end_mb - found.warm_mb
    print(
        f"idle with {sizes.idle_scopes} scopes for {found.seconds} s of ticks: {found.share:.2%} of a core ({ticks});"
        f" {found.end_mb:.0f} MB, grown by {grown:.1f} MB; it asked for {found.asked_for} works."
        f" A light look takes {found.look_s * 1000:.0f} ms of CPU: at all scopes every 15 minutes {looks:.2%} besides"
    )
    passed = []
    if found.share > MOST_IDLE:
        passed.append(f"idle: {found.share:.2%} of a core (limit {MOST_IDLE:.0%})")
    if grown > MOST_GROWTH_MB:
        passed.append(f"idle: memory grew by {grown:.1f} MB (limit {MOST_GROWTH_MB})")
    return passed


def _many(sizes: Sizes) -> list[str]:
    with fleet(sizes.many_scopes) as made:
        one, two = many.measure(made, CALL_S, WORKERS)
    gain = two / one
    print(f"{sizes.many_scopes} scopes, {CALL_S * 1000:.0f} ms a call: {one:.2f} looks a second by one daemon, {two:.2f} by two: {gain:.2f} times")  # fmt: skip
    return [f"two daemons: {gain:.2f} times (limit {LEAST_GAIN})"] if gain < LEAST_GAIN else []


def _webhook(sizes: Sizes) -> list[str]:
    with fleet(3) as made:
        took = webhook.measure(made, sizes.commits)
    half, most = (webhook.percentile(took, share) for share in (0.5, 0.95))
    print(f"webhook to applied change, {len(took)} commits: median {half:.2f} s, p95 {most:.2f} s")
    return [f"webhook: p95 {most:.2f} s (limit {MOST_WEBHOOK_S})"] if most > MOST_WEBHOOK_S else []


def _waiting(sizes: Sizes) -> list[str]:
    with fleet(sizes.waiting_scopes) as made:
        took = waiting.measure(made, NEAR_CALL_S, WORKERS)
    print(f"{sizes.waiting_scopes} scopes that wait, {WORKERS} workers, {NEAR_CALL_S * 1000:.0f} ms a call: a person is served within {took:.2f} s")  # fmt: skip
    return [f"waiting: a person is served within {took:.2f} s (limit {MOST_WAIT_S})"] if took > MOST_WAIT_S else []  # fmt: skip


def _evening(sizes: Sizes) -> list[str]:
    apply_s, daemon_s = (
        evening_s(sizes.accounts, sizes.instances, how, NEAR_CALL_S) for how in ("apply", "daemon")
    )
    times = daemon_s / apply_s
    print(f"evening of {sizes.instances} instances in {sizes.accounts} accounts: {daemon_s:.1f} s by the daemon, {apply_s:.1f} s by one run: {times:.2f} times")  # fmt: skip
    return [f"evening: {times:.2f} times (limit {MOST_TIMES_APPLY})"] if times > MOST_TIMES_APPLY else []  # fmt: skip


def _http(sizes: Sizes) -> list[str]:
    with fleet(sizes.asked_scopes) as made:
        made.seen(made.call(), utc_now())
        with made.daemon("http") as address:
            found = http_load.measure(f"{address}/api/v1/status", REQUESTS, CONNECTIONS)
    rate = found.requests / found.seconds
    print(
        f"{found.requests} status requests by {found.client}, {CONNECTIONS} connections, {sizes.asked_scopes} scopes:"
        f" {found.errors} errors, p99 {found.p99_s * 1000:.0f} ms, {rate:.0f} a second"
    )
    passed = [f"http: {found.errors} errors"] if found.errors else []
    if found.p99_s > MOST_P99_S:
        passed.append(f"http: p99 {found.p99_s * 1000:.0f} ms (limit {MOST_P99_S * 1000:.0f})")
    return passed


FIGURES: dict[str, Callable[[Sizes], Sequence[str]]] = {
    "idle": _idle,
    "many": _many,
    "webhook": _webhook,
    "waiting": _waiting,
    "evening": _evening,
    "http": _http,
}


def main() -> None:
    """Measure and print; with ``--check`` hold against the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(FIGURES), help="names, separated by commas")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    sizes, passed = FULL if options.full else SHORT, list[str]()
    for name in options.only.split(","):
        passed += FIGURES[name](sizes)
    for one in passed:
        print(f"PASSED A LIMIT: {one}")
    sys.exit(1 if passed and options.check else 0)


if __name__ == "__main__":
    main()
