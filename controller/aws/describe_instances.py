"""DescribeInstances, read with a parser of our own for just the fields of FoundInstance.

botocore builds every field of every instance through its service model: several times the work of all the rest.
"""

from collections.abc import Iterator, Sequence
from sys import intern
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element

from controller.aws.xml_page import incomplete, members_of, moment_of, read_pages, root_of, text_of
from controller.model.live import FoundInstance

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

PAGE_SIZE: Final = 1000
_GONE: Final = "terminated"
_ROOT: Final = "DescribeInstancesResponse"
_WHAT: Final = "look: read instances"


def read_instances(client: "EC2Client", states: Sequence[str] = ()) -> Iterator[FoundInstance]:
    """Return every instance of a client's account and region that is not terminated; a thousand a call.

    With ``states`` only those in one of them, which costs less where few are. Raises as ``read_pages``.
    """
    request: dict[str, Any] = {"MaxResults": PAGE_SIZE}
    if states:
        request["Filters"] = [{"Name": "instance-state-name", "Values": list(states)}]
    return read_pages(client, "describe_instances", request, parse_instances, _WHAT)


def parse_instances(body: bytes) -> tuple[list[FoundInstance], str | None]:
    """Return the instances of one answer, terminated ones left out, and the token of the next page, if there is one.

    Raises Unreachable for a body that is not the whole of such an answer.
    """
    root = root_of(body, _ROOT, _WHAT)
    reservations = root.find("reservationSet")
    if reservations is None:
        raise incomplete(_WHAT, "the answer has no reservations")
    found: list[FoundInstance] = []
    for reservation in reservations:
        instances = reservation.find("instancesSet")
        if instances is None:
            raise incomplete(_WHAT, "a reservation has no instances")
        found.extend(instance for instance in map(_instance, instances) if instance.state != _GONE)
    return found, text_of(root, "nextToken") or None


def _instance(item: Element) -> FoundInstance:
    state, placement = item.find("instanceState"), item.find("placement")
    instance_id = item.findtext("instanceId")
    name = None if state is None else state.findtext("name")
    if not instance_id or not name:
        raise incomplete(_WHAT, f"instance {instance_id or 'without an id'} has no state")
    return FoundInstance(
        instance_id=instance_id,
        state=intern(name),
        tags=tuple(
            (intern(text_of(tag, "key")), intern(text_of(tag, "value")))
            for tag in members_of(item, "tagSet")
        ),
        launched_at=moment_of(item.findtext("launchTime")),
        private_ip=text_of(item, "privateIpAddress"),
        instance_type=intern(text_of(item, "instanceType")),
        zone="" if placement is None else intern(text_of(placement, "availabilityZone")),
        image_id=intern(text_of(item, "imageId")),
        lifecycle=intern(text_of(item, "instanceLifecycle")),
        root_device=intern(text_of(item, "rootDeviceType") or "ebs"),
    )
