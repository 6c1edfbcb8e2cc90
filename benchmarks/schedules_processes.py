"""A fleet in the sandbox, and what takes turns at switching it off and on: ours, a bare script, Cloud Custodian; each a process of its own.

The sandbox's AWS counts calls; the tables are on ministack. CPU seconds of a process, from its first instruction to its last, the
kernel tells.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from benchmarks import custodian
from benchmarks.ministack import ministack
from benchmarks.schedules_fleet import FASTER, HalfHours, accept, half_hours, write_documents
from controller.sandbox.seed import CHILD_ROLE
from controller.sandbox.server import EmbeddedAws, embedded_aws
from tests.support.seed_fleet import FIRST_ACCOUNT, FleetSize

REGION = "eu-west-1"
SWITCHING = ("autoscaling.", "auto-scaling.", "ec2.", "sts.")
"""Of operations as the sandbox names them, and as the client does."""


@dataclass(frozen=True, slots=True)
class Client:
    """What one client took. ``calls`` are by operation, as the sandbox counted them."""

    cpu_s: float
    wall_s: float
    calls: Mapping[str, int]
    left: Mapping[str, int]
    """Instances that are not as they were wanted, by type."""
    said: Mapping[str, Any]

    @property
    def switching(self) -> int:
        """Calls of EC2, Auto Scaling and STS."""
        return sum(n for name, n in self.calls.items() if name.startswith(SWITCHING))


@dataclass
class Estate:
    """The fleet, all of it on at first. Whoever switches it off switches it on again before somebody else does."""

    aws: EmbeddedAws
    accounts: list[str]
    tables: str
    """Address of DynamoDB."""
    times: HalfHours
    latency_s: float = 0
    turn: int = 0
    """How often ours has switched everything off and on again."""

    def nothing_to_do(self, rounds: int) -> Client:
        """Measure ours while all is as it should be, and a bare read of the same pages."""
        return self._ours(self.times.before, "on", "--bare", str(rounds))

    def ours(self, way: str, *, clock_alone: bool = False) -> Client:
        """Measure ours; with ``clock_alone`` without waiting for the next try of what was refused."""
        moment = self.times.after(way, self.turn)
        self.turn += way == "on"
        return self._ours(moment, way, *(["--clock-alone"] if clock_alone else []))

    def bare(self, way: str) -> Client:
        """Measure the bare script."""
        script = [sys.executable, "-m", "benchmarks.schedules_floor_client"]
        return self._measured([*script, way, REGION, CHILD_ROLE, *self.accounts], {}, way)

    def custodian(self, way: str) -> Client:
        """Measure Cloud Custodian."""
        with tempfile.TemporaryDirectory() as name:
            command = custodian.command(Path(name), self.accounts, REGION, way)
            return self._measured(command, {"HOME": name}, way)

    def without_capacity(self, *types: str) -> None:
        """Let the region have nothing of these types, and of all others what is asked for."""
        zones = [f"{kind}/{REGION}{zone}" for kind in types for zone in "abc"]
        self.aws.controls.settings(without_capacity=zones)

    def _ours(self, moment: datetime, way: str, *more: str) -> Client:
        offset = str((moment - datetime.now(UTC)).total_seconds())
        command = [sys.executable, "-m", "benchmarks.schedules_client", offset, *more]
        return self._measured(command, {"AWS_ENDPOINT_URL_DYNAMODB": self.tables}, way)

    def _measured(self, command: list[str], more: Mapping[str, str], way: str) -> Client:
        self.aws.controls.calls()
        if self.latency_s:
            self.aws.controls.slow_down(self.latency_s)
        cpu_s, wall_s, written = run(command, {**os.environ, **self.aws.environment, **more})  # fmt: skip
        calls = self.aws.controls.calls()
        self.aws.controls.no_faults()
        said = json.loads(written) if written.startswith("{") else {}
        return Client(cpu_s, wall_s, calls, self._left(way), said)

    def _left(self, way: str) -> dict[str, int]:
        """Return how many instances are not as wanted, by type, by asking the sandbox."""
        left: dict[str, int] = {}
        for account in self.accounts:
            client: Any = boto3.client(
                "ec2", REGION, endpoint_url=self.aws.address,
                aws_access_key_id="x", aws_secret_access_key="x",
            )  # fmt: skip
            client.meta.events.register("before-call", _in(account))
            for page in client.get_paginator("describe_instances").paginate(
                Filters=[{"Name": "instance-state-name", "Values": NOT_AS_WANTED[way]}]
            ):
                for one in page["Reservations"]:
                    for instance in one["Instances"]:
                        kind = instance["InstanceType"]
                        left[kind] = left.get(kind, 0) + 1
        return left


NOT_AS_WANTED = {
    "off": ["pending", "running", "stopping", "shutting-down"],
    "on": ["pending", "stopping", "stopped", "shutting-down", "terminated"],
}


@contextmanager
def estate(size: FleetSize) -> Iterator[Estate]:
    """Seed a fleet, accept its documents, and let the afternoon pass, so that schedules are remembered."""
    with (
        embedded_aws(extensions=FASTER) as aws,
        ministack() as tables,
        tempfile.TemporaryDirectory() as name,
    ):
        made = aws.controls.send("fleet", {one: getattr(size, one) for one in FleetSize.__slots__})
        times = half_hours(datetime.now(UTC))
        write_documents(Path(name), size, FIRST_ACCOUNT, times.schedule)
        where = {**aws.environment, "AWS_ENDPOINT_URL_DYNAMODB": tables}
        os.environ.update({key: where[key] for key in where if key.startswith("AWS_")})
        accept(Path(name), lambda: times.before, time.sleep)
        found = Estate(aws, made["accounts"], tables, times)
        found.nothing_to_do(1)
        yield found


def run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float, str]:
    """Run a process; return its CPU seconds, its wall time, and what it wrote.

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
    return used.ru_utime + used.ru_stime, wall_s, said


def _in(account: str) -> Any:
    def name_the_account(params: Any, **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    return name_the_account
