"""How a group gets to its desired capacity: launching, ending, and the processes that may be suspended.

moto launches all members into one subnet from the template's default version, ends members in standby first, and minds
no suspended process.
"""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG, FakeAutoScalingGroup, InstanceState

from controller.sandbox.additions.activities import note_failed_launch
from controller.sandbox.rules import replaces
from controller.sandbox.state import STATE, finish, wait

COUNTED = frozenset({"InService", "Pending", "Pending:Wait", "Pending:Proceed"})
"""Lifecycle states that count towards the desired capacity; Standby is not one."""


def is_suspended(group: Any, *processes: str) -> bool:
    """Whether one of the processes is suspended in the group."""
    return any(process["ProcessName"] in processes for process in group.suspended_processes)


@replaces(FakeAutoScalingGroup, "active_instances")
def counted(group: Any) -> list[InstanceState]:
    """Return the members that count towards the desired capacity."""
    return [member for member in group.instance_states if member.lifecycle_state in COUNTED]


def settle(group: Any) -> None:
    """Launch or end members until as many count as are desired, as far as processes allow."""
    missing = (group.desired_capacity or 0) - len(counted(group))
    if missing > 0:
        launch(group, missing)
    elif missing < 0:
        # Those of another template version first, then the oldest; never protected ones.
        now = current_version(group)
        candidates = [member for member in counted(group) if not member.protected_from_scale_in]
        candidates.sort(key=lambda member: launched_version(group, member) == now)
        end(group, candidates[:-missing])
    if group.name in group.autoscaling_backend.autoscaling_groups:
        group.autoscaling_backend.update_attached_elbs(group.name)
        group.autoscaling_backend.update_attached_target_groups(group.name)


@replaces(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def launch(group: Any, count: int, _tags: dict[str, str] | None = None) -> None:
    """Launch members, evenly over the subnets, unless Launch is suspended.

    "Launch: Adds instances to the Auto Scaling group when the group scales out [...]. If you suspend Launch, [...]
    your group doesn't scale out." (Amazon EC2 Auto Scaling User Guide, Suspend and resume processes)
    """
    if is_suspended(group, "Launch"):
        return
    if group.name in STATE.settings.failing_launches:
        note_failed_launch(group)
        return
    for subnet, share in _shares(group, count).items():
        for instance in run_instances(group, subnet or None, share):
            member = InstanceState(
                instance,
                protected_from_scale_in=group.new_instances_protected_from_scale_in,
                autoscaling_group=group,
            )
            instance.autoscaling_group = group
            instance.sandbox_template_version = current_version(group)
            group.instance_states.append(member)
            begin_service(group, member)


def begin_service(group: Any, member: InstanceState) -> None:
    """Let a member show Pending for as many looks as set, then InService with its instance running."""
    if STATE.delays.launch <= 0:
        member.lifecycle_state = "InService"
        return
    member.lifecycle_state = "Pending"

    def in_service() -> None:
        finish(group.ec2_backend, member.instance.id)
        member.lifecycle_state = "InService"

    wait(group.autoscaling_backend, member.instance.id, STATE.delays.launch, in_service)


def end(group: Any, members: Iterable[InstanceState], *, even_if_suspended: bool = False) -> None:
    """End the instances of members and forget these, unless Terminate is suspended; a hook holds them first.

    "Suspending the Terminate process applies only to instances that are currently in the InService state." "If you suspend the
    Terminate process, you can still force instances to be terminated by using the delete-auto-scaling-group command with the
    force delete option." (User Guide, Considerations for suspending processes)
    "the instance remains in a wait state [...] until the timeout period ends" (User Guide, Lifecycle hooks). A group that is
    deleted by force waits for none: "without waiting for all instances to be terminated. This action also deletes any
    outstanding lifecycle actions associated with the group." (API Reference, DeleteAutoScalingGroup)
    """
    gone = {member.instance.id: member for member in members}
    if not gone or (is_suspended(group, "Terminate") and not even_if_suspended):
        return
    if STATE.delays.drain > 0 and not even_if_suspended and _is_held(group):
        for name, member in gone.items():
            member.lifecycle_state = "Terminating:Wait"
            wait(
                group.autoscaling_backend,
                name,
                STATE.delays.drain,
                partial(_gone, group, {name: member}),
            )
        return
    _gone(group, gone)


def _is_held(group: Any) -> bool:
    """Whether a hook holds members of the group that end."""
    return any(
        hook.auto_scaling_group_name == group.name
        and hook.lifecycle_transition == "autoscaling:EC2_INSTANCE_TERMINATING"
        for hook in group.autoscaling_backend.lifecycle_hooks.values()
    )


def _gone(group: Any, gone: dict[str, InstanceState]) -> None:
    for member in gone.values():
        # Auto Scaling is not bound by an instance's protection against termination by API.
        member.instance.disable_api_termination = False
    group.ec2_backend.terminate_instances(list(gone))
    group.instance_states = [
        member for member in group.instance_states if member.instance.id not in gone
    ]


def current_version(group: Any) -> int | None:
    """Return the number of the launch template's version new members get."""
    template = group.ec2_launch_template
    if template is None:
        return None
    return int(template.get_version(group.launch_template_version).number)


def launched_version(group: Any, member: InstanceState) -> int | None:
    """Return the number of the version a member was launched from."""
    found: int | None = getattr(member.instance, "sandbox_template_version", current_version(group))
    return found


@replaces(FakeAutoScalingGroup, "set_desired_capacity")
def _set_desired_capacity(self: Any, new_capacity: int | None) -> None:
    self.desired_capacity = self.min_size if new_capacity is None else new_capacity
    settle(self)


def _launch_template(self: Any) -> dict[str, Any] | None:
    group = self.auto_scaling_group
    template = None if group is None else group.ec2_launch_template
    if template is None:
        return None
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Version": str(launched_version(group, self)),
    }


replaces(InstanceState, "launch_template")(property(_launch_template))


def _shares(group: Any, count: int) -> dict[str, int]:
    """Return how many to launch into each subnet, so that all hold about the same number."""
    subnets = (group.vpc_zone_identifier or "").split(",")
    held = dict.fromkeys(subnets, 0)
    for member in group.instance_states:
        if member.instance.subnet_id in held:
            held[member.instance.subnet_id] += 1
    shares: Counter[str] = Counter()
    for _ in range(count):
        shares[min(subnets, key=lambda subnet: held[subnet] + shares[subnet])] += 1
    return shares


def run_instances(group: Any, subnet: str | None, count: int) -> list[Any]:
    """Run instances from a group's template, with its tags; the group does not list them yet."""
    template = group.ec2_launch_template
    configuration = group.launch_config
    tags = {**group.get_propagated_tags(), **group.instance_tags, ASG_NAME_TAG: group.name}
    reservation = group.ec2_backend.run_instances(
        group.image_id,
        count,
        group.user_data,
        group.security_groups,
        instance_type=group.instance_type,
        tags={"instance": tags},
        placement=None if subnet else group.availability_zones[0],
        launch_config=configuration,
        launch_template=template
        and {"LaunchTemplateId": template.id, "Version": str(current_version(group))},
        is_instance_type_default=False,
        associate_public_ip=configuration.associate_public_ip_address if configuration else None,
        subnet_id=subnet,
    )
    return list(reservation.instances)
