"""DescribeAutoScalingGroups, read with a parser of our own for just the fields of FoundGroup."""

from collections.abc import Iterator
from sys import intern
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element

from controller.aws.xml_page import incomplete, members_of, moment_of, read_pages, root_of, text_of
from controller.model.live import FoundGroup, Member

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient

PAGE_SIZE: Final = 100
_ROOT: Final = "DescribeAutoScalingGroupsResponse"
_WHAT: Final = "look: read auto-scaling groups"


def read_groups(client: "AutoScalingClient") -> Iterator[FoundGroup]:
    """Return every auto-scaling group of a client's account and region; a hundred a call.

    Raises as ``read_pages``.
    """
    request = {"MaxRecords": PAGE_SIZE}
    return read_pages(client, "describe_auto_scaling_groups", request, parse_groups, _WHAT)


def parse_groups(body: bytes) -> tuple[list[FoundGroup], str | None]:
    """Return the groups of one answer, and the token of the next page, if there is one.

    Raises Unreachable for a body that is not the whole of such an answer.
    """
    result = root_of(body, _ROOT, _WHAT).find("DescribeAutoScalingGroupsResult")
    groups = None if result is None else result.find("AutoScalingGroups")
    if result is None or groups is None:
        raise incomplete(_WHAT, "the answer has no groups")
    return list(map(_group, groups)), text_of(result, "NextToken") or None


def _group(item: Element) -> FoundGroup:
    name = text_of(item, "AutoScalingGroupName")
    try:
        minimum, desired, maximum = (
            int(text_of(item, size)) for size in ("MinSize", "DesiredCapacity", "MaxSize")
        )
    except ValueError as error:
        raise incomplete(_WHAT, f"group {name or 'without a name'} has no sizes") from error
    if not name:
        raise incomplete(_WHAT, "a group has no name")
    template = _template_of(item)
    tags = members_of(item, "Tags")
    return FoundGroup(
        name=name,
        arn=text_of(item, "AutoScalingGroupARN"),
        minimum=minimum,
        desired=desired,
        maximum=maximum,
        tags=tuple((intern(text_of(tag, "Key")), intern(text_of(tag, "Value"))) for tag in tags),
        propagated=frozenset(
            intern(text_of(tag, "Key"))
            for tag in tags
            if text_of(tag, "PropagateAtLaunch") == "true"
        ),
        subnets=tuple(filter(None, text_of(item, "VPCZoneIdentifier").split(","))),
        suspended=frozenset(
            intern(text_of(process, "ProcessName"))
            for process in members_of(item, "SuspendedProcesses")
        ),
        members=tuple(map(_member, members_of(item, "Instances"))),
        template_id=_text(template, "LaunchTemplateId"),
        template_name=_text(template, "LaunchTemplateName"),
        template_version=_text(template, "Version"),
        launch_configuration=text_of(item, "LaunchConfigurationName"),
        status=text_of(item, "Status"),
        created_at=moment_of(text_of(item, "CreatedTime")),
    )


def _template_of(item: Element) -> Element | None:
    """Return the group's launch template, be it its own or that of its mixed instances policy."""
    own = item.find("LaunchTemplate")
    if own is not None:
        return own
    return item.find("MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification")


def _member(item: Element) -> Member:
    instance_id, lifecycle = item.findtext("InstanceId"), item.findtext("LifecycleState")
    if not instance_id or not lifecycle:
        raise incomplete(_WHAT, f"member {instance_id or 'without an id'} has no state")
    template = item.find("LaunchTemplate")
    return Member(
        instance_id,
        intern(lifecycle),
        intern(text_of(item, "AvailabilityZone")),
        intern(_text(template, "LaunchTemplateId")),
        intern(_text(template, "Version")),
        text_of(item, "HealthStatus").lower() == "healthy",
        text_of(item, "ProtectedFromScaleIn") == "true",
    )


def _text(element: Element | None, tag: str) -> str:
    return "" if element is None else text_of(element, tag)
