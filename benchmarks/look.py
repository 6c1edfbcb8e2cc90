"""A light look at many accounts in which all is in order, against a bare boto3 script that reads and parses the very same pages.

The sandbox holds 20 accounts with 50 groups of two and 50 single instances each: 1 000 groups and 3 000 instances; ministack holds
the tables. The groups are of two roles of one map, with a template of user data and scaling schedules, and were made by our own
apply. Groups, scaling schedules and power are enforced. All take turns, so that a busy machine hits each alike, and have their
credentials when the clock starts:

* the bare script: pages of groups and instances, and the scan of the tables, sequentially;
* ``look`` alone: the same pages of groups and instances;
* the live scopes planned: the look, and what every target makes of it, from an accepted state that is known;
* a whole run: the tables read, the accepted state made of them, the live scopes planned to an empty plan.

Then one role of the two gets another instance type, and only its groups may change; and a deep look is counted, apart.

    python -m benchmarks.look [--accounts 20] [--groups 50] [--singles 50] [--rounds 7] [--check]

``--check`` exits 1 if there is a call more than one per thousand instances, one per hundred groups and what reading the tables takes;
if the CPU time of a whole run is, in the median round, more than 1.3 times the bare script's, or that of looking, or planning live
scopes, 1.3 times that of the bare pages; if memory grows from the second run on; if there is a change where all is in order, or, after
the edit, any but of that role's groups.
"""

import argparse
import gc
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from benchmarks.call_counts import by_operation, total
from benchmarks.look_fleet import (
    OTHER_TYPE,
    REGION,
    ROLES,
    SETTLED,
    Estate,
    EstateSize,
    seeded,
    write_map,
)
from benchmarks.ministack import ministack
from benchmarks.schedules_fleet import FASTER
from controller.aws.clients import CLIENT_CONFIGS
from controller.aws.live_look import look
from controller.engine.live.accounts import LivePlanRun
from controller.engine.live.planner import LivePlanOptions
from controller.sandbox.seed import CHILD_ROLE
from controller.sandbox.server import embedded_aws

MOST_TIMES_BARE = 1.3
MAY_HOLD_BLOCKS = 1000
"""So many more objects may be held after the last run than after the second: one for each group that a run would leave behind is far
more; what stays are caches of the libraries below that are still filling."""
MAY_GROW_SHARE = 0.05
"""Of the process's memory: how many scopes are in the midst of a page at once differs from run to run, and the allocator keeps the
room for the most there ever were."""
PAGES = ("auto-scaling.DescribeAutoScalingGroups", "ec2.DescribeInstances")
ROWS_OF_A_CALL = 100
"""So many of the controller's own rows, two kinds of them, one read fetches; a scope has one of each."""
WARM_UP = 2


class BareScript:
    """Reads and parses every page with boto3 alone."""

    def __init__(self, accounts: Iterable[str], tables: Iterable[str]) -> None:
        """Take the accounts, and the tables that a run of ours reads; get the credentials."""
        self._tables = tuple(tables)
        session: Any = boto3.Session(region_name=REGION)
        self._dynamodb = session.client("dynamodb", config=CLIENT_CONFIGS["dynamodb"])
        self._clients = [tuple(_clients_of(session, one)) for one in accounts]

    def pages(self) -> int:
        """Read groups and instances; return how many instances there are."""
        count = 0
        for ec2, scaling in self._clients:
            kept: list[Any] = []
            for page in scaling.get_paginator("describe_auto_scaling_groups").paginate(
                PaginationConfig={"PageSize": 100}
            ):
                kept += page["AutoScalingGroups"]
            for page in ec2.get_paginator("describe_instances").paginate(
                PaginationConfig={"PageSize": 1000}
            ):
                kept += [one for found in page["Reservations"] for one in found["Instances"]]
            count += sum("InstanceId" in one for one in kept)
        return count

    def tables(self) -> int:
        """Read the tables; return how many pages that takes."""
        pages = self._dynamodb.get_paginator("scan")
        kept = [page["Items"] for one in self._tables for page in pages.paginate(TableName=one)]
        return len(kept)


def _clients_of(session: Any, account: str) -> Iterable[Any]:
    # One session for all: each would read and keep AWS's service descriptions anew.
    role = f"arn:aws:iam::{account}:role/{CHILD_ROLE}"
    given = session.client("sts").assume_role(RoleArn=role, RoleSessionName="bare")["Credentials"]
    for service in ("ec2", "autoscaling"):
        yield session.client(
            service,
            config=CLIENT_CONFIGS[service],
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )


