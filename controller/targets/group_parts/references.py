"""Reads what groups refer to: images, security groups, profiles, key pairs, subnets, topics. Many in a call, only those asked for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import AccessDenied, RefusedByAws, Unreachable
from controller.ports import LiveReads
from controller.targets.group_parts.calls import FILTER_VALUES, chunks, filtered
from controller.targets.group_parts.images import FoundImage, form_of
from controller.targets.group_parts.names import (
    DENIED,
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


def read_references(asks: Iterable[str], reads: LiveReads) -> Known:
    """Answer what is asked about things groups refer to. Raises as any call."""
    asked = list(asks)
    known: Known = {}
    for what, read in (
        (IMAGE, _images),
        (SECURITY_GROUP, _security_groups),
        (KEY_PAIR, _key_pairs),
        (SUBNET, _subnets),
        (PROFILE, _profiles),
        (TOPIC, _topics),
    ):
        if names := names_asked(asked, what):
            found: Mapping[str, Any] = read(names, reads)
            known |= {ask(what, name): found.get(name) for name in names}
    return known


def _images(names: list[str], reads: LiveReads) -> dict[str, list[list[Any]]]:
    client = reads.client("ec2")
    wishes = {name: name.rpartition("/")[2] for name in names}
    owners = sorted(
        {owner for name in names for owner in name.rpartition("/")[0].split(",") if owner}
    )
    of_form: dict[str, set[str]] = {"id": set(), "version": set(), "type": set()}
    for wish in wishes.values():
        of_form[form_of(wish)].add(wish)
    found = images_by_id(of_form["id"], client)
    # One that is named is meant, deprecated or not; the latest of a type is one that its owner still offers.
    for image in _described(
        client, of_form["version"], "name", Owners=owners, IncludeDeprecated=True
    ):
        found[image.id] = image
    latest = [f"{wish}-*" for wish in of_form["type"]]
    offered = {image.id: image for image in _described(client, latest, "name", Owners=owners)}
    found |= _as_their_owners_see_them(offered, latest, reads)
    return {
        name: [
            list(image)
            for image in found.values()
            if wish in {image.id, image.name} or image.name.startswith(f"{wish}-")
        ]
        for name, wish in wishes.items()
    }


def _as_their_owners_see_them(
    images: Mapping[str, FoundImage], names: Iterable[str], reads: LiveReads
) -> dict[str, FoundImage]:
    """Return images with what EC2 shows of them to their owner alone: tags. Asked for where nothing else makes them stable."""
    found = dict(images)
    others = {
        image.owner
        for image in images.values()
        if image.owner != reads.scope.account and not image.owner_alias and not image.stable
    }
    for owner in sorted(others):
        try:
            client = reads.of_account("ec2", owner)
            seen = {image.id: image for image in _described(client, names, "name", Owners=["self"])}
        except (AccessDenied, Unreachable):
            # What is wrong is that account's own: it keeps nothing else here from being known.
            seen = {}
        found |= {
            id_: seen.get(id_, image._replace(tags_seen=False))
            for id_, image in images.items()
            if image.owner == owner
        }
    return found


def images_by_id(ids: Iterable[str], client: Any) -> dict[str, FoundImage]:
    """Return those of the images that there are, by id. Raises as any call."""
    return {
        image.id: image for image in _described(client, ids, "image-id", IncludeDeprecated=True)
    }


def _described(client: Any, values: Iterable[str], by: str, **request: Any) -> Iterator[FoundImage]:
    what, distinct = "read images", sorted(set(values))
    return map(_image, filtered(client, "describe_images", what, distinct, by, **request))


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
        deprecated_at=str(item.get("DeprecationTime") or ""),
    )


def _security_groups(names: list[str], reads: LiveReads) -> dict[str, list[str]]:
    client = reads.client("ec2")
    by_vpc: dict[str, list[str]] = {}
    for name in names:
        vpc, _, group = name.partition("/")
        by_vpc.setdefault(vpc, []).append(group)
    found: dict[str, list[str]] = {}
    method, what = "describe_security_groups", "read security groups"
    for vpc, groups in by_vpc.items():
        in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        for item in filtered(client, method, what, groups, "tag:Name", Filters=in_vpc):
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
            answer = client.describe_key_pairs(Filters=[{"Name": "key-name", "Values": part}])
        for item in answer.get("KeyPairs") or ():
            found[str(item["KeyName"])] = str(item.get("KeyPairId") or item["KeyName"])
    return found


def _subnets(names: list[str], reads: LiveReads) -> dict[str, str]:
    found = filtered(reads.client("ec2"), "describe_subnets", "read subnets", names, "subnet-id")
    return {str(item["SubnetId"]): str(item["VpcId"]) for item in found}


def _profiles(names: list[str], reads: LiveReads) -> dict[str, str]:
    client, what = reads.client("iam"), "read an instance profile"
    found = _existing(client, "get_instance_profile", "InstanceProfileName", names, what)
    return {name: str(answer["InstanceProfile"]["Arn"]) for name, answer in found}


def _topics(names: list[str], reads: LiveReads) -> dict[str, str]:
    """Return the ARN of each topic that is there; DENIED for one that may not be asked for, as topics of other accounts."""
    client, what = reads.client("sns"), "read a topic"
    there: dict[str, str] = {}
    for name in names:
        try:
            found = _existing(client, "get_topic_attributes", "TopicArn", [name], what)
            there |= {arn: str(answer["Attributes"]["TopicArn"]) for arn, answer in found}
        except AccessDenied:
            there[name] = DENIED
    return there


def _existing(
    client: Any, method: str, parameter: str, names: list[str], what: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one after the other what AWS lists by name alone; what does not exist is left out."""
    for name in names:
        try:
            with aws_errors(f"groups: {what}", place_of(client)):
                answer = getattr(client, method)(**{parameter: name})
        except RefusedByAws as error:
            invalid = error.aws_code in {"InvalidParameter", "InvalidParameterValue"}
            if not isinstance(error, NotFound) and not invalid:
                raise
            continue
        yield name, answer
