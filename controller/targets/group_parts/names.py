"""What groups and what they need are called (domain rules: other programs read and make the same names), and what is asked of them.

Asked beside a light look: ``keyPair/tango``, ``securityGroup/vpc-1/sgOSLinux``, ``group/c50-ta-Web``.
"""

from collections.abc import Iterable
from typing import Any, Final

from controller.model.canonical import digest
from controller.model.partition import partition_of
from controller.model.ref import ResourceRef

GROUP = "Group"
SCALING_SCHEDULES = "ScalingSchedules"

LONGEST_NAME = 255
"""Characters of a group's name (limit of EC2 Auto Scaling)."""


LONGEST_TEMPLATE_NAME = 128
"""Characters of a launch template's name (limit of EC2)."""


def runtime_role(role: str, slice_name: str) -> str:
    """Return the role as its instances know it: ``Web``, or ``Web-blue`` where each slice has a group."""
    return f"{role}-{slice_name}" if slice_name else role


def group_name(environment: str, short_name: str, role: str) -> str:
    """Return ``c50-ta-Web`` for environment, short name of the owning cluster and runtime role."""
    return f"{environment}-{short_name.lower()}-{role}"


def environment_in(group: str) -> str:
    """Return the environment a group's name begins with, empty for a name that cannot be one of ours.

    No environment has a hyphen in its name.
    """
    parts = group.split("-")
    return parts[0] if len(parts) >= 3 and all(parts) else ""


def template_name(group: str) -> str:
    """Return the name of a group's launch template, which EC2 lets be shorter than a group's."""
    name = f"LaunchTemplate_{group}"
    if len(name) <= LONGEST_TEMPLATE_NAME:
        return name
    return f"{name[: LONGEST_TEMPLATE_NAME - 13]}-{digest(group.encode())[:12]}"


def role_profile(cluster: str, role: str) -> str:
    """Return the instance profile of a role that names none."""
    return f"role{cluster}{role}"


def role_security_group(cluster: str, role: str) -> str:
    """Return the security group of a role that names none."""
    return f"sgRole{cluster}{role}"


def platform_security_groups(platform: str, *, secure: bool) -> tuple[str, ...]:
    """Return the security groups every instance of a platform (``Linux``, ``Windows``) has beside its role's."""
    return ("sgZoneSecure", f"sgOS{platform}Secure") if secure else (f"sgOS{platform}",)


def topic_arn(topic: str, region: str, account: str) -> str:
    """Return the ARN of a topic given by name or ARN."""
    if topic.startswith("arn:"):
        return topic
    return f"arn:{partition_of(region)}:sns:{region}:{account}:{topic}"


def group_ref(scope: str, name: str) -> ResourceRef:
    """Return how plans call a group."""
    return ResourceRef(GROUP, f"{scope}/{name}")


def schedules_ref(scope: str, group: str) -> ResourceRef:
    """Return how plans call the scaling schedules of a group."""
    return ResourceRef(SCALING_SCHEDULES, f"{scope}/{group}")


def name_in(ref: ResourceRef) -> str:
    """Return the group's name of either ref."""
    return ref.key.rsplit("/", 1)[1]


GROUP_DETAILS: Final = "group"
"""All of a group that a light look does not show."""
IMAGE: Final = "image"
"""``<trusted owners>/<wish>`` -> images it may mean."""
SECURITY_GROUP: Final = "securityGroup"
"""``<vpc>/<name>`` -> ids."""
PROFILE: Final = "instanceProfile"
KEY_PAIR: Final = "keyPair"
SUBNET: Final = "subnet"
TOPIC: Final = "topic"
DENIED: Final = "denied"
"""Answer about what may not be asked for: whether it is there cannot be told."""
REFRESH: Final = "refresh"
"""How far the last instance refresh of a group has come."""
ACTIVITIES: Final = "activities"
"""What a group that has fewer instances than it was asked for did last."""
SCHEDULED_ACTIONS: Final = "scheduledActions"
"""Scheduled actions of a group."""

Known = dict[str, Any]
"""Question -> answer, plain JSON; None (or an empty list) where there is no such thing."""


def ask(what: str, name: str) -> str:
    """Return a question."""
    return f"{what}/{name}"


def names_asked(asks: Iterable[str], what: str) -> list[str]:
    """Return the names that are asked for of one sort, in order."""
    return sorted(
        question.partition("/")[2] for question in asks if question.partition("/")[0] == what
    )
