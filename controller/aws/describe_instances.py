"""DescribeInstances, read with a parser of our own for just the fields of FoundInstance.

botocore builds every field of every instance through its service model: several times the work of all the rest.
"""

from collections.abc import Iterator, Sequence
from sys import intern
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element

from controller.aws.xml_page import incomplete, moment_of, read_pages, root_of, text_of
from controller.model.live import FoundInstance, Tags

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
    root, ns = root_of(body, _ROOT, _WHAT)
    reservations = root.find(f"{ns}reservationSet")
    if reservations is None:
        raise incomplete(_WHAT, "the answer has no reservations")
    read = _InstanceReader(ns)
    found: list[FoundInstance] = []
    for reservation in reservations:
        instances = reservation.find(f"{ns}instancesSet")
        if instances is None:
            raise incomplete(_WHAT, "a reservation has no instances")
        found.extend(
            instance for instance in map(read.instance, instances) if instance.state != _GONE
        )
    return found, text_of(root, f"{ns}nextToken") or None


class _InstanceReader:
    """Reads instances of one XML namespace; names are put together once."""

    def __init__(self, ns: str) -> None:
        self._id, self._state, self._name = f"{ns}instanceId", f"{ns}instanceState", f"{ns}name"
        self._launched, self._ip = f"{ns}launchTime", f"{ns}privateIpAddress"
        self._type, self._image = f"{ns}instanceType", f"{ns}imageId"
        self._placement, self._zone = f"{ns}placement", f"{ns}availabilityZone"
        self._lifecycle, self._root = f"{ns}instanceLifecycle", f"{ns}rootDeviceType"
        self._tags, self._key, self._value = f"{ns}tagSet", f"{ns}key", f"{ns}value"

    def instance(self, item: Element) -> FoundInstance:
        state, placement = item.find(self._state), item.find(self._placement)
        instance_id = item.findtext(self._id)
        name = None if state is None else state.findtext(self._name)
        if not instance_id or not name:
            raise incomplete(_WHAT, f"instance {instance_id or 'without an id'} has no state")
        return FoundInstance(
            instance_id=instance_id,
            state=intern(name),
            tags=self._tags_of(item),
            launched_at=moment_of(item.findtext(self._launched)),
            private_ip=text_of(item, self._ip),
            instance_type=intern(text_of(item, self._type)),
            zone="" if placement is None else intern(text_of(placement, self._zone)),
            image_id=intern(text_of(item, self._image)),
            lifecycle=intern(text_of(item, self._lifecycle)),
            root_device=intern(text_of(item, self._root) or "ebs"),
        )

    def _tags_of(self, item: Element) -> Tags:
        tags = item.find(self._tags)
        if tags is None:
            return ()
        key, value = self._key, self._value
        return tuple(
            (intern(tag.findtext(key) or ""), intern(tag.findtext(value) or "")) for tag in tags
        )