class Ours:
    """What is measured of ours."""

    def __init__(self, estate: Estate) -> None:
        """Take the estate; read the tables once."""
        self._estate = estate
        self._live = estate.live
        seen = estate.seen()
        self.now = estate.now() + SETTLED
        self._accepted = self._live.accepted(seen.scopes[0], self.now, seen.overrides)
        self.setups = self._live.scopes(self._accepted)

    def looks(self) -> int:
        """Look at every account; return how many instances there are."""
        access = self._estate.access
        return sum(len(look(access, one.scope, self.now).instances) for one in self.setups)

    def plan(self) -> LivePlanRun:
        """Plan all live scopes from the accepted state that is known."""
        return self._live.plan(self._accepted, self.setups, LivePlanOptions(now=self.now))

    def whole(self) -> LivePlanRun:
        """Read the tables, and plan all live scopes from them."""
        seen = self._estate.seen()
        accepted = self._live.accepted(seen.scopes[0], self.now, seen.overrides)
        return self._live.plan(accepted, self._live.scopes(accepted), LivePlanOptions(now=self.now))


@dataclass
class Measured:
    """Seconds of CPU by what took them, one for each round; the calls of one whole run; what was wrong.

    ``assumed`` are the roles assumed, by one AssumeRole each, before the clock started; ``table_pages`` what the bare
    script needs to read the tables.
    """

    times: dict[str, list[float]] = field(default_factory=dict)
    resident_kb: list[int] = field(default_factory=list)
    held_blocks: list[int] = field(default_factory=list)
    calls: Mapping[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    assumed: int = 0
    table_pages: int = 0

    def ratio(self, ours: str, *theirs: str) -> float:
        """Return how much more we take, in the median round."""
        each = zip(self.times[ours], *(self.times[one] for one in theirs), strict=True)
        return float(statistics.median(mine / sum(rest) for mine, *rest in each))

    def take(self, name: str, work: Callable[[], Any]) -> Any:
        """Do something and note its CPU time."""
        began = time.process_time()
        result = work()
        self.times.setdefault(name, []).append(time.process_time() - began)
        return result


def measure(estate: Estate, size: EstateSize, rounds: int) -> Measured:
    """Let all take turns."""
    ours, counter = Ours(estate), estate.access.counter
    bare = BareScript(estate.numbers, estate.tables)
    # The first runs assume the roles, make the clients and fill what is kept between runs.
    for _ in range(WARM_UP):
        ours.whole()
    found = size.accounts * size.instances
    made = Measured(assumed=total(counter, service="sts", operation="AssumeRole"))
    for _ in range(rounds):
        assert made.take("bare pages", bare.pages) == found
        made.table_pages = made.take("bare tables", bare.tables)
        assert made.take("look", ours.looks) == found
        made.wrong += unexpected(made.take("plan", ours.plan))
        counter.clear()
        made.wrong += unexpected(made.take("whole", ours.whole))
        made.calls = by_operation(counter)
    for _ in range(rounds):
        ours.whole()
        gc.collect()
        made.held_blocks.append(sys.getallocatedblocks())
        made.resident_kb.append(resident_kb())
    return made


def unexpected(run: LivePlanRun) -> list[str]:
    """Return what a plan has that it should not have where all is in order."""
    return [
        f"{plan.scope}: {plan.state.value} {plan.reason}, {len(plan.changes)} changes, {len(plan.notes)} notes"
        for plan in run.plans
        if plan.changes or plan.notes or plan.reason
    ]


def edited(estate: Estate, size: EstateSize, folder: Path) -> list[str]:
    """Give one role another instance type, plan it, tell what it costs; return what is wrong with the plan."""
    write_map(folder, OTHER_TYPE)
    counter = estate.access.counter
    counter.clear()
    whole = estate.planned()
    changed = {f"{one.action} {one.ref}" for scope in whole.plan.scopes for one in scope.changes}
    groups = {one for one in changed if one.startswith("update Group/")}
    strange = changed - groups - {"update DeploymentMap/fleet"}
    strange |= {one for one in groups if not one.endswith(f"-{ROLES[1]}")}
    expected = size.accounts * (size.groups // len(ROLES))
    print(
        f"one role of {len(ROLES)} edited: {len(groups)} groups of it change (expected {expected}), {len(strange)} others;"
        f" closer looks take {_said(_without(by_operation(counter), 'dynamodb.', *PAGES))}"
    )
    wrong = [f"the edit of a role does: {one}" for one in sorted(strange)[:5]]
    if len(groups) != expected:
        wrong.append(f"the edit of a role changes {len(groups)} groups, expected {expected}")
    return wrong


def deep(estate: Estate, size: EstateSize) -> list[str]:
    """Look closely at everything, tell what it costs; return what is wrong with the plan."""
    counter = estate.access.counter
    counter.clear()
    whole = estate.planned(*(f"a{place}/{REGION}" for place in range(size.accounts)), deep=True)
    calls = _without(by_operation(counter), "dynamodb.", *PAGES)
    print(f"a deep look takes besides: {_said(calls)}")
    return unexpected(whole.live) if whole.live is not None else ["no live scope was planned"]


def report(size: EstateSize, made: Measured) -> list[str]:
    """Print what was measured; return the limits passed."""
    calls = made.calls
    pages = sum(calls.get(one, 0) for one in PAGES)
    rest = _without(calls, "dynamodb.", *PAGES)
    print(f"{size.accounts * size.groups} groups, {size.accounts * size.instances} instances, {size.accounts} accounts")  # fmt: skip
    print(f"calls per run: EC2 and Auto Scaling {pages} (bound {size.pages}), STS and others {_said(rest)}")  # fmt: skip
    print(f"  AssumeRole before that, once: {made.assumed}")
    print(f"  tables {_said({k: n for k, n in calls.items() if k.startswith('dynamodb.')})}")
    for name, times in made.times.items():
        print(f"  CPU {name:<12} {statistics.median(times):7.3f} s")
    ratios = {
        "look / bare pages": made.ratio("look", "bare pages"),
        "plan / bare pages": made.ratio("plan", "bare pages"),
        "whole run / bare pages and tables": made.ratio("whole", "bare pages", "bare tables"),
    }
    for name, ratio in ratios.items():
        print(f"  {name}: {ratio:.2f} (limit {MOST_TIMES_BARE})")
    held = made.held_blocks[-1] - made.held_blocks[0]
    grown = made.resident_kb[-1] - made.resident_kb[0]
    may_grow = round(MAY_GROW_SHARE * made.resident_kb[0])
    print(f"from the second run on {held} objects more are held (limit {MAY_HOLD_BLOCKS}), the process grew by {grown} KB (limit {may_grow})")  # fmt: skip
    print(f"  to {made.resident_kb[-1] // 1024} MB, the bare script and what seeded in the same process included")  # fmt: skip
    passed = [f"{name}: {ratio:.2f}" for name, ratio in ratios.items() if ratio > MOST_TIMES_BARE]
    if pages != size.pages or rest:
        passed.append(f"{pages} calls of EC2 and Auto Scaling (bound {size.pages}), others {rest}")
    reads = sum(n for name, n in calls.items() if name.startswith("dynamodb."))
    bound = made.table_pages + 2 * -(-size.accounts // ROWS_OF_A_CALL)
    if reads != bound:
        passed.append(f"{reads} reads of tables (bound {bound})")
    if made.assumed != size.accounts:
        passed.append(f"{made.assumed} roles assumed for {size.accounts} accounts")
    if held > MAY_HOLD_BLOCKS or grown > may_grow:
        passed.append(f"memory: {held} objects more are held, the process grew by {grown} KB")
    return passed


def _without(calls: Mapping[str, int], *named: str) -> dict[str, int]:
    return {name: n for name, n in calls.items() if not name.startswith(named)}


def _said(calls: Mapping[str, int]) -> str:
    each = ", ".join(f"{name} {n}" for name, n in sorted(calls.items()))
    return f"{sum(calls.values())} ({each})" if each else "0"


def resident_kb() -> int:
    """Return the memory this process holds just now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


def main() -> int:
    """Parse the command line, seed and measure; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--groups", type=int, default=50, help="in each account; an even number")
    parser.add_argument("--singles", type=int, default=50, help="in each account; tens")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    size = EstateSize(options.accounts, options.groups, options.singles)
    with (
        embedded_aws(extensions=FASTER) as aws,
        ministack() as tables,
        tempfile.TemporaryDirectory() as name,
    ):
        os.environ.update(aws.environment, AWS_ENDPOINT_URL_DYNAMODB=tables)
        began = time.monotonic()
        estate = seeded(aws.address, Path(name), size)
        print(f"seeded in {time.monotonic() - began:.0f} s")
        made = measure(estate, size, options.rounds)
        passed = report(size, made) + made.wrong[:5]
        passed += deep(estate, size)
        passed += edited(estate, size, Path(name))
    for one in passed:
        print(f"PASSED A LIMIT: {one}")
    print("NOT within the figures" if passed else "within the figures")
    return int(options.check and bool(passed))


if __name__ == "__main__":
    sys.exit(main())
