"""Reads what groups refer to: images, security groups, profiles, key pairs, subnets, topics. Many in a call, only those asked for."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import RefusedByAws
from controller.ports import LiveReads
from controller.targets.group_parts.images import FoundImage, form_of
from controller.targets.group_parts.names import (
    IMAGE,
    KEY_PAIR,
    PROFILE,
    SECURITY_GROUP,
    SUBNET,
    TOPIC,
    Known,
    ask,
    names_asked,
)

FILTER_VALUES = 200
"""Values one filter of EC2 takes."""
PAGE = 1000

T = TypeVar("T")


def read_references(asks: Iterable[str], reads: LiveReads) -> Known:
    """Answer what is asked about things groups refer to. Raises as any call."""
    asked = list(asks)
    known: Known = {}
    for what, read in (
        (IMAGE, lambda names: _images(names, reads)),
        (SECURITY_GROUP, lambda names: _security_groups(names, reads)),
        (KEY_PAIR, lambda names: _key_pairs(names, reads)),
        (SUBNET, lambda names: _subnets(names, reads)),
        (PROFILE, lambda names: _profiles(names, reads)),
        (TOPIC, lambda names: _topics(names, reads)),
    ):
        names = names_asked(asked, what)
        if names:
            found = read(names)
            known.update({ask(what, name): found.get(name) for name in names})
    return known


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Part values into lists of at most ``size``."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def pages(
    client: Any, method: str, key: str, what: str, **request: Any
) -> Iterator[dict[str, Any]]:
    """Yield what all pages of a call list under a key. Raises as any call."""
    place = place_of(client)
    with aws_errors(f"groups: {what}", place):
        for page in client.get_paginator(method).paginate(**request):
            yield from page.get(key) or ()


def filter_of(name: str, values: Iterable[str]) -> dict[str, Any]:
    """Return one filter of EC2."""
    return {"Name": name, "Values": list(values)}


def _images(names: list[str], reads: LiveReads) -> dict[str, list[list[Any]]]:
    client = reads.client("ec2")
    wishes = {name: name.rpartition("/")[2] for name in names}
    owners = sorted(
        {owner for name in names for owner in name.rpartition("/")[0].split(",") if owner}
    )
    ids = sorted({wish for wish in wishes.values() if form_of(wish) == "id"})
    patterns = sorted({_pattern(wish) for wish in wishes.values() if form_of(wish) != "id"})
    found = images_by_id(ids, client)
    for part in chunks(patterns, FILTER_VALUES):
        request = {"Owners": owners, "Filters": [filter_of("name", part)]}
        for image in _describe_images(client, **request):
            found[image.id] = image
    return {
        name: [list(image) for image in found.values() if _may_be_meant(wish, image)]
        for name, wish in wishes.items()
    }


def _pattern(wish: str) -> str:
    return wish if form_of(wish) == "version" else f"{wish}-*"


def _may_be_meant(wish: str, image: FoundImage) -> bool:
    return wish in {image.id, image.name} or image.name.startswith(f"{wish}-")


def images_by_id(ids: Iterable[str], client: Any) -> dict[str, FoundImage]:
    """Return those of the images that there are, by id. Raises as any call."""
    return {
        image.id: image
        for part in chunks(sorted(ids), FILTER_VALUES)
        for image in _describe_images(client, Filters=[filter_of("image-id", part)])
    }


def _describe_images(client: Any, **request: Any) -> Iterator[FoundImage]:
    for item in pages(client, "describe_images", "Images", "read images", **request):
        yield _image(item)


def _image(item: dict[str, Any]) -> FoundImage:
    tags = {str(tag["Key"]).lower(): str(tag["Value"]) for tag in item.get("Tags") or ()}
    root = str(item.get("RootDeviceName") or "")
    sizes = {
        str(mapping.get("DeviceName")): int((mapping.get("Ebs") or {}).get("VolumeSize") or 0)
        for mapping in item.get("BlockDeviceMappings") or ()
    }
    windows = "windows" in str(item.get("Platform") or item.get("PlatformDetails") or "").lower()
    return FoundImage(
        id=str(item["ImageId"]),
        name=str(item.get("Name") or ""),
        owner=str(item.get("OwnerId") or ""),
        owner_alias=str(item.get("ImageOwnerAlias") or ""),
        platform="Windows" if windows else "Linux",
        stable=bool(tags.get("stable")) or item.get("Description") == "stable",
        root_device=root,
        root_size=sizes.get(root, 0),
        created_at=str(item.get("CreationDate") or ""),
    )


def _security_groups(names: list[str], reads: LiveReads) -> dict[str, list[str]]:
    client = reads.client("ec2")
    by_vpc: dict[str, list[str]] = {}
    for name in names:
        vpc, _, group = name.partition("/")
        by_vpc.setdefault(vpc, []).append(group)
    found: dict[str, list[str]] = {}
    for vpc, groups in by_vpc.items():
        for part in chunks(groups, FILTER_VALUES):
            filters = [filter_of("vpc-id", [vpc]), filter_of("tag:Name", part)]
            for item in pages(
                client,
                "describe_security_groups",
                "SecurityGroups",
                "read security groups",
                Filters=filters,
            ):
                found.setdefault(f"{vpc}/{name_tag(item)}", []).append(str(item["GroupId"]))
    return {name: sorted(ids) for name, ids in found.items()}


def name_tag(item: dict[str, Any]) -> str:
    """Return what something is called by its Name tag; empty if it has none."""
    return next((str(tag["Value"]) for tag in item.get("Tags") or () if tag["Key"] == "Name"), "")


def _key_pairs(names: list[str], reads: LiveReads) -> dict[str, str]:
    client = reads.client("ec2")
    found = {}
    for part in chunks(names, FILTER_VALUES):
        with aws_errors("groups: read key pairs", place_of(client)):
            answer = client.describe_key_pairs(Filters=[filter_of("key-name", part)])
        for item in answer.get("KeyPairs") or ():
            found[str(item["KeyName"])] = str(item.get("KeyPairId") or item["KeyName"])
    return found


def _subnets(names: list[str], reads: LiveReads) -> dict[str, str]:
    client = reads.client("ec2")
    return {
        str(item["SubnetId"]): str(item["VpcId"])
        for part in chunks(names, FILTER_VALUES)
        for item in pages(
            client,
            "describe_subnets",
            "Subnets",
            "read subnets",
            Filters=[filter_of("subnet-id", part)],
        )
    }


def _profiles(names: list[str], reads: LiveReads) -> dict[str, str]:
    client = reads.client("iam")

    def one(name: str) -> str:
        answer = client.get_instance_profile(InstanceProfileName=name)
        return str(answer["InstanceProfile"]["Arn"])

    return _each(names, one, "read an instance profile", client)


def _topics(names: list[str], reads: LiveReads) -> dict[str, str]:
    client = reads.client("sns")

    def one(arn: str) -> str:
        return str(client.get_topic_attributes(TopicArn=arn)["Attributes"]["TopicArn"])

    return _each(names, one, "read a topic", client)


def _each(names: list[str], read: Callable[[str], str], what: str, client: Any) -> dict[str, str]:
    """Read one after the other what AWS lists by name alone; what does not exist is not in the result."""
    found = {}
    for name in names:
        try:
            with aws_errors(f"groups: {what}", place_of(client)):
                found[name] = read(name)
        except NotFound:
            continue
        except RefusedByAws as error:
            if error.aws_code not in {"InvalidParameter", "InvalidParameterValue"}:
                raise
    return found
