"""Everything switched off and on again, against Cloud Custodian and a bare script that sends the same requests, on one fleet.

The sandbox's AWS is a process of its own that counts calls; the tables are on ministack. Each client is a process of its own, which
takes its turn. Accounts: 3, with instances of four types, 40 % of them in groups of ten with MinSize 0.

    python -m benchmarks.schedules [--instances 200,1000,3000] [--latency 0.04] [--rounds 9] [--without-custodian] [--check]

Calls and CPU are taken in one round. With the added latency, ours and the script take turns until half of the ratios of their wall
times lie within 5 % of that in the middle, or there were so many rounds. At last one of the four types has no capacity.
``--check`` exits 1 if a limit is passed, or if anything is left that could be switched.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from math import ceil

from benchmarks.schedules_processes import SWITCHING, Client, Estate, estate
from benchmarks.turns import Measured, agreement, agrees, middle_of
from tests.support.seed_fleet import FleetSize

ACCOUNTS = 3
GROUP = 10
SHARE_IN_GROUPS = 0.4
TYPES = ("m6i.large", "m6i.xlarge", "c6i.large", "r6i.large")
WAYS = ("off", "on")
STEPS = 2
"""Of switching: members leave, then instances stop; instances start, then members return. After each a look."""
MOST_CPU = 0.5
MOST_CPU_FROM = 1000
"""Instances: of fewer it is shown, as what a process takes to begin is most of it."""
MOST_WALL = 0.5
MOST_WALL_OF_FLOOR = 1.25
MOST_CALLS_WITH_ONE_OUT = 1.3
MOST_MB = 220
MOST_TIMES_BARE = 1.2
PER_TRANSACTION = 49
BARE_ROUNDS = 3
SPREAD = 0.05


def size_of(instances: int) -> FleetSize:
    """Return the fleet of so many instances."""
    groups = round(instances * SHARE_IN_GROUPS / GROUP)
    return FleetSize(accounts=ACCOUNTS, groups=groups, group_size=GROUP, instances=instances, types=TYPES)  # fmt: skip


def pages_of(size: FleetSize) -> int:
    """Return the calls of one look at everything."""
    return sum(
        ceil(_share(size.instances, place) / 1000) + ceil(_share(size.groups, place) / 100)
        for place in range(ACCOUNTS)
    )


def allowed_of(size: FleetSize, floor: Client) -> int:
    """Return the script's calls, and what is allowed besides: a look for each step, and tags of 25 groups a call."""
    tags = sum(ceil(_share(size.groups, place) / 25) for place in range(ACCOUNTS))
    return floor.switching + STEPS * pages_of(size) + tags


def _share(total: int, place: int) -> int:
    return total // ACCOUNTS + (1 if place < total % ACCOUNTS else 0)


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


def calls_and_cpu(fleet: Estate, size: FleetSize, *, with_custodian: bool) -> Iterator[str]:
    """Let everybody switch all off and on once; yield the limits passed."""
    us = {way: fleet.ours(way) for way in WAYS}
    floor = {way: fleet.bare(way) for way in WAYS}
    them = {way: fleet.custodian(way) for way in WAYS} if with_custodian else {}
    for way in WAYS:
        one, allowed = us[way], allowed_of(size, floor[way])
        print(f"\nall {way}{_slow(fleet)}; limit {allowed} calls")
        _print("envctl", one)
        _print("the same calls, bare", floor[way])
        if with_custodian:
            _print("Cloud Custodian (c7n-org)", them[way])
        yield from _passed(way, one, allowed)
        if with_custodian:
            cpu = one.cpu_s / them[way].cpu_s
            print(f"  CPU {cpu:.2f} of Custodian's (limit {MOST_CPU})")
            if cpu > MOST_CPU and size.instances >= MOST_CPU_FROM:
                yield f"all {way}: CPU {cpu:.2f} of Custodian's (limit {MOST_CPU})"


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
    if one.left or said["exitCodes"] != [0] * ACCOUNTS:
        yield f"all {way}: left: {one.left}; {said}"
    if peak_mb > MOST_MB:
        yield f"all {way}: peak of {peak_mb:.0f} MB (limit {MOST_MB})"


def wall(fleet: Estate, most_rounds: int, *, with_custodian: bool) -> Iterator[str]:
    """Let ours and the script take turns until their ratios agree; yield the limits passed."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    figures: dict[str, Measured] = {}
    for _ in range(most_rounds):
        us = {way: fleet.ours(way).wall_s for way in WAYS}
        for way in WAYS:
            taken[way].append((fleet.bare(way).wall_s, us[way]))
            figures[way] = middle_of(taken[way])
        if all(agrees(one, SPREAD) for one in figures.values()):
            break
    them = {way: fleet.custodian(way).wall_s for way in WAYS} if with_custodian else {}
    print(f"\nwall time{_slow(fleet)}; load {os.getloadavg()[0]:.1f}")
    for way, one in figures.items():
        print(
            f"  all {way}: {one.ours_s:.2f} s, the same calls, bare, {one.other_s:.2f} s:"
            f" {one.ratio:.2f} (limit {MOST_WALL_OF_FLOOR}){agreement(one)}"
        )
        if one.ratio > MOST_WALL_OF_FLOOR:
            yield f"all {way}: wall {one.ratio:.2f} of the bare script's (limit {MOST_WALL_OF_FLOOR})"
        if way in them:
            ratio = one.ours_s / them[way]
            print(f"  Cloud Custodian {them[way]:.2f} s: {ratio:.2f} (limit {MOST_WALL})")
            if ratio > MOST_WALL:
                yield f"all {way}: wall {ratio:.2f} of Custodian's (limit {MOST_WALL})"


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


def _slow(fleet: Estate) -> str:
    return f", {fleet.latency_s * 1000:.0f} ms added per call" if fleet.latency_s else ""


def _print(name: str, one: Client) -> None:
    print(
        f"  {name:<27} {one.switching:>5} calls  {one.cpu_s:6.2f} s CPU  {one.wall_s:6.2f} s wall"
        f"  {sum(one.left.values())} left"
    )


def main() -> None:
    """Measure and print; with ``--check`` hold against the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--instances", default="200,1000,3000")
    parser.add_argument("--latency", type=float, default=0.04)
    parser.add_argument("--rounds", type=int, default=9, help="at most")
    parser.add_argument("--without-custodian", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    passed: list[str] = []
    custodian = not options.without_custodian
    sizes = [size_of(int(one)) for one in options.instances.split(",")]
    for size in sizes:
        with estate(size) as fleet:
            print(f"\n{size.instances} instances; load {os.getloadavg()[0]:.1f}")
            found = [*nothing_to_do(fleet, size)]
            found += calls_and_cpu(fleet, size, with_custodian=custodian)
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
