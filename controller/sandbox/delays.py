"""Instances that take their time to start and to stop, and the looks that let time pass."""

from typing import Any

from moto.ec2.models.instances import Instance, InstanceState

from controller.sandbox.call import Call
from controller.sandbox.capacity import is_suspended, launch
from controller.sandbox.rules import after, before
from controller.sandbox.state import STATE
from controller.sandbox.waiting import finish, look, wait, waiting

PENDING, RUNNING, STOPPING, STOPPED = ("pending", 0), ("running", 16), ("stopping", 64), ("stopped", 80)  # fmt: skip
_START = Instance.start
_STOP = Instance.stop
_INIT = Instance.__init__
_TERMINATE = Instance.terminate


def install() -> None:
    """Let instances pass through the states between."""
    for name, replacement in (
        ("start", _start),
        ("stop", _stop),
        ("terminate", _terminate),
        ("__init__", _init),
    ):
        setattr(Instance, name, replacement)


def _linger(instance: Any, now: tuple[str, int], then: tuple[str, int], looks: int) -> None:
    """Let an instance show one state for some looks before the other."""
    if looks <= 0:
        return
    instance._state = InstanceState(*now)  # noqa: SLF001 - moto has no other place for it

    def become() -> None:
        instance._state = InstanceState(*then)  # noqa: SLF001 - as above

    wait(instance.ec2_backend, instance.id, looks, become)


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    _INIT(self, *args, **kwargs)
    _linger(self, PENDING, RUNNING, STATE.delays.start)


def _start(self: Any) -> Any:
    previous = _START(self)
    if previous.name in ("running", "pending"):
        self._state = previous
    else:
        _linger(self, PENDING, RUNNING, STATE.delays.start)
    return previous


def _stop(self: Any) -> Any:
    previous = _STOP(self)
    if previous.name in ("stopping", "stopped"):
        self._state = previous
    else:
        _linger(self, STOPPING, STOPPED, STATE.delays.stop)
    return previous


def _terminate(self: Any) -> Any:
    waiting(self.ec2_backend).pop(self.id, None)
    return _TERMINATE(self)


@before("ec2", "DescribeInstances", "DescribeInstanceStatus")
def a_look_at_instances(call: Call) -> None:
    """Let time pass; the further pages of a look are the same look."""
    if not call.params.get("NextToken"):
        look(call.ec2)


@before("autoscaling", "DescribeAutoScalingGroups", "DescribeAutoScalingInstances")
def a_look_at_groups(call: Call) -> None:
    """Let time pass for members, and let health checks find what is stopped."""
    if call.params.get("NextToken"):
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
        group.ec2_backend.terminate_instances([member.instance.id for member in gone])
        group.instance_states = [
            instance_state for instance_state in group.instance_states if instance_state not in gone
        ]
        launch(group, len(gone))


@after("autoscaling", "EnterStandby")
def members_enter_standby(call: Call) -> None:
    """Let members show EnteringStandby for the looks that are set."""
    if STATE.delays.standby <= 0:
        return
    named = set(call.ids())
    for member in call.group.instance_states:
        if member.instance.id in named:
            member.lifecycle_state = "EnteringStandby"
            wait(call.scaling, member.instance.id, STATE.delays.standby, _standby(member))


def _standby(member: Any) -> Any:
    def become() -> None:
        member.lifecycle_state = "Standby"

    return become


@after("autoscaling", "ExitStandby")
def members_come_back(call: Call) -> None:
    """Let members show Pending for the looks that are set."""
    from controller.sandbox.capacity import begin_service

    named = set(call.ids())
    for member in call.group.instance_states:
        if member.instance.id in named:
            finish(call.scaling, member.instance.id)
            begin_service(call.group, member)
