"""Furnishes accounts inside the sandbox's process: networks with given ids, images, keys, profiles, roles."""

import hashlib
import ipaddress
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from moto.ec2.models import amis as moto_amis
from moto.ec2.models import ec2_backends
from moto.ec2.models import subnets as moto_subnets
from moto.ec2.models import vpcs as moto_vpcs
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.iam.models import iam_backends

from controller.sandbox.state import STATE

TRUST_VERSION = "2012-10-17"


def furnish(needs: Mapping[str, Any], master: str) -> None:
    """Make everything an account needs (the JSON of AccountNeeds); what exists already is left as it is.

    An account with a role takes only callers its role trusts, from then on.
    """
    account = str(needs["account"])
    if needs["role"]:
        _make_role(account, str(needs["role"]), master, str(needs["external_id"]))
        STATE.settings.strict_accounts.add(account)
    for profile in needs["instance_profiles"]:
        _make_profile(account, profile)
    for place, (region, there) in enumerate(needs["regions"].items()):
        _make_region(account, region, there, place)
    first_region = next(iter(needs["regions"]), "us-east-1")
    for bucket in needs["buckets"]:
        _make_bucket(account, bucket, first_region)
    for name, text in needs["secrets"].items():
        _make_secret(account, first_region, name, text)


def trust_policy(master: str, external_id: str) -> dict[str, Any]:
    """Return the trust policy of a child's role."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{master}:root"},
        "Action": "sts:AssumeRole",
    }
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": TRUST_VERSION, "Statement": [statement]}


def _make_role(account: str, role: str, master: str, external_id: str) -> None:
    iam = iam_backends[account]["aws"]
    if not any(one.name == role for one in iam.roles.values()):
        document = json.dumps(trust_policy(master, external_id))
        iam.create_role(role, document, "/", None, "", [], "3600")


def _make_profile(account: str, profile: str) -> None:
    iam = iam_backends[account]["aws"]
    if not any(
        instance_profile.name == profile for instance_profile in iam.instance_profiles.values()
    ):
        iam.create_instance_profile(profile, "/", [])


def _make_region(account: str, region: str, there: Mapping[str, Any], place: int) -> None:
    ec2: Any = ec2_backends[account][region]
    for number, (vpc_id, subnets) in enumerate(there["vpcs"].items()):
        _make_vpc(ec2, vpc_id, f"10.{16 * place + number}.0.0/16", subnets)
        for name in there["security_groups"]:
            if ec2.get_security_group_from_name(name, vpc_id=vpc_id) is None:
                ec2.create_security_group(name, f"of {name}", vpc_id=vpc_id, tags={"Name": name})
    for name in there["images"]:
        _make_image(ec2, name)
    for name in there["key_pairs"]:
        if name not in ec2.key_pairs:
            ec2.create_key_pair(name, "ed25519", {})
    from moto.sns.models import sns_backends

    for topic in there["topics"]:
        sns_backends[account][region].create_topic(topic)


def _make_vpc(ec2: Any, vpc_id: str, cidr: str, subnets: Mapping[str, str]) -> None:
    if vpc_id not in ec2.vpcs:
        with _given(moto_vpcs, "random_vpc_id", vpc_id):
            ec2.create_vpc(cidr)
    zones = [zone.name for zone in RegionsAndZonesBackend.zones[ec2.region_name]]
    blocks = ipaddress.IPv4Network(ec2.vpcs[vpc_id].cidr_block).subnets(new_prefix=22)
    known = {subnet_id for by_id in ec2.subnets.values() for subnet_id in by_id}
    for (subnet_id, letter), block in zip(sorted(subnets.items()), blocks, strict=False):
        if subnet_id in known:
            continue
        zone = next((one for one in zones if one.endswith(letter)), zones[0])
        with _given(moto_subnets, "random_subnet_id", subnet_id):
            ec2.create_subnet(vpc_id, str(block), availability_zone=zone)
        # Only the first subnet of a zone in the default network gives out public addresses.
        ec2.subnets[zone][subnet_id].map_public_ip_on_launch = False


def _make_image(ec2: Any, name: str) -> None:
    if any(image.name == name for image in ec2.amis.values()):
        return
    digest = hashlib.sha256(f"{ec2.account_id} {ec2.region_name} {name}".encode()).hexdigest()
    with _given(moto_amis, "random_ami_id", f"ami-{digest[:17]}"):
        image = ec2.register_image(name, f"{name}, made for the sandbox")
    image.root_device_type = "ebs"
    image.virtualization_type = "hvm"
    image.architecture = "x86_64"
    image.add_tags({"Name": name, "stable": "true"})


def _make_bucket(account: str, bucket: str, region: str) -> None:
    from moto.s3.models import s3_backends

    s3 = s3_backends[account]["aws"]
    if bucket not in s3.buckets:
        s3.create_bucket(bucket, region)


def _make_secret(account: str, region: str, name: str, text: str) -> None:
    from moto.secretsmanager.models import secretsmanager_backends

    secrets: Any = secretsmanager_backends[account][region]
    if name not in secrets.secrets:
        secrets.create_secret(name, text, None, None, [], None, None, [], force_overwrite=False)


@contextmanager
def _given(module: ModuleType, generator: str, value: str) -> Iterator[None]:
    """Let moto's generator of ids give one certain id; its callers look it up by name at each call."""
    original = getattr(module, generator)
    setattr(module, generator, lambda: value)
    try:
        yield
    finally:
        setattr(module, generator, original)
