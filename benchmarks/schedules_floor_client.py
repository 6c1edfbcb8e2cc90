"""The floor: a bare boto3 script that switches everything with the same requests that change something, in the same batches.

    python -m benchmarks.schedules_floor_client off|on REGION ROLE ACCOUNT…

It looks once at each account, sends, and is done: nothing is written down before, no group is tagged, nothing is looked at again.
Accounts are side by side, and eight requests of each, as with ours. It is a process that is measured.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import boto3

AT_ONCE = 8
STOPS, STARTS, STANDBY_IDS = 500, 50, 20
PROCESSES = ["AZRebalance", "AlarmNotification", "ScheduledActions"]


def main() -> None:
    """Switch every account."""
    way, region, role, *accounts = sys.argv[1:]
    switch = {"off": off, "on": on}[way]
    session: Any = boto3.Session(region_name=region)
    sts = session.client("sts")

    def credentials_of(account: str) -> dict[str, str]:
        answer = sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="floor"
        )["Credentials"]
        return {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }

    with ThreadPoolExecutor(len(accounts)) as pool:
        keys = list(pool.map(credentials_of, accounts))
        # A session makes one client at a time.
        scaling = [session.client("autoscaling", **one) for one in keys]
        ec2 = [session.client("ec2", **one) for one in keys]
        list(pool.map(switch, scaling, ec2))


def off(scaling: Any, ec2: Any) -> None:
    """Stop what is in no group at once; members once they are in standby."""
    groups, instances = _groups(scaling), _instances(ec2)
    members = {name: _members(group, "InService") for name, group in groups.items()}
    in_groups = {member for of_group in members.values() for member in of_group}
    loose = [name for name in instances if name not in in_groups]

    def park(group: str) -> None:
        scaling.suspend_processes(AutoScalingGroupName=group, ScalingProcesses=PROCESSES)
        for ids in _batches(members[group], STANDBY_IDS):
            scaling.enter_standby(
                AutoScalingGroupName=group, InstanceIds=ids, ShouldDecrementDesiredCapacity=True
            )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = [pool.submit(_stop, ec2, ids) for ids in _batches(loose, STOPS)]
        sent += [pool.submit(park, group) for group in groups]
        _done(sent)
        _done([pool.submit(_stop, ec2, ids) for ids in _batches(sorted(in_groups), STOPS)])


def on(scaling: Any, ec2: Any) -> None:
    """Start everything by type and zone; then members are put back into service."""
    groups, instances = _groups(scaling), _instances(ec2)
    pools: dict[tuple[str, str], list[str]] = {}
    for name, found in instances.items():
        where = found["InstanceType"], found["Placement"]["AvailabilityZone"]
        pools.setdefault(where, []).append(name)

    def start(ids: Sequence[str]) -> None:
        for batch in _batches(ids, STARTS):
            ec2.start_instances(InstanceIds=batch)

    def wake(group: str) -> None:
        for ids in _batches(_members(groups[group], "Standby"), STANDBY_IDS):
            scaling.exit_standby(AutoScalingGroupName=group, InstanceIds=ids)
        scaling.resume_processes(AutoScalingGroupName=group, ScalingProcesses=PROCESSES)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        _done([pool.submit(start, ids) for ids in pools.values()])
        _done([pool.submit(wake, group) for group in groups])


def _stop(ec2: Any, ids: Sequence[str]) -> None:
    ec2.stop_instances(InstanceIds=ids)


def _groups(scaling: Any) -> dict[str, Any]:
    pages = scaling.get_paginator("describe_auto_scaling_groups").paginate(MaxRecords=100)  # fmt: skip
    return {one["AutoScalingGroupName"]: one for page in pages for one in page["AutoScalingGroups"]}


def _instances(ec2: Any) -> dict[str, Any]:
    pages = ec2.get_paginator("describe_instances").paginate(MaxResults=1000)
    return {
        one["InstanceId"]: one
        for page in pages
        for reservation in page["Reservations"]
        for one in reservation["Instances"]
    }


def _members(group: Mapping[str, Any], lifecycle: str) -> list[str]:
    return [one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == lifecycle]


def _batches(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[first : first + size] for first in range(0, len(ids), size))


def _done(sent: Sequence[Any]) -> None:
    """Wait for requests; the first that failed ends the script."""
    for one in wait(sent).done:
        one.result()


if __name__ == "__main__":
    main()
