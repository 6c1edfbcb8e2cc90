"""Makes fleets of any size inside the sandbox's process, for measurements and tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends

from controller.sandbox.furnish import furnish
from controller.sandbox.seed import CHILD_ROLE, MASTER_ACCOUNT

FIRST_ACCOUNT = 100_000_000_001


@dataclass(frozen=True, slots=True)
class FleetSize:
    """How much to make, over all accounts; each account gets the same share, the first ones the rest.

    ``instances`` counts all, members of groups included. Environments are named c1, c2, …: one for each group, and
    one for each ten instances outside groups. All tags are those a controller would put there.
    """

    accounts: int = 3
    groups: int = 12
    group_size: int = 10
    min_size: int = 0
    instances: int = 300
    region: str = "eu-west-1"
    schedule: str = ""
    """Value of the Schedule tag of everything."""
    types: Sequence[str] = ("m6i.large",)
    """Instance types: those of one environment are of one type, and environments take turns."""


def seed_fleet(size: FleetSize) -> dict[str, Any]:
    """Make the fleet and return ``{"accounts": [numbers], "groups": n, "instances": n}``."""
    numbers = [f"{FIRST_ACCOUNT + place:012d}" for place in range(size.accounts)]
    environment = 0
    made = 0
    for place, account in enumerate(numbers):
        groups = _share(size.groups, place, size.accounts)
        loose = _share(size.instances, place, size.accounts) - groups * size.group_size
        _furnish(account, size.region)
        for _ in range(groups):
            environment += 1
            _make_group(account, environment, size)
        for start in range(0, max(loose, 0), 10):
            environment += 1
            _run(account, environment, min(10, loose - start), size)
        made += groups * size.group_size + max(loose, 0)
    return {"accounts": numbers, "groups": size.groups, "instances": made}


def _share(total: int, place: int, parts: int) -> int:
    return total // parts + (1 if place < total % parts else 0)


def _furnish(account: str, region: str) -> None:
    there = {
        "vpcs": {f"vpc-{account[-8:]}": {f"subnet-{account[-8:]}{zone}": zone for zone in "abc"}},
        "security_groups": ["sgOSLinux"],
        "images": ["web-1.0.0"],
        "key_pairs": [],
        "topics": [],
    }
    furnish(
        {
            "account": account,
            "role": CHILD_ROLE,
            "external_id": "",
            "regions": {region: there},
            "instance_profiles": [],
            "buckets": [],
            "secrets": {},
        },
        MASTER_ACCOUNT,
    )


def _tags(environment: int, size: FleetSize) -> dict[str, str]:
    return {
        "Name": f"c{environment}-ta-Web",
        "Environment": f"c{environment}",
        "EnvironmentType": "Staging",
        "OwningCluster": "Tango",
        "Role": "Web",
        "Schedule": size.schedule,
    }


def _type(environment: int, size: FleetSize) -> str:
    return size.types[environment % len(size.types)]


def _image(ec2: Any) -> str:
    return next(str(image.id) for image in ec2.amis.values() if image.name == "web-1.0.0")


def _make_group(account: str, environment: int, size: FleetSize) -> None:
    ec2: Any = ec2_backends[account][size.region]
    name = f"c{environment}-ta-Web"
    template = ec2.create_launch_template(
        name, "", {"ImageId": _image(ec2), "InstanceType": _type(environment, size)}, {}
    )
    autoscaling_backends[account][size.region].create_auto_scaling_group(
        name=name,
        availability_zones=[],
        desired_capacity=size.group_size,
        max_size=2 * size.group_size,
        min_size=size.min_size,
        launch_config_name="",
        launch_template={"LaunchTemplateId": template.id, "Version": "1"},
        vpc_zone_identifier=",".join(f"subnet-{account[-8:]}{zone}" for zone in "abc"),
        default_cooldown=None,
        health_check_period=None,
        health_check_type=None,
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=[],
        tags=[
            {"Key": key, "Value": value, "PropagateAtLaunch": True}  # type: ignore[dict-item]  # moto says str, holds a bool
            for key, value in _tags(environment, size).items()
        ],
    )


def _run(account: str, environment: int, count: int, size: FleetSize) -> None:
    """Run instances outside groups, each in a reservation of its own as separate launches would be."""
    ec2: Any = ec2_backends[account][size.region]
    for place in range(count):
        ec2.run_instances(
            _image(ec2),
            1,
            None,
            [],
            instance_type=_type(environment, size),
            # moto compares a type that is not the default with all there are.
            is_instance_type_default=True,
            region_name=size.region,
            subnet_id=f"subnet-{account[-8:]}{'abc'[place % 3]}",
            tags={"instance": _tags(environment, size)},
        )
