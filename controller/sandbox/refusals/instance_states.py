"""What an instance's state allows.

IncorrectInstanceState: "The instance is in an incorrect state, so you can't perform the specified action. Some instance
attributes [...] can only be modified if the instance is in a 'stopped' state." StopInstances: "You can't stop [...]
instance store-backed instances"; UnsupportedOperation for what the instance's kind forbids. "You can stop a Spot
Instance if its request is persistent". (Amazon EC2 API Reference, Error codes, StopInstances, ModifyInstanceAttribute)
"""

from typing import Any

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before

CAN_START = frozenset({"stopped", "running", "pending"})
CAN_STOP = frozenset({"running", "stopping", "stopped"})


def _instances(call: Call) -> list[Any]:
    single = call.params.get("InstanceId")
    ids = [*call.ids(), *([str(single)] if single else [])]
    return [call.ec2.get_instance(one) for one in ids]


@before("ec2", "StartInstances")
def only_stopped_instances_start(call: Call) -> None:
    """Refuse to start what is stopping, shutting down or terminated."""
    for instance in _instances(call):
        if instance.state not in CAN_START:
            raise Refused(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be started.",
            )


@before("ec2", "StopInstances")
def only_running_instances_stop(call: Call) -> None:
    """Refuse to stop what is pending or terminated, and what cannot be stopped at all."""
    for instance in _instances(call):
        if instance.state not in CAN_STOP:
            raise Refused(
                "IncorrectInstanceState",
                f"This instance '{instance.id}' is not in a state from which it can be stopped.",
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
def the_type_of_a_running_instance_stays(call: Call) -> None:
    """Refuse another type or user data unless the instance is stopped."""
    changes = {"InstanceType", "UserData", "Kernel", "Ramdisk"} & set(call.params)
    if call.params.get("Attribute") in ("instanceType", "userData", "kernel", "ramdisk"):
        changes.add(str(call.params["Attribute"]))
    for instance in _instances(call):
        if changes and instance.state != "stopped":
            raise Refused(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in the 'stopped' state.",
            )
