"""What is asked of one account and region while its instances are switched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from controller.aws.clients import RawCall
from controller.aws.errors import aws_errors
from controller.aws.live_look import GROUPS, INSTANCES, read_all
from controller.decisions.tag_keys import PARKED
from controller.errors import AccessDenied, RefusedByAws, Unreachable
from controller.model.live import FoundGroup, FoundInstance, LiveLook
from controller.ports import LiveActs
from controller.targets.power_parts.steps import (
    EnterStandby,
    ExitStandby,
    Resize,
    Resume,
    Step,
    Suspend,
)


class PowerClient(Protocol):
    """Looks at and changes one scope. Everything raises our errors."""

    def now(self) -> datetime:
        """Return the time."""

    def look(self) -> LiveLook:
        """Look at all groups and instances."""

    def groups(self) -> dict[str, FoundGroup]:
        """Look at groups alone."""

    def instances(self, states: Sequence[str]) -> dict[str, FoundInstance]:
        """Look at the instances in one of these states alone."""

    def failed_activity(self, group: str) -> str:
        """Return what AWS says of a group's newest activity; nothing where it did not fail, or AWS does not say."""

    def remember(self, values: Mapping[str, str]) -> None:
        """Give groups the tag that remembers what they were like."""

    def forget(self, groups: Sequence[str]) -> None:
        """Take the tag off."""

    def step(self, group: str, step: Step) -> None:
        """Take any step of one group but ``Remember`` and ``Forget``."""

    def start(self, ids: Sequence[str]) -> None:
        """Start instances."""

    def stop(self, ids: Sequence[str]) -> None:
        """Stop instances."""

    def replace(self, instance_id: str) -> None:
        """End a member, so that its group launches another."""


_PARKED_TAG: Final = {"ResourceType": "auto-scaling-group", "Key": PARKED}
"""What requests say of the tag, besides the group it is of."""


@dataclass(frozen=True, slots=True)
class Ec2PowerClient:
    """PowerClient over the clients of one scope, which is looked at before each request that changes something."""

    acts: LiveActs

    def now(self) -> datetime:
        """The run's clock."""
        return self.acts.now()

    def look(self) -> LiveLook:
        """Read whole pages: a call for each thousand instances and each hundred groups."""
        return LiveLook(self.acts.scope, self.acts.now(), self.groups(), self.instances(()))

    def groups(self) -> dict[str, FoundGroup]:
        """A call for each hundred groups."""
        return {group.name: group for group in read_all(self.acts.client("autoscaling"), GROUPS)}

    def instances(self, states: Sequence[str]) -> dict[str, FoundInstance]:
        """A call for each thousand instances in these states, of any state if none is named."""
        found = read_all(self.acts.client("ec2"), INSTANCES, states)
        return {instance.instance_id: instance for instance in found}

    def failed_activity(self, group: str) -> str:
        """One DescribeScalingActivities: they come newest first. What was done does not hang on it: where AWS says none it is as if none failed."""
        client = self.acts.client("autoscaling")
        try:
            with aws_errors(f"power: {group}: read activities in {self.acts.scope.name}"):
                answer = client.describe_scaling_activities(
                    AutoScalingGroupName=group, MaxRecords=1
                )
        except (AccessDenied, RefusedByAws, Unreachable):
            return ""
        newest = next(iter(answer["Activities"]), None)
        if newest is None or newest["StatusCode"] != "Failed":
            return ""
        return str(newest.get("StatusMessage") or newest["Description"])

    def remember(self, values: Mapping[str, str]) -> None:
        """One CreateOrUpdateTags."""
        tags = [
            {"ResourceId": group, **_PARKED_TAG, "Value": value, "PropagateAtLaunch": False}
            for group, value in values.items()
        ]
        self._change("autoscaling", "create_or_update_tags", "tag groups", Tags=tags)

    def forget(self, groups: Sequence[str]) -> None:
        """One DeleteTags."""
        tags = [{"ResourceId": group, **_PARKED_TAG} for group in groups]
        self._change("autoscaling", "delete_tags", "untag groups", Tags=tags)

    def step(self, group: str, step: Step) -> None:
        """One request of Auto Scaling; tags are sent in batches."""
        match step:
            case Suspend(processes):
                self._group("suspend_processes", group, ScalingProcesses=list(processes))
            case Resume(processes):
                self._group("resume_processes", group, ScalingProcesses=list(processes))
            case Resize(minimum, desired):
                more = {} if desired is None else {"DesiredCapacity": desired}
                self._group("update_auto_scaling_group", group, MinSize=minimum, **more)
            case EnterStandby(ids):
                leaving = {"InstanceIds": list(ids), "ShouldDecrementDesiredCapacity": True}
                self._group("enter_standby", group, **leaving)
            case ExitStandby(ids):
                self._group("exit_standby", group, InstanceIds=list(ids))

    def start(self, ids: Sequence[str]) -> None:
        """One StartInstances."""
        self._change("ec2", "start_instances", "start instances", InstanceIds=list(ids))

    def stop(self, ids: Sequence[str]) -> None:
        """One StopInstances."""
        self._change("ec2", "stop_instances", "stop instances", InstanceIds=list(ids))

    def replace(self, instance_id: str) -> None:
        """One TerminateInstanceInAutoScalingGroup; the desired capacity stays."""
        self._change(
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            f"replace {instance_id}",
            InstanceId=instance_id,
            ShouldDecrementDesiredCapacity=False,
        )

    def _group(self, method: str, group: str, **request: Any) -> None:
        what = f"{group}: {method.replace('_', ' ')}"
        self._change("autoscaling", method, what, AutoScalingGroupName=group, **request)

    def _change(self, service: str, method: str, what: str, **request: Any) -> None:
        self.acts.check()
        with aws_errors(f"power: {what} in {self.acts.scope.name}"):
            # What becomes of it is what the next look says: nobody reads the answer.
            RawCall().send(self.acts.client(service), method, request)
