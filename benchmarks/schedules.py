"""Everything switched off at the end of office hours, against Cloud Custodian on accounts seeded alike, in one run.

The sandbox's AWS is a process of its own that counts calls; the tables are on ministack. Each client is a process of its own, whose
CPU seconds, from its first instruction to its last, and peak memory the kernel tells. Accounts: 3, with 40 % of the instances in
groups of ten with MinSize 0.

    python -m benchmarks.schedules [--instances 200,1000,3000] [--latency 0.04] [--without-custodian] [--check]

``--check`` exits 1 if a limit is passed: calls, transactions, CPU and wall time against Custodian, memory; or if anything is left on.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import boto3

from benchmarks import custodian
from benchmarks.ministack import ministack
from benchmarks.schedules_fleet import FASTER, accept, moments, write_documents
from controller.sandbox.server import EmbeddedAws, embedded_aws
from tests.support.seed_fleet import FIRST_ACCOUNT, FleetSize

ACCOUNTS = 3
GROUP = 10
SHARE_IN_GROUPS = 0.4
REGION = "eu-west-1"
SWITCHING = ("autoscaling.", "auto-scaling.", "ec2.", "sts.")
"""Of operations as the sandbox names them, and as the client does."""
MOST_CPU = 0.5
MOST_WALL = 0.5
MOST_MB = 220
MOST_TIMES_BARE = 1.2
PER_TRANSACTION = 49
TIME_LIMIT_S = 1200
BARE_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Client:
    """What one client took. ``calls`` are by operation, as the sandbox counted them."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    calls: Mapping[str, int]
    still_on: int
    said: Mapping[str, Any]

    @property
    def switching(self) -> int:
        """Calls of EC2, Auto Scaling and STS."""
        return sum(n for name, n in self.calls.items() if name.startswith(SWITCHING))


def size_of(instances: int) -> FleetSize:
    """Return the fleet of so many instances."""
    groups = round(instances * SHARE_IN_GROUPS / GROUP)
    return FleetSize(accounts=ACCOUNTS, groups=groups, group_size=GROUP, instances=instances)


def floor_of(size: FleetSize) -> int:
    """Return the calls that nobody can do without: one look, each group's members to standby, all stopped, roles assumed."""
    looks = sum(ceil(_share(size.instances, a) / 1000) + ceil(_share(size.groups, a) / 100) for a in range(ACCOUNTS))  # fmt: skip
    stops = sum(ceil(_share(size.instances, a) / 500) for a in range(ACCOUNTS))
    return looks + size.groups * ceil(size.group_size / 20) + stops + ACCOUNTS


def allowed_of(size: FleetSize, looks: int) -> int:
    """Return the floor, and what is allowed besides: two calls a group, tags for 25 groups a call, a look for each step."""
    tags = sum(ceil(_share(size.groups, a) / 25) for a in range(ACCOUNTS))
    return floor_of(size) + 2 * size.groups + tags + looks


@contextmanager
def seeded(size: FleetSize) -> Iterator[tuple[EmbeddedAws, list[str]]]:
    """Run a sandbox with a fleet."""
    with embedded_aws(extensions=FASTER) as aws:
        made = aws.controls.send("fleet", {name: getattr(size, name) for name in FleetSize.__slots__})  # fmt: skip
        aws.controls.calls()
        yield aws, made["accounts"]


def run(command: list[str], environment: Mapping[str, str]) -> tuple[float, float, float, str]:
    """Run a process; return its CPU seconds, its wall time, the peak of its largest process in MB, and what it wrote.

    It finds its bytecode where an earlier run, or its installation, left it.
    """
    environment = {
        name: environment[name] for name in environment if name != "PYTHONDONTWRITEBYTECODE"
    }
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.PIPE)  # fmt: skip
        assert process.stderr is not None
        problems = process.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if process.returncode not in (0, 2):
        sys.exit(f"{command[0]} ended with {process.returncode}\n{problems[-3000:]}")
    return used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss / 1024, said


def ours(size: FleetSize, latency_s: float, *, bare: bool = False) -> Client:
    """Measure ours: stop everything, or, with ``bare``, have nothing to do."""
    with (
        seeded(size) as (aws, accounts),
        ministack() as tables,
        tempfile.TemporaryDirectory() as name,
    ):
        environment = {**os.environ, **aws.environment, "AWS_ENDPOINT_URL_DYNAMODB": tables}
        now = datetime.now(UTC)
        end, before, after = moments(now)
        folder = Path(name)
        write_documents(folder, size, FIRST_ACCOUNT, end)
        os.environ.update({k: environment[k] for k in environment if k.startswith("AWS_")})
        accept(folder, lambda: before, time.sleep)
        client = [sys.executable, "-m", "benchmarks.schedules_client"]
        # The afternoon's run: nothing to do, the schedules are remembered.
        run([*client, str((before - now).total_seconds())], environment)
        aws.controls.calls()
        if latency_s:
            aws.controls.slow_down(latency_s)
        moment = before if bare else after
        more = ["--bare", str(BARE_ROUNDS)] if bare else []
        measured = run([*client, str((moment - now).total_seconds()), *more], environment)
        calls = aws.controls.calls()
        aws.controls.no_faults()
        said = json.loads(measured[3])
        return Client(*measured[:3], calls, still_on(aws, accounts), said)


