"""Everything switched off and on again, against Cloud Custodian and a bare script that sends the same requests, on one fleet.

The sandbox's AWS is a process of its own that counts calls; the tables are on ministack. Each client is a process of its own, which
takes its turn. Instances are of four types, and 40 % of them in groups of ten with MinSize 0.

    python -m benchmarks.schedules [--accounts 3] [--instances 200,1000,3000] [--latency 0.04] [--rounds 9] [--without-custodian] [--check]

Calls are taken in one round, CPU in three. With the added latency, ours and the script take turns until half of the ratios of their
wall times lie within 5 % of that in the middle, or there were so many rounds. At last one of the four types has no capacity.
``--check`` exits 1 if a limit is passed, or if anything is left that could be switched.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from math import ceil

from benchmarks.schedules_processes import SWITCHING, Client, Estate, estate
from benchmarks.turns import LEAST_ROUNDS, Measured, agreement, agrees, middle_of
from tests.support.seed_fleet import FleetSize

GROUP = 10
SHARE_IN_GROUPS = 0.4
TYPES = ("m6i.large", "m6i.xlarge", "c6i.large", "r6i.large")
WAYS = ("off", "on")
STEPS = 2
"""Of switching: members leave, then instances stop; instances start, then members return. After each a look."""
MOST_CPU = 0.5
MOST_CPU_FROM = 1000
"""Instances: of fewer it is shown, as what a process takes to begin is most of it."""
MOST_WALL_OF_FLOOR = 1.25
MOST_CALLS_WITH_ONE_OUT = 1.3
MOST_MB = 220
MOST_TIMES_BARE = 1.2
PER_TRANSACTION = 49
BARE_ROUNDS = 3
SPREAD = 0.05


def size_of(accounts: int, instances: int) -> FleetSize:
    """Return the fleet of so many instances."""
    groups = round(instances * SHARE_IN_GROUPS / GROUP)
    return FleetSize(accounts=accounts, groups=groups, group_size=GROUP, instances=instances, types=TYPES)  # fmt: skip


def pages_of(size: FleetSize) -> int:
    """Return the calls of one look at everything."""
    return _calls(size, size.instances, 1000) + _calls(size, size.groups, 100)


def allowed_of(size: FleetSize, floor: Client) -> int:
    """Return the script's calls, and what is allowed besides: a look for each step, and tags of 25 groups a call."""
    return floor.switching + STEPS * pages_of(size) + _calls(size, size.groups, 25)


def _calls(size: FleetSize, total: int, each: int) -> int:
    """Return the calls for things that are spread over the accounts, so many a call."""
    share, more = divmod(total, size.accounts)
    return more * ceil((share + 1) / each) + (size.accounts - more) * ceil(share / each)


def nothing_to_do(fleet: Estate, size: FleetSize) -> Iterator[str]:
    """Measure a run with nothing to do; yield the limits passed."""
    said = fleet.nothing_to_do(BARE_ROUNDS).said
    times = said["oursS"] / said["bareS"]
    switching = sum(n for name, n in said["calls"].items() if name.startswith(SWITCHING))
    pages = pages_of(size)
    print(
        f"\nnothing to do: {switching} calls (limit {pages}), {said['oursS']:.3f} s CPU,"
        f" the bare read {said['bareS']:.3f} s ({times:.2f}, limit {MOST_TIMES_BARE})"
    )
    if switching > pages:
        yield f"{switching} calls with nothing to do"
    if times > MOST_TIMES_BARE:
        yield f"{times:.2f} times the bare read's CPU"


def calls(fleet: Estate, size: FleetSize) -> Iterator[str]:
    """Let ours and the script switch all off and on once; yield the limits passed."""
    us = {way: fleet.ours(way) for way in WAYS}
    floor = {way: fleet.bare(way) for way in WAYS}
    for way in WAYS:
        allowed = allowed_of(size, floor[way])
        print(f"\nall {way}; limit {allowed} calls")
        _print("envctl", us[way])
        _print("the same calls, bare", floor[way])
        yield from _passed(way, us[way], allowed)


def cpu(fleet: Estate, size: FleetSize) -> Iterator[str]:
    """Let ours and Cloud Custodian take turns; yield the limits passed."""
    them: dict[str, Client] = {}

    def turn() -> dict[str, tuple[float, float]]:
        us = {way: fleet.ours(way) for way in WAYS}
        them.update({way: fleet.custodian(way) for way in WAYS})
        return {way: (them[way].cpu_s, us[way].cpu_s) for way in WAYS}

    figures = in_turns(turn, LEAST_ROUNDS)
    print(f"\nCPU; load {os.getloadavg()[0]:.1f}")
    for way, one in figures.items():
        _print(f"Cloud Custodian, all {way}", them[way])
        print(
            f"  all {way}: {one.ours_s:.2f} s, Cloud Custodian {one.other_s:.2f} s:"
            f" {one.ratio:.2f} (limit {MOST_CPU}){agreement(one)}"
        )
        if one.ratio > MOST_CPU and size.instances >= MOST_CPU_FROM:
            yield f"all {way}: CPU {one.ratio:.2f} of Custodian's (limit {MOST_CPU})"


