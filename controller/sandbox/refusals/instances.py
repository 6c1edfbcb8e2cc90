"""Instances: ids that are wrong fail the whole call, and an instance's state says what may be done.

InvalidInstanceID.Malformed: "The specified instance ID is malformed. Ensure that you specify the instance ID in the form
i-xxxxxxxx or i-xxxxxxxxxxxxxxxxx." InvalidInstanceID.NotFound: "The specified instance does not exist."
(Amazon EC2 API Reference, Error codes for the Amazon EC2 API)
IncorrectInstanceState: "The instance is in an incorrect state, so you can't perform the specified action. Some instance
attributes [...] can only be modified if the instance is in a 'stopped' state." StopInstances: "You can't stop [...]
instance store-backed instances"; UnsupportedOperation for what the instance's kind forbids. "You can stop a Spot
Instance if its request is persistent". (Amazon EC2 API Reference, Error codes, StopInstances, ModifyInstanceAttribute)
InsufficientInstanceCapacity is one of the *server* error codes: "There is not enough capacity to fulfill your request. This
error can occur if you launch a new instance, restart a stopped instance, [...]". (Error codes, Server error codes) Those come with
HTTP 500. Nothing of the call is done then, and its message names no instance. Of the *client* error codes are
InsufficientCapacityOnHost: "There is not enough capacity on the Dedicated Host to launch or start the instance", and
VcpuLimitExceeded: "You've reached the limit on the number of vCPUs (virtual processing units) assigned to the running instances
in your account."
"Only Amazon EC2 can restart an interrupted stopped Spot Instance." (User Guide, Behavior of Spot Instance interruptions)
Permissions for resources: "If the user, group, or role that makes the request doesn't have the required permission, the request
fails", so for one instance that a policy denies all of the call does. (Amazon EC2 Developer Guide, Granting required permissions for
Amazon EC2 resources)
OperationNotPermitted: "The specified operation is not allowed." Stop protection: "Stop an instance. [...] you can't stop it
using the Amazon EC2 console, CLI, or API." (User Guide, Enable stop protection for your EC2 instances)
"""

import re
from collections.abc import Container
from typing import Any

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before
from controller.sandbox.state import STATE

WELL_FORMED = re.compile(r"^i-([0-9a-f]{8}|[0-9a-f]{17})$")
CAN_START = frozenset({"stopped", "running", "pending"})
CAN_STOP = frozenset({"running", "stopping", "stopped"})
OF_STOPPED_ONES = frozenset({"instanceType", "userData", "kernel", "ramdisk"})


@before(
    "ec2",
    "DescribeInstances",
    "DescribeInstanceStatus",
    "ModifyInstanceAttribute",
    "RebootInstances",
    "StartInstances",
    "StopInstances",
    "TerminateInstances",
)
def known_ids(call: Call) -> None:
    """Refuse a call that names an id of no instance."""
    for instance_id in call.ids:
        if not WELL_FORMED.match(instance_id):
            raise Refused("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
    if not call.ids:
        return
    known = {instance.id for r in call.ec2.reservations.values() for instance in r.instances}
    missing = [instance_id for instance_id in call.ids if instance_id not in known]
    if missing:
        what, verb = ("ID", "does") if len(missing) == 1 else ("IDs", "do")
        raise Refused(
            "InvalidInstanceID.NotFound",
            f"The instance {what} '{', '.join(missing)}' {verb} not exist",
        )


def _instances(call: Call, states: Container[str], refusal: str) -> list[Any]:
    """Return the instances a call names. Raises Refused unless each is in one of the states."""
    instances = [call.ec2.get_instance(instance_id) for instance_id in call.ids]
    for instance in instances:
        if instance.state not in states:
            raise Refused("IncorrectInstanceState", refusal.format(instance.id))
    return instances


@before("ec2", "StartInstances", "StopInstances")
def allowed(call: Call) -> None:
    """Refuse a call of which a policy denies one instance."""
    for instance_id in call.ids:
        if instance_id in STATE.settings.denied_instances:
            arn = f"arn:aws:ec2:{call.region}:{call.account}:instance/{instance_id}"
            told = f"is not authorized to perform: ec2:{call.operation} on resource: {arn} with an explicit deny in a service control policy"
            message = f"You are not authorized to perform this operation. User: envctl {told}"
            raise Refused("UnauthorizedOperation", message, status=403)


@before("ec2", "StartInstances")
def startable(call: Call) -> None:
    """Refuse to start what is stopping, shutting down or terminated."""
    refusal = "The instance '{}' is not in a state from which it can be started."
    for instance in _instances(call, CAN_START, refusal):
        if instance.state != "stopped":
            continue
        if instance.id in STATE.settings.interrupted:
            told = f"The Spot Instance '{instance.id}' was interrupted: only Amazon EC2 can restart it."
            raise Refused("IncorrectSpotRequestState", told)
        kind, host = instance.instance_type, instance.placement.host_id
        lacking, place = STATE.settings.without_capacity, f"{kind}/{instance.placement.zone}"
        if kind in STATE.settings.over_quota:
            what = f"You have requested more vCPU capacity than your current vCPU limit allows for {kind}"
            raise Refused("VcpuLimitExceeded", what)
        if host and f"{place}/{host}" in lacking:
            told = f"Dedicated host {host} has insufficient capacity."
            raise Refused("InsufficientCapacityOnHost", told)
        if not host and place in lacking:
            raise Refused("InsufficientInstanceCapacity", "Insufficient capacity.", status=500)


@before("ec2", "StopInstances")
def stoppable(call: Call) -> None:
    """Refuse to stop what is pending or terminated, and what cannot be stopped at all."""
    refusal = "This instance '{}' is not in a state from which it can be stopped."
    for instance in _instances(call, CAN_STOP, refusal):
        if getattr(instance, "disable_api_stop", False):
            raise Refused(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and "
                "try again.",
            )
        if instance.lifecycle == "spot":
            raise Refused(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{instance.id}' because it is associated with a one-time Spot "
                "Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.",
            )
        if instance.root_device_type == "instance-store":
            raise Refused(
                "UnsupportedOperation",
                f"The instance '{instance.id}' does not have an 'ebs' root device type and cannot be stopped.",
            )


@before("ec2", "ModifyInstanceAttribute")
def modifiable(call: Call) -> None:
    """Refuse another type or user data unless the instance is stopped."""
    named = {f"{name[:1].lower()}{name[1:]}" for name in call.params}
    if OF_STOPPED_ONES & {*named, call.params.get("Attribute")}:
        _instances(call, {"stopped"}, "The instance '{}' is not in the 'stopped' state.")
