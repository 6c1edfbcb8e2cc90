"""Instances that take their time to start and to stop, starts that are taken back, interruptions, and the looks that let time pass.

"Client.InternalError: A client error caused the instance to terminate during launch." (Amazon EC2 API Reference, StateReason)
Where the caller may not use the key of an encrypted volume StartInstances succeeds all the same: the instance is pending, and stopped
again with that reason. Server.SpotInstanceShutdown: the instance was stopped because AWS wanted its capacity. (StateReason) launchTime: "The time that the instance was last launched." (Instance)
"""

from functools import partial
from typing import Any

from moto.autoscaling.models import AutoScalingBackend
from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance, InstanceState, StateReason

from controller.sandbox.additions.capacity import begin_service, end, is_suspended, launch
from controller.sandbox.call import Call
from controller.sandbox.rules import after, before, replaces
from controller.sandbox.state import STATE, finish, look, wait, waiting

PENDING, RUNNING, STOPPING, STOPPED = ("pending", 0), ("running", 16), ("stopping", 64), ("stopped", 80)  # fmt: skip
_START = Instance.start
_STOP = Instance.stop
_INIT = Instance.__init__
_TERMINATE = Instance.terminate
_TERMINATED = AutoScalingBackend.notify_terminate_instances
GONE = frozenset({"shutting-down", "terminated"})


def _linger(instance: Any, now: tuple[str, int], then: tuple[str, int], looks: int) -> None:
    """Let an instance show one state for some looks before the other."""
    if looks <= 0:
        return
    instance._state = InstanceState(*now)  # noqa: SLF001 - moto has no other place for it
    become = partial(setattr, instance, "_state", InstanceState(*then))
    wait(instance.ec2_backend, instance.id, looks, become)


@replaces(Instance, "__init__")
def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    _INIT(self, *args, **kwargs)
    _linger(self, PENDING, RUNNING, STATE.delays.start)


@replaces(Instance, "start")
def _start(self: Any) -> Any:
    previous = _START(self)
    if previous.name == "stopped":
        self.launch_time = utcnow()
        if self.id in STATE.settings.failing_starts:
            self._state = InstanceState(*PENDING)
            wait(self.ec2_backend, self.id, max(1, STATE.delays.start), partial(_take_back, self))
            return previous
    return _begun(self, previous, PENDING, RUNNING, STATE.delays.start)


def _take_back(instance: Any) -> None:
    """Let a start that was accepted come to nothing."""
    code = "Client.InternalError"
    instance._state = InstanceState(*STOPPED)  # noqa: SLF001 - moto has no other place for it
    instance.state_reason = StateReason(f"{code}: Client error on launch", code)


@before("ec2", "DescribeInstances")
def interrupt(call: Call) -> None:
    """Let what AWS interrupted be stopped."""
    for instance_id in STATE.settings.interrupted:
        instance: Any = call.ec2.get_instance_by_id(instance_id)
        if instance is not None and instance.state != "stopped":
            code = "Server.SpotInstanceShutdown"
            instance._state = InstanceState(*STOPPED)  # noqa: SLF001 - moto has no other place for it
            instance.state_reason = StateReason(f"{code}: Spot Instance interruption", code)


@replaces(Instance, "stop")
def _stop(self: Any) -> Any:
    return _begun(self, _STOP(self), STOPPING, STOPPED, STATE.delays.stop)


def _begun(
    instance: Any, previous: Any, now: tuple[str, int], then: tuple[str, int], looks: int
) -> Any:
    """Let the change be seen for some looks; one that had begun, or is done, goes on as it was. Return the state before."""
    if previous.name in (now[0], then[0]):
        instance._state = previous  # noqa: SLF001 - moto has no other place for it
    else:
        _linger(instance, now, then, looks)
    return previous


@replaces(Instance, "terminate")
def _terminate(self: Any) -> Any:
    waiting(self.ec2_backend).pop(self.id, None)
    return _TERMINATE(self)


@before("ec2", "DescribeInstances", "DescribeInstanceStatus")
def instances_looked_at(call: Call) -> None:
    """Let time pass; the further pages of a look are the same look."""
    if call.is_first_page:
        look(call.ec2)


@before("autoscaling", "DescribeAutoScalingGroups", "DescribeAutoScalingInstances")
def groups_looked_at(call: Call) -> None:
    """Let time pass for members, and let health checks find what is stopped."""
    if not call.is_first_page:
        return
    look(call.scaling)
    for group in call.scaling.autoscaling_groups.values():
        _check_health(group)


def _check_health(group: Any) -> None:
    """Replace members in service that do not run, after the looks that are set.

    "Amazon EC2 Auto Scaling [...] considers an instance unhealthy if it's in any state other than running"; it "can
    replace" it unless ReplaceUnhealthy is suspended. (User Guide, Health checks for instances in an Auto Scaling group)
    """
    if is_suspended(group, "HealthCheck") or STATE.delays.replace < 0:
        return
    gone = []
    for member in group.instance_states:
        if member.lifecycle_state != "InService" or member.instance.state in ("running", "pending"):
            continue
        seen = getattr(member, "sandbox_unhealthy_looks", 0)
        member.sandbox_unhealthy_looks = seen + 1
        if seen >= STATE.delays.replace:
            member.health_status = "Unhealthy"
            gone.append(member)
    if gone and not is_suspended(group, "ReplaceUnhealthy", "Terminate"):
        end(group, gone)
        launch(group, len(gone))


@after("autoscaling", "EnterStandby")
def entering_standby(call: Call) -> None:
    """Let members show EnteringStandby for the looks that are set."""
    if STATE.delays.standby <= 0:
        return
    members = call.members
    for instance_id in call.ids:
        members[instance_id].lifecycle_state = "EnteringStandby"
        become = partial(setattr, members[instance_id], "lifecycle_state", "Standby")
        wait(call.scaling, instance_id, STATE.delays.standby, become)


@after("autoscaling", "ExitStandby")
def leaving_standby(call: Call) -> None:
    """Let members show Pending for the looks that are set."""
    members, group = call.members, call.group
    for instance_id in call.ids:
        finish(call.scaling, instance_id)
        member = members[instance_id]
        if member.instance.state in GONE:
            group.instance_states.remove(member)
            launch(group, 1)
        else:
            begin_service(group, member)


@replaces(AutoScalingBackend, "notify_terminate_instances")
def _terminated_by_hand(self: Any, instance_ids: list[str]) -> None:
    """Replace members that were terminated, but for those in standby, which stay listed.

    "If you put a healthy instance on standby and then terminate it, Amazon EC2 Auto Scaling continues to report the instance as
    healthy. If you return the terminated instance to service, [it] determines that it is terminating and unhealthy, and launches a
    replacement". (User Guide, Temporarily remove instances)
    """
    in_standby = {
        member.instance.id
        for group in self.autoscaling_groups.values()
        for member in group.instance_states
        if member.lifecycle_state == "Standby"
    }
    _TERMINATED(self, [name for name in instance_ids if name not in in_standby])