def in_turns(
    turn: Callable[[], Mapping[str, tuple[float, float]]], most: int
) -> dict[str, Measured]:
    """Take turns that give seconds of (the other side, ours) each way, until they agree, or so many."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    while True:
        for way, seconds in turn().items():
            taken[way].append(seconds)
        figures = {way: middle_of(rounds) for way, rounds in taken.items()}
        rounds = len(taken[WAYS[0]])
        if rounds >= most or all(agrees(one, SPREAD) for one in figures.values()):
            return figures


def _passed(way: str, one: Client, allowed: int) -> Iterator[str]:
    """Print what there is besides of ours; yield the limits passed."""
    said = one.said
    records, transactions, peak_mb = said["records"], said["transactions"], said["peakMb"]
    most = sum(2 * ceil(one / 2 / PER_TRANSACTION) for one in records)
    print(f"  of these the run itself: {said['tickCpuS']:.2f} s CPU, {said['tickS']:.2f} s wall")
    print(f"  before it, made ready: {said['readyS']:.2f} s CPU (a daemon does it once)")
    print(f"  peak of {peak_mb:.0f} MB (limit {MOST_MB})")
    print(f"  ledger: {sum(records)} records in {transactions} transactions (limit {most})")
    print(f"  calls: {dict(sorted(one.calls.items()))}")
    if one.switching > allowed:
        yield f"all {way}: {one.switching} calls (limit {allowed})"
    if transactions > most:
        yield f"all {way}: {transactions} transactions (limit {most})"
    if one.left or any(said["exitCodes"]):
        yield f"all {way}: left: {one.left}; {said}"
    if peak_mb > MOST_MB:
        yield f"all {way}: peak of {peak_mb:.0f} MB (limit {MOST_MB})"


def wall(fleet: Estate, most_rounds: int, *, with_custodian: bool) -> Iterator[str]:
    """Let ours and the script take turns until their ratios agree; yield the limits passed."""

    def turn() -> dict[str, tuple[float, float]]:
        us = {way: fleet.ours(way).wall_s for way in WAYS}
        return {way: (fleet.bare(way).wall_s, us[way]) for way in WAYS}

    figures = in_turns(turn, most_rounds)
    them = {way: fleet.custodian(way).wall_s for way in WAYS} if with_custodian else {}
    slow = f"{fleet.latency_s * 1000:.0f} ms added per call"
    print(f"\nwall time, {slow}; load {os.getloadavg()[0]:.1f}")
    for way, one in figures.items():
        print(
            f"  all {way}: {one.ours_s:.2f} s, the same calls, bare, {one.other_s:.2f} s:"
            f" {one.ratio:.2f} (limit {MOST_WALL_OF_FLOOR}){agreement(one)}"
        )
        if one.ratio > MOST_WALL_OF_FLOOR:
            yield f"all {way}: wall {one.ratio:.2f} of the bare script's (limit {MOST_WALL_OF_FLOOR})"
        if way in them:
            print(f"  Cloud Custodian {them[way]:.2f} s: {one.ours_s / them[way]:.2f}")


def one_type_is_out(fleet: Estate) -> Iterator[str]:
    """Start everything while one type of four is out of capacity; yield the limits passed."""
    fleet.ours("off")
    usual = fleet.ours("on").switching
    fleet.ours("off")
    out = TYPES[-1]
    fleet.without_capacity(out)
    one = fleet.ours("on", clock_alone=True)
    fleet.without_capacity()
    ratio = one.switching / usual
    print(
        f"\nall on, {out} out of capacity: {one.switching} calls, {usual} with it: {ratio:.2f}"
        f" (limit {MOST_CALLS_WITH_ONE_OUT}); left off: {dict(one.left)}"
    )
    if set(one.left) != {out}:
        yield f"without capacity for {out} there stay off: {one.left}"
    if ratio > MOST_CALLS_WITH_ONE_OUT:
        yield f"{ratio:.2f} times the calls (limit {MOST_CALLS_WITH_ONE_OUT}) without capacity for {out}"


def _print(name: str, one: Client) -> None:
    print(
        f"  {name:<27} {one.switching:>5} calls  {one.cpu_s:6.2f} s CPU  {one.wall_s:6.2f} s wall"
        f"  {sum(one.left.values())} left"
    )


def main() -> None:
    """Measure and print; with ``--check`` hold against the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=3)
    parser.add_argument("--instances", default="200,1000,3000")
    parser.add_argument("--latency", type=float, default=0.04)
    parser.add_argument("--rounds", type=int, default=9, help="at most")
    parser.add_argument("--without-custodian", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    passed: list[str] = []
    custodian = not options.without_custodian
    sizes = [size_of(options.accounts, int(one)) for one in options.instances.split(",")]
    for size in sizes:
        with estate(size) as fleet:
            print(
                f"\n{size.instances} instances in {size.accounts} accounts; load {os.getloadavg()[0]:.1f}"
            )
            found = [*nothing_to_do(fleet, size)]
            found += calls(fleet, size)
            if custodian:
                found += cpu(fleet, size)
            if size is sizes[-1]:
                if options.latency:
                    fleet.latency_s = options.latency
                    found += wall(fleet, options.rounds, with_custodian=custodian)
                    fleet.latency_s = 0
                found += one_type_is_out(fleet)
            passed += [f"{size.instances} instances: {one}" for one in found]
    for one in passed:
        print(f"PASSED A LIMIT: {one}")
    sys.exit(1 if passed and options.check else 0)


if __name__ == "__main__":
    main()
