"""Furnishes accounts inside the sandbox's process: networks with given ids, images, keys, profiles, roles."""

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from moto.ec2.models import amis as moto_amis
from moto.ec2.models import ec2_backends
from moto.ec2.models import subnets as moto_subnets
from moto.ec2.models import vpcs as moto_vpcs
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.iam.models import iam_backends

from controller.sandbox.refusals.roles import LINKED_ROLE
from controller.sandbox.state import STATE


def furnish(needs: Mapping[str, Any], master: str) -> None:
    """Make everything an account needs (the JSON of AccountNeeds); what exists already is left as it is.

    An account with a role takes only callers its role trusts, from then on.
    """
    account = str(needs["account"])
    iam = iam_backends[account]["aws"]
    role = str(needs["role"])
    if role:
        STATE.settings.strict_accounts.add(account)
        if role not in {known.name for known in iam.roles.values()}:
            trust = json.dumps(_trust_policy(master, str(needs["external_id"])))
            iam.create_role(role, trust, "/", None, "", [], "3600")
    if LINKED_ROLE not in {known.name for known in iam.roles.values()}:
        iam.create_service_linked_role("autoscaling.amazonaws.com", "of Auto Scaling", "")
    known_profiles = {known.name for known in iam.instance_profiles.values()}
    for profile in needs["instance_profiles"]:
        if profile not in known_profiles:
            iam.create_instance_profile(profile, "/", [])
    for place, (region, there) in enumerate(needs["regions"].items()):
        _furnish_region(account, region, there, place)
    _furnish_stores(account, next(iter(needs["regions"]), "us-east-1"), needs)


def _trust_policy(master: str, external_id: str) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{master}:root"},
        "Action": "sts:AssumeRole",
    }
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _furnish_stores(account: str, region: str, needs: Mapping[str, Any]) -> None:
    from moto.s3.models import s3_backends
    from moto.secretsmanager.models import secretsmanager_backends

    s3 = s3_backends[account]["aws"]
    for bucket in needs["buckets"]:
        if bucket not in s3.buckets:
            s3.create_bucket(bucket, region)
    secrets: Any = secretsmanager_backends[account][region]
    for name, text in needs["secrets"].items():
        if name not in secrets.secrets:
            secrets.create_secret(name, text, None, None, [], None, None, [], force_overwrite=False)


def _furnish_region(account: str, region: str, there: Mapping[str, Any], place: int) -> None:
    from moto.sns.models import sns_backends

    ec2: Any = ec2_backends[account][region]
    for number, (vpc_id, subnets) in enumerate(there["vpcs"].items()):
        _make_vpc(ec2, vpc_id, f"10.{16 * place + number}.0.0/16", subnets)
        for name in there["security_groups"]:
            if ec2.get_security_group_from_name(name, vpc_id=vpc_id) is None:
                ec2.create_security_group(name, f"of {name}", vpc_id=vpc_id, tags={"Name": name})
    known_images = {image.name for image in ec2.amis.values()}
    for name in there["images"]:
        if name not in known_images:
            _make_image(ec2, name)
    for name in there["key_pairs"]:
        if name not in ec2.key_pairs:
            ec2.create_key_pair(name, "ed25519", {})
    for topic in there["topics"]:
        sns_backends[account][region].create_topic(topic)


# moto's generators of ids are looked up by name at each call, so one that gives the id wanted can stand in their place.


def _make_vpc(ec2: Any, vpc_id: str, cidr: str, subnets: Mapping[str, str]) -> None:
    if vpc_id not in ec2.vpcs:
        with patch.object(moto_vpcs, "random_vpc_id", lambda: vpc_id):
            ec2.create_vpc(cidr)
    zones = [zone.name for zone in RegionsAndZonesBackend.zones[ec2.region_name]]
    blocks = ipaddress.IPv4Network(ec2.vpcs[vpc_id].cidr_block).subnets(new_prefix=22)
    known = {subnet_id for by_id in ec2.subnets.values() for subnet_id in by_id}
    for (subnet_id, letter), block in zip(sorted(subnets.items()), blocks, strict=False):
        if subnet_id in known:
            continue
        zone = next((name for name in zones if name.endswith(letter)), zones[0])
        with patch.object(moto_subnets, "random_subnet_id", return_value=subnet_id):
            ec2.create_subnet(vpc_id, str(block), availability_zone=zone)
        # Only the first subnet of a zone in the default network gives out public addresses.
        ec2.subnets[zone][subnet_id].map_public_ip_on_launch = False


def _make_image(ec2: Any, name: str) -> None:
    digest = hashlib.sha256(f"{ec2.account_id} {ec2.region_name} {name}".encode()).hexdigest()
    with patch.object(moto_amis, "random_ami_id", lambda: f"ami-{digest[:17]}"):
        image = ec2.register_image(name, f"{name}, made for the sandbox")
    image.root_device_type, image.virtualization_type = "ebs", "hvm"
    image.architecture = "x86_64"
    image.add_tags({"Name": name, "stable": "true"})
