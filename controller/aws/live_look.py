"""One light look at an account and region: its groups and its instances, whole or not at all.

AWS's pages of XML are read with a parser of our own for just the fields of FoundGroup and FoundInstance. Why not botocore's:
it builds every field of every object through its service model. For a page of 1 000 instances with
12 tags each it takes 4.2 times the CPU time of ours (0.40 s against 0.09 s), for a page of 100 groups of two 3.1 times, and
reading is most of a light look. ``python -m benchmarks.look --check`` holds a look that every target has planned from to 1.3
times the CPU time of a bare boto3 script that only has the same pages read by botocore.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from sys import intern
from typing import Any, Final, Generic, NamedTuple, TypeVar
from xml.etree.ElementTree import Element, ParseError, fromstring

from controller.aws.clients import RawCall, place_of
from controller.aws.errors import aws_errors
from controller.aws.sessions import AwsAccess
from controller.errors import Unreachable
from controller.model.live import FoundGroup, FoundInstance, LiveLook, LiveScope, Member

T = TypeVar("T")

_NAMESPACE: Final = re.compile(rb' xmlns="[^"]*"')
_NOTHING: Final = Element("nothing")
_STOPPED_BY: Final = (
    "Client.InstanceInitiatedShutdown", "Client.UserInitiated", "Server.ScheduledStop", "Server.Spot",
)  # fmt: skip
"""How codes of StateReason begin where an instance ran, and was stopped. Any other is of a start that came to nothing."""
_INTERRUPTED: Final = "Server.Spot"
_PLACED: Final = ("tenancy", "groupName", "hostId")
"""Of a placement: what an instance takes its capacity from besides its type and zone; an Outpost and a reservation are others."""


class Listing(NamedTuple, Generic[T]):
    """An operation of AWS that lists all of an account and region, a page at a time."""

    what: str
    """How errors call it."""
    method: str
    request: Mapping[str, Any]
    answer: str
    """Name of the answer's top element."""
    things: str
    """What it holds, as errors say it."""
    holder: str
    """Where in it they are."""
    token: str
    """Where in it the token of the next page is."""
    read: Callable[[Element], Iterator[T]]
    """Returns what is in the holder. Raises Unreachable for what is not whole."""


def look(access: AwsAccess, scope: LiveScope, now: datetime) -> LiveLook:
    """Look at a scope: a call for each thousand instances and each hundred groups, nothing else.

    Pages are read as they come and dropped. Raises RoleNotReady, RoleRefused, and as any call: a read that failed halfway
    is no look, as what is not in it may be there all the same.
    """
    place = scope.account, scope.region
    groups = read_all(access.client("autoscaling", *place), GROUPS)
    by_name = {group.name: group for group in groups}
    instances = read_all(access.client("ec2", *place), INSTANCES)
    return LiveLook(scope, now, by_name, {instance.instance_id: instance for instance in instances})


def read_all(client: Any, listing: Listing[T], states: Sequence[str] = ()) -> Iterator[T]:
    """Yield everything of a client's account and region that an operation lists.

    With ``states`` only instances in one of them, which costs less where few are. Raises Unreachable for an answer that is
    not whole, and as any call: what was yielded before is no whole then.
    """
    place, request = place_of(client), dict(listing.request)
    if states:
        request["Filters"] = [{"Name": "instance-state-name", "Values": list(states)}]
    while True:
        with aws_errors(listing.what, place):
            body = RawCall().send(client, listing.method, request)
        found, following = parse_page(listing, body)
        yield from found
        if following is None:
            return
        if following == request.get("NextToken"):
            raise _incomplete(listing.what, f"the same page comes again and again ({place})")
        request["NextToken"] = following


def parse_page(listing: Listing[T], body: bytes) -> tuple[list[T], str | None]:
    """Return what is in one answer, and the token of the next page, if there is one.

    Its namespace is dropped, so that tags are called as AWS documents them. Raises Unreachable unless the body is one whole
    document of such an answer.
    """
    try:
        # Signed for and sent by AWS; expat itself bounds how far entities may grow.
        root = fromstring(_NAMESPACE.sub(b"", body, count=1))  # noqa: S314
    except ParseError as error:
        raise _incomplete(listing.what, f"the answer is no whole XML: {error}") from error
    if root.tag != listing.answer:
        raise _incomplete(listing.what, f"AWS answered with {root.tag}, expected {listing.answer}")
    holder = root.find(listing.holder)
    if holder is None:
        raise _incomplete(listing.what, f"the answer has no {listing.things}")
    return list(listing.read(holder)), root.findtext(listing.token, "") or None


