"""Instance refreshes: the members of a group replaced batch by batch, one batch per look.

"An instance refresh replaces instances in batches [...]. MinHealthyPercentage: the amount of capacity in the Auto
Scaling group that must pass your group's health checks to allow the operation to continue [...]. The default is 90."
"Status: Pending - The instance refresh was created, but the operation has not started. InProgress [...] Successful
[...] Failed [...] Cancelling [...] Cancelled". "InstanceRefreshInProgress: The request failed because an active
instance refresh already exists for the specified Auto Scaling group." "ActiveInstanceRefreshNotFound: The request
failed because an active instance refresh or rollback for the specified Auto Scaling group was not found."
StandbyInstances: "Wait: [...] waits one hour for you to return the instances to service. [...] Default: Wait".
ScaleInProtectedInstances: "Wait (default): [...] waits one hour for you to remove scale-in protection. Otherwise, the instance
refresh will fail." "Ignore: [...] ignores instances that are protected from scale in". The hour is over at once here.
(Amazon EC2 Auto Scaling API Reference, StartInstanceRefresh, DescribeInstanceRefreshes, CancelInstanceRefresh)
"""

import math
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult

from controller.sandbox.additions.capacity import (
    current_version,
    end,
    is_suspended,
    launched_version,
    settle,
)
from controller.sandbox.call import Call, Refused, invalid
from controller.sandbox.rules import answers
from controller.sandbox.state import STATE, kept

ACTIVE = frozenset({"Pending", "InProgress", "Cancelling"})
DEFAULT_MIN_HEALTHY = 90


@dataclass(slots=True)
class Refresh:
    """One instance refresh of a group."""

    group: Any
    to_replace: list[str]
    """Ids of the members that were there at the start and are still to go."""
    total: int
    preferences: dict[str, Any]
    desired: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    reason: str = ""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    looks: int = 0

    def shown(self) -> dict[str, Any]:
        """Return it as AWS shows it."""
        left = len(self.to_replace)
        done = 100 if not self.total else 100 * (self.total - left) // self.total
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group.name,
            "Status": self.status,
            "StatusReason": self.reason or None,
            "StartTime": self.started_at,
            "EndTime": self.ended_at,
            "PercentageComplete": done,
            "InstancesToUpdate": left,
            "Preferences": self.preferences,
            "DesiredConfiguration": self.desired or None,
        }

    def finish(self, status: str, reason: str = "") -> None:
        """End it."""
        self.status, self.reason, self.ended_at = status, reason, datetime.now(UTC)


def _refreshes(call: Call) -> list[Refresh]:
    """Return every refresh of the group, the oldest first."""
    return kept(call.scaling, f"refreshes of {call.group_name}", [])


def _active(call: Call) -> Refresh | None:
    return next((refresh for refresh in _refreshes(call) if refresh.status in ACTIVE), None)


@answers("autoscaling", "StartInstanceRefresh")
def start(call: Call) -> ActionResult:
    """Begin to replace the members of a group."""
    if _active(call) is not None:
        raise Refused(
            "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
        )  # fmt: skip
    group = call.group
    preferences = {
        "MinHealthyPercentage": DEFAULT_MIN_HEALTHY,
        "StandbyInstances": "Wait",
        "ScaleInProtectedInstances": "Wait",
        **(call.params.get("Preferences") or {}),
    }
    if not 0 <= int(preferences["MinHealthyPercentage"]) <= 100:
        raise invalid("MinHealthyPercentage must be from 0 to 100")
    desired = dict(call.params.get("DesiredConfiguration") or {})
    if desired.get("LaunchTemplate"):
        group._set_launch_configuration("", desired["LaunchTemplate"], None)  # noqa: SLF001 - as UpdateAutoScalingGroup does
    skips, ignores = preferences.get("SkipMatching"), preferences["StandbyInstances"] == "Ignore"
    members = [
        member.instance.id
        for member in group.instance_states
        if not (skips and launched_version(group, member) == current_version(group))
        and not (ignores and member.lifecycle_state == "Standby")
        and not (
            preferences["ScaleInProtectedInstances"] == "Ignore" and member.protected_from_scale_in
        )
    ]
    refresh = Refresh(group, members, len(members), preferences, desired)
    _refreshes(call).append(refresh)
    return ActionResult({"InstanceRefreshId": refresh.id})


@answers("autoscaling", "CancelInstanceRefresh")
def cancel(call: Call) -> ActionResult:
    """Stop replacing; what was replaced stays replaced."""
    refresh = _active(call)
    if refresh is None:
        raise Refused(
            "ActiveInstanceRefreshNotFound",
            "No in progress or pending Instance Refresh found for Auto Scaling group "
            f"{call.group_name}",
        )
    refresh.status = "Cancelling"
    return ActionResult({"InstanceRefreshId": refresh.id})


@answers("autoscaling", "DescribeInstanceRefreshes")
def describe(call: Call) -> ActionResult:
    """Show the refreshes of a group, the latest first; the look lets an active one go on."""
    if call.is_first_page and (active := _active(call)) is not None:
        _go_on(active)
    wanted = set(call.params.get("InstanceRefreshIds") or ())
    found = [
        refresh.shown()
        for refresh in reversed(_refreshes(call))
        if not wanted or refresh.id in wanted
    ]
    return call.page("InstanceRefreshes", found)


def _go_on(refresh: Refresh) -> None:
    """Let a refresh take its next step, if it has been looked at often enough."""
    group = refresh.group
    if refresh.status == "Cancelling":
        refresh.finish("Cancelled", "Cancelled by the user")
        return
    if STATE.settings.failing_refreshes > 0:
        STATE.settings.failing_refreshes -= 1
        refresh.finish("Failed", "The sandbox was asked to let it fail.")
        return
    if refresh.status == "Pending":
        refresh.status = "InProgress"
    elif refresh.looks < STATE.delays.refresh:
        refresh.looks += 1
        return
    refresh.looks = 0
    if is_suspended(group, "InstanceRefresh", "Launch", "Terminate"):
        refresh.reason = "Waiting for suspended processes"
        return
    _replace_a_batch(refresh)


def _replace_a_batch(refresh: Refresh) -> None:
    group = refresh.group
    members = [m for m in group.instance_states if m.instance.id in refresh.to_replace]
    refresh.to_replace = [m.instance.id for m in members]
    ends_standby = refresh.preferences["StandbyInstances"] == "Terminate"
    ready = [m for m in members if ends_standby or m.lifecycle_state != "Standby"]
    if members and not ready:
        refresh.reason = "Waiting for instances in standby"
        return
    if refresh.preferences["ScaleInProtectedInstances"] == "Wait" and any(
        member.protected_from_scale_in for member in ready
    ):
        refresh.finish("Failed", "There are instances protected from scale in.")
        return
    size = len(group.instance_states)
    healthy = math.ceil(size * int(refresh.preferences["MinHealthyPercentage"]) / 100)
    batch = ready[: max(1, size - healthy)]
    end(group, batch)
    settle(group)
    refresh.to_replace = [m.instance.id for m in members if m not in batch]
    if not refresh.to_replace:
        refresh.finish("Successful")