def theirs(size: FleetSize, latency_s: float) -> Client:
    """Measure Cloud Custodian."""
    with seeded(size) as (aws, accounts), tempfile.TemporaryDirectory() as name:
        command = custodian.command(Path(name), accounts, REGION)
        if latency_s:
            aws.controls.slow_down(latency_s)
        environment = {**os.environ, **aws.environment, "HOME": name}
        environment.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
        measured = run(command, environment)
        calls = aws.controls.calls()
        aws.controls.no_faults()
        return Client(*measured[:3], calls, still_on(aws, accounts), {})


def still_on(aws: EmbeddedAws, accounts: list[str]) -> int:
    """Return how many instances run, by asking the sandbox."""
    running = 0
    for account in accounts:
        client: Any = boto3.client(
            "ec2",
            REGION,
            endpoint_url=aws.address,
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        client.meta.events.register("before-call", _in(account))
        pages = client.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-state-name", "Values": ["pending", "running", "stopping"]}]
        )
        running += sum(len(one["Instances"]) for page in pages for one in page["Reservations"])
    return running


def _in(account: str) -> Any:
    def name_the_account(params: Any, **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    return name_the_account


def _share(total: int, place: int) -> int:
    return total // ACCOUNTS + (1 if place < total % ACCOUNTS else 0)


def _stopped_all(size: FleetSize, latency_s: float, *, with_custodian: bool) -> list[str]:
    """Measure both, print what they took, and return the limits passed."""
    us = ours(size, latency_s)
    them = theirs(size, latency_s) if with_custodian else None
    slow = f", {latency_s * 1000:.0f} ms added per call" if latency_s else ""
    print(f"\n{size.instances} instances, stop all{slow}; floor {floor_of(size)} calls")
    _print("envctl", us)
    if them is not None:
        _print("Cloud Custodian (c7n-org)", them)
    said = us.said
    records, transactions = said["records"], said["transactions"]
    most = sum(2 * ceil(one / 2 / PER_TRANSACTION) for one in records)
    print(f"  of these the run itself: {said['tickCpuS']:.2f} s CPU, {said['tickS']:.2f} s wall")
    print(f"  before it, made ready: {said['readyS']:.2f} s CPU (a daemon does it once)")
    print(f"  ledger: {sum(records)} records in {transactions} transactions (limit {most})")
    print(f"  calls: {dict(sorted(us.calls.items()))}")
    looks = us.calls.get("ec2.DescribeInstances", 0) + us.calls.get("autoscaling.DescribeAutoScalingGroups", 0)  # fmt: skip
    passed = []
    allowed = allowed_of(size, looks)
    if us.switching > allowed:
        passed.append(f"{us.switching} calls (limit {allowed})")
    if transactions > most:
        passed.append(f"{transactions} transactions (limit {most})")
    if us.still_on or said["exitCodes"] != [0] * ACCOUNTS:
        passed.append(f"{us.still_on} instances still on; {said}")
    if us.peak_mb > MOST_MB:
        passed.append(f"peak of {us.peak_mb:.0f} MB (limit {MOST_MB})")
    if them is not None and not latency_s and us.cpu_s > MOST_CPU * them.cpu_s:
        passed.append(f"CPU {us.cpu_s / them.cpu_s:.2f} of Custodian's (limit {MOST_CPU})")
    if them is not None and latency_s and us.wall_s > MOST_WALL * them.wall_s:
        passed.append(f"wall {us.wall_s / them.wall_s:.2f} of Custodian's (limit {MOST_WALL})")
    return [f"{size.instances} instances{slow}: {one}" for one in passed]


def _nothing(size: FleetSize) -> list[str]:
    said = ours(size, 0, bare=True).said
    times = said["oursS"] / said["bareS"]
    switching = sum(n for name, n in said["calls"].items() if name.startswith(SWITCHING))
    pages = sum(ceil(_share(size.instances, a) / 1000) + ceil(_share(size.groups, a) / 100) for a in range(ACCOUNTS))  # fmt: skip
    print(
        f"\n{size.instances} instances, nothing to do: {switching} calls (bound {pages}),"
        f" {said['oursS']:.3f} s CPU, the bare read {said['bareS']:.3f} s ({times:.2f})"
    )
    passed = []
    if switching > pages:
        passed.append(f"{size.instances} instances: {switching} calls with nothing to do")
    if times > MOST_TIMES_BARE:
        passed.append(f"{size.instances} instances: {times:.2f} times the bare read's CPU")
    return passed


def _print(name: str, one: Client) -> None:
    print(
        f"  {name:<27} {one.switching:>5} calls  {one.cpu_s:6.2f} s CPU  {one.peak_mb:5.0f} MB"
        f"  {one.wall_s:6.2f} s wall  {one.still_on} left on"
    )


def main() -> None:
    """Measure and print; with ``--check`` hold against the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--instances", default="200,1000,3000")
    parser.add_argument("--latency", type=float, default=0.04)
    parser.add_argument("--without-custodian", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    passed: list[str] = []
    sizes = [size_of(int(one)) for one in options.instances.split(",")]
    for size in sizes:
        passed += _nothing(size)
        passed += _stopped_all(size, 0, with_custodian=not options.without_custodian)
    if options.latency:
        passed += _stopped_all(
            sizes[-1], options.latency, with_custodian=not options.without_custodian
        )
    for one in passed:
        print(f"PASSED A LIMIT: {one}")
    sys.exit(1 if passed and options.check else 0)


if __name__ == "__main__":
    main()
