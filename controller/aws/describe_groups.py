"""DescribeAutoScalingGroups, read with a parser of our own for just the fields of FoundGroup."""

from collections.abc import Iterator
from sys import intern
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element

from controller.aws.xml_page import incomplete, moment_of, read_pages, root_of, text_of
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
    root, ns = root_of(body, _ROOT, _WHAT)
    result = root.find(f"{ns}DescribeAutoScalingGroupsResult")
    groups = None if result is None else result.find(f"{ns}AutoScalingGroups")
    if result is None or groups is None:
        raise incomplete(_WHAT, "the answer has no groups")
    read = _GroupReader(ns)
    return [read.group(group) for group in groups], text_of(result, f"{ns}NextToken") or None


class _GroupReader:
    """Reads groups of one XML namespace."""

    def __init__(self, ns: str) -> None:
        self._ns = ns
        self._instance_id, self._state = f"{ns}InstanceId", f"{ns}LifecycleState"
        self._zone, self._health = f"{ns}AvailabilityZone", f"{ns}HealthStatus"
        self._protected, self._template = f"{ns}ProtectedFromScaleIn", f"{ns}LaunchTemplate"
        self._template_id, self._version = f"{ns}LaunchTemplateId", f"{ns}Version"
        self._template_name = f"{ns}LaunchTemplateName"
        self._key, self._value = f"{ns}Key", f"{ns}Value"
        self._propagate = f"{ns}PropagateAtLaunch"

    def group(self, item: Element) -> FoundGroup:
        ns = self._ns
        name = text_of(item, f"{ns}AutoScalingGroupName")
        try:
            minimum, desired, maximum = (
                int(text_of(item, f"{ns}{size}"))
                for size in ("MinSize", "DesiredCapacity", "MaxSize")
            )
        except ValueError as error:
            raise incomplete(_WHAT, f"group {name or 'without a name'} has no sizes") from error
        if not name:
            raise incomplete(_WHAT, "a group has no name")
        template = self._template_of(item)
        found = _members(item, f"{ns}Tags")
        return FoundGroup(
            name=name,
            arn=text_of(item, f"{ns}AutoScalingGroupARN"),
            minimum=minimum,
            desired=desired,
            maximum=maximum,
            tags=tuple(
                (intern(text_of(tag, self._key)), intern(text_of(tag, self._value)))
                for tag in found
            ),
            propagated=frozenset(
                intern(text_of(tag, self._key))
                for tag in found
                if text_of(tag, self._propagate) == "true"
            ),
            subnets=tuple(filter(None, text_of(item, f"{ns}VPCZoneIdentifier").split(","))),
            suspended=frozenset(
                intern(text_of(member, f"{ns}ProcessName"))
                for member in _members(item, f"{ns}SuspendedProcesses")
            ),
            members=tuple(map(self._member, _members(item, f"{ns}Instances"))),
            template_id=_text(template, self._template_id),
            template_name=_text(template, self._template_name),
            template_version=_text(template, self._version),
            launch_configuration=text_of(item, f"{ns}LaunchConfigurationName"),
            status=text_of(item, f"{ns}Status"),
            created_at=moment_of(text_of(item, f"{ns}CreatedTime")),
        )

    def _template_of(self, item: Element) -> Element | None:
        """Return the group's launch template, be it its own or that of its mixed instances policy."""
        own = item.find(self._template)
        policy = item.find(f"{self._ns}MixedInstancesPolicy")
        if own is not None or policy is None:
            return own
        mixed = policy.find(self._template)
        return None if mixed is None else mixed.find(f"{self._ns}LaunchTemplateSpecification")

    def _member(self, item: Element) -> Member:
        instance_id, lifecycle = item.findtext(self._instance_id), item.findtext(self._state)
        if not instance_id or not lifecycle:
            raise incomplete(_WHAT, f"member {instance_id or 'without an id'} has no state")
        template = item.find(self._template)
        return Member(
            instance_id,
            intern(lifecycle),
            intern(text_of(item, self._zone)),
            intern(_text(template, self._template_id)),
            intern(_text(template, self._version)),
            text_of(item, self._health).lower() == "healthy",
            text_of(item, self._protected) == "true",
        )


def _members(item: Element, tag: str) -> tuple[Element, ...]:
    found = item.find(tag)
    return () if found is None else tuple(found)


def _text(element: Element | None, tag: str) -> str:
    return "" if element is None else text_of(element, tag)
