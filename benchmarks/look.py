"""A light look at many accounts against a bare boto3 script that reads and parses the very same pages from the same server.

A moto server in a process of its own holds 20 accounts with 50 groups of two and 50 single instances each: 1 000 groups and 3 000
instances. Both clients have their credentials when the clock starts; they take turns, so that a busy machine hits both alike.

    python -m benchmarks.look [--accounts 20] [--groups 50] [--singles 50] [--rounds 7] [--check]

``--check`` exits 1 if there is a call more than one per thousand instances and one per hundred groups, if our CPU time is, in the
median round, more than 1.3 times the bare script's, or if memory grows from the second look on.
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError

from controller.aws.clients import client_config
from controller.aws.live_look import look
from controller.aws.sessions import AccountAccess, AwsAccess
from controller.model.live import LiveScope

REGION = "eu-west-1"
ROLE = "roleInfraEnvironmentManagerChild"
MOST_TIMES_BARE = 1.3
MAY_GROW_KB = 1024
"""Noise of the allocator over all looks from the second on."""
TAGS = {"Environment": "c50", "EnvironmentType": "Staging", "OwningTeam": "Tango", "Role": "Web",
        "SecurityZone": "Other", "Schedule": "", "ContactEmail": "tango@acme.example"}  # fmt: skip


@contextmanager
def moto_server() -> Iterator[str]:
    """Run a moto server on loopback until the context ends; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def session_of(account: str) -> Any:
    """Return a boto3 session with the credentials of an account's role."""
    role = f"arn:aws:iam::{account}:role/{ROLE}"
    for _ in range(60):
        try:
            found = boto3.client("sts", REGION).assume_role(RoleArn=role, RoleSessionName="seed")
            break
        except EndpointConnectionError:
            time.sleep(0.5)
    given = found["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION
    )


def seed(account: str, groups: int, singles: int) -> None:
    """Fill an account: groups of two members with the usual tags, and instances of their own."""
    session = session_of(account)
    ec2, scaling = session.client("ec2"), session.client("autoscaling")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    template = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template)
    tags = [{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in TAGS.items()]
    for number in range(groups):
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=f"c{number}-ta-Web",
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
            MinSize=1,
            DesiredCapacity=2,
            MaxSize=4,
            VPCZoneIdentifier=subnet,
            Tags=tags,
        )
    for _ in range(singles):
        # One by one: moto counts reservations where AWS counts instances.
        ec2.run_instances(
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": k, "Value": v or "-"} for k, v in TAGS.items()],
                }
            ],
            **template,
        )


def bare_look(clients: Sequence[tuple[Any, Any]]) -> int:
    """Read and parse every page of every account with boto3 alone; return how many instances there are."""
    count = 0
    for ec2, scaling in clients:
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


def our_look(access: AwsAccess, scopes: Sequence[LiveScope]) -> int:
    """Look at every account; return how many instances there are."""
    now = datetime.now(UTC)
    return sum(len(look(access, scope, now).instances) for scope in scopes)


def cpu_of(work: Any, *arguments: Any) -> tuple[float, int]:
    """Return the CPU seconds of this process for some work, and what it gave."""
    began = time.process_time()
    result = work(*arguments)
    return time.process_time() - began, result


def measure(options: argparse.Namespace) -> int:
    """Seed, look in turns, print; return the exit code."""
    accounts = [f"{n + 100000000000:012d}" for n in range(options.accounts)]
    began = time.monotonic()
    for account in accounts:
        seed(account, options.groups, options.singles)
    print(f"seeded {len(accounts)} accounts in {time.monotonic() - began:.0f} s")
    access = AwsAccess(
        region=REGION, installation="bench", instance="look", allowed_role_names=[ROLE]
    )
    access.know(AccountAccess(one, f"arn:aws:iam::{one}:role/{ROLE}") for one in accounts)
    scopes = [LiveScope(f"{one}/{REGION}", one, REGION, one) for one in accounts]
    clients = []
    for account in accounts:
        session: Any = session_of(account)
        made = [session.client(name, config=client_config(name)) for name in ("ec2", "autoscaling")]
        clients.append((made[0], made[1]))
    # The first look assumes the roles and makes the clients, ours and theirs.
    expected = our_look(access, scopes)
    assert bare_look(clients) == expected
    credentials = access.counter.total(service="sts")
    rounds, memory = [], []
    for _ in range(options.rounds):
        access.counter.clear()
        theirs, _ = cpu_of(bare_look, clients)
        ours, found = cpu_of(our_look, access, scopes)
        assert found == expected
        rounds.append((ours, theirs))
        memory.append(resident_kb())
    return report(options, access, credentials, rounds, memory, expected)


def report(
    options: argparse.Namespace,
    access: AwsAccess,
    credentials: int,
    rounds: Sequence[tuple[float, float]],
    memory: Sequence[int],
    instances: int,
) -> int:
    """Print what was measured; return 1 if it is to be checked and is not as it should be."""
    per_account = instances // options.accounts
    bound = options.accounts * (-(-per_account // 1000) + -(-options.groups // 100))
    calls = access.counter.total()
    ratio = statistics.median(ours / theirs for ours, theirs in rounds)
    ours, theirs = (statistics.median(times) for times in zip(*rounds, strict=True))
    grown = memory[-1] - memory[0]
    print(f"{options.accounts * options.groups} groups, {instances} instances")
    print(f"calls per look {calls} (bound {bound}); AssumeRole once: {credentials}")
    print(f"CPU per look: ours {ours:.3f} s, bare {theirs:.3f} s, ratio {ratio:.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"memory grown from the second look on: {grown} KB; peak {peak // 1024} MB")
    fits = calls == bound and ratio <= MOST_TIMES_BARE and grown <= MAY_GROW_KB
    print("within the figures" if fits else "NOT within the figures")
    return int(options.check and not fits)


def resident_kb() -> int:
    """Return the memory this process holds just now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


def main() -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--singles", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with moto_server() as address:
        os.environ.update(
            AWS_ENDPOINT_URL=address,
            AWS_ACCESS_KEY_ID="bench",
            AWS_SECRET_ACCESS_KEY="bench",
            AWS_DEFAULT_REGION=REGION,
        )
        return measure(options)


if __name__ == "__main__":
    sys.exit(main())