def _groups(holder: Element) -> Iterator[FoundGroup]:
    """Yield every auto-scaling group."""
    for item in holder:
        name = item.findtext("AutoScalingGroupName", "")
        try:
            minimum, desired, maximum = (
                int(item.findtext(size, "")) for size in ("MinSize", "DesiredCapacity", "MaxSize")
            )
        except ValueError as error:
            what = f"group {name or 'without a name'} has no sizes"
            raise _incomplete(GROUPS.what, what) from error
        if not name:
            raise _incomplete(GROUPS.what, "a group has no name")
        # The group's own launch template, or that of its mixed instances policy.
        template, mixed = (
            _child(item, "LaunchTemplate"),
            item.find("MixedInstancesPolicy") is not None,
        )
        if template is _NOTHING and mixed:
            policy = "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification"
            template = _child(item, policy)
        tags = [
            (intern(tag.findtext("Key", "")), intern(tag.findtext("Value", "")), tag)
            for tag in _child(item, "Tags")
        ]
        yield FoundGroup(
            name=name,
            arn=item.findtext("AutoScalingGroupARN", ""),
            minimum=minimum,
            desired=desired,
            maximum=maximum,
            tags=tuple((key, value) for key, value, _ in tags),
            propagated=frozenset(
                key for key, _, tag in tags if tag.findtext("PropagateAtLaunch") == "true"
            ),
            subnets=tuple(filter(None, item.findtext("VPCZoneIdentifier", "").split(","))),
            suspended=frozenset(
                intern(process.findtext("ProcessName", ""))
                for process in _child(item, "SuspendedProcesses")
            ),
            members=tuple(map(_member, _child(item, "Instances"))),
            template_id=template.findtext("LaunchTemplateId", ""),
            template_name=template.findtext("LaunchTemplateName", ""),
            template_version=template.findtext("Version", ""),
            launch_configuration=item.findtext("LaunchConfigurationName", ""),
            status=item.findtext("Status", ""),
            created_at=_moment_of(item.findtext("CreatedTime")),
            mixed=mixed,
        )


def _member(item: Element) -> Member:
    instance_id, lifecycle = item.findtext("InstanceId"), item.findtext("LifecycleState")
    if not instance_id or not lifecycle:
        raise _incomplete(GROUPS.what, f"member {instance_id or 'without an id'} has no state")
    template = _child(item, "LaunchTemplate")
    return Member(
        instance_id,
        intern(lifecycle),
        intern(item.findtext("AvailabilityZone", "")),
        intern(template.findtext("LaunchTemplateId", "")),
        intern(template.findtext("Version", "")),
        item.findtext("HealthStatus", "").lower() == "healthy",
        item.findtext("ProtectedFromScaleIn", "") == "true",
    )


def _instances(holder: Element) -> Iterator[FoundInstance]:
    """Yield every instance that is not terminated."""
    for reservation in holder:
        items = reservation.find("instancesSet")
        if items is None:
            raise _incomplete(INSTANCES.what, "a reservation has no instances")
        for item in items:
            instance_id = item.findtext("instanceId")
            state = _child(item, "instanceState").findtext("name")
            if not instance_id or not state:
                what = f"instance {instance_id or 'without an id'} has no state"
                raise _incomplete(INSTANCES.what, what)
            if state == "terminated":
                continue
            placement, failed_start, pool, interrupted = _child(item, "placement"), "", "", False
            if state == "stopped":
                # One step at a time, as paths are looked up in Python. The tenancy is said of all.
                reason = _child(item, "stateReason")
                reserved = _child(item, "capacityReservationSpecification")
                reserved = _child(reserved, "capacityReservationTarget")
                bound_to = (*map(placement.findtext, _PLACED), item.findtext("outpostArn"), reserved.findtext("capacityReservationId"))  # fmt: skip
                pool = intern(" ".join(filter(None, bound_to)).removeprefix("default").strip())
                failed_start = reason.findtext("code", "")
                interrupted = failed_start.startswith(_INTERRUPTED)
                if failed_start.startswith(_STOPPED_BY):
                    failed_start = ""
                elif failed_start:
                    failed_start = reason.findtext("message") or failed_start
            yield FoundInstance(
                instance_id=instance_id,
                state=intern(state),
                tags=tuple(
                    (intern(tag.findtext("key", "")), intern(tag.findtext("value", "")))
                    for tag in _child(item, "tagSet")
                ),
                launched_at=_moment_of(item.findtext("launchTime")),
                private_ip=item.findtext("privateIpAddress", ""),
                instance_type=intern(item.findtext("instanceType", "")),
                zone=intern(placement.findtext("availabilityZone", "")),
                image_id=intern(item.findtext("imageId", "")),
                lifecycle=intern(item.findtext("instanceLifecycle", "")),
                root_device=intern(item.findtext("rootDeviceType", "") or "ebs"),
                failed_start=failed_start,
                pool=pool,
                interrupted=interrupted,
            )


GROUPS: Final = Listing(
    "look: read auto-scaling groups",
    "describe_auto_scaling_groups",
    {"MaxRecords": 100},
    "DescribeAutoScalingGroupsResponse",
    "groups",
    "DescribeAutoScalingGroupsResult/AutoScalingGroups",
    "DescribeAutoScalingGroupsResult/NextToken",
    _groups,
)
INSTANCES: Final = Listing(
    "look: read instances",
    "describe_instances",
    {"MaxResults": 1000},
    "DescribeInstancesResponse",
    "reservations",
    "reservationSet",
    "nextToken",
    _instances,
)


def _child(element: Element, tag: str) -> Element:
    """Return the first child with this tag; one that holds nothing if there is none."""
    found = element.find(tag)
    return _NOTHING if found is None else found


def _moment_of(text: str | None) -> datetime | None:
    """Read a moment as AWS writes it; None where there is none. Raises Unreachable for what is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _incomplete("look", f"{text!r} is no moment") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _incomplete(what: str, detail: str) -> Unreachable:
    """Return the error for an answer that something is missing from: what is not in it may be there all the same."""
    return Unreachable(
        f"{what}: {detail}",
        fix="nothing if it passes, it is read again; otherwise check the proxy before AWS",
    )
