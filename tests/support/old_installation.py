"""The tables of an old estate as the old product leaves them, and the groups it made for two of its environments."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from controller.aws.items import from_wire, to_wire
from controller.aws.table_setup import Patience, set_up_table
from controller.catalog import kind_tables, kinds
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.sandbox.seed import CHILD_ROLE
from tests.support.old_estate import make_older_table

OLD: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "old_installation.json").read_text()
)
KINDS = kinds()
ACCOUNT, REGION = "210987654321", "eu-west-1"
AT_ONCE = Patience(tries=3, interval_s=0.0)

NEEDS = {
    "account": ACCOUNT, "role": CHILD_ROLE, "external_id": "", "buckets": [], "secrets": {},
    "instance_profiles": ["roleTangoWeb", "roleTangoDb"],
    "regions": {REGION: {
        "vpcs": {"vpc-0a9b8c7d": {
            "subnet-1aaa": "a", "subnet-1bbb": "b", "subnet-1ccc": "c", "subnet-1ddd": "a", "subnet-1eee": "b",
        }},
        "security_groups": ["sgRoleTangoWeb", "sgOSLinux", "sgA", "sgB", "sgZoneSecure", "sgOSLinuxSecure"],
        "images": ["windows-2012r2-ttl-app-1.2.3", "linux-db-2.0.0"],
        "key_pairs": ["tango", "key2"], "topics": ["InfraAsgLambdaScale"],
    }},
}  # fmt: skip
"""What the account has that the groups are made of."""
LINUX = (
    "#!/bin/bash -xe\n/etc/puppet/tools/machine_boot -t name=,environmenttype={type},environment={environment},"
    "securityzone={zone},owningcluster=Tango,role={role},contactemail=tango@acme.example,projectcode=P1 db-role"
    " > /tmp/machine_boot.log"
)
WINDOWS = (
    "<powershell>\nboot\n</powershell>\n##Creator:tango@acme.example\n##Environment:{environment}\n##Owner:Tango\n"
    "##Role:{role}\n##PuppetRole:\n##DeploymentMaps:[]\n##OwningCluster:Tango\n##EnvironmentType:{type}\n"
    "##SecurityZone:{zone}\n##ContactEmail:tango@acme.example\n##ProjectCode:\n##RemovalDate:"
)
GROUPS = {
    f"{environment}-ta-{role}": (environment, type_, role)
    for environment, type_ in (("c52", "Cluster"), ("pr1", "Prod"))
    for role in ("Web-blue", "Web-green", "Db")
}
"""Name -> environment, its type, runtime role. Both environments are on."""


def put_tables(dynamodb: Any) -> None:
    """Make the tables and put every item, the odd ones included."""
    for table in (*kind_tables(KINDS.values()), LEDGER_TABLE):
        if table.name in OLD:
            set_up_table(dynamodb, table, patience=AT_ONCE)
    make_older_table(dynamodb)
    for name, items in OLD.items():
        for item in items:
            dynamodb.put_item(TableName=name, Item=to_wire(item))


def by_object(dynamodb: Any) -> dict[str, dict[str, Any]]:
    """Return the items of each object: ``Kind/key`` -> table -> item, without our mark and the audit of its last write."""
    objects: dict[str, dict[str, Any]] = {}
    for kind in KINDS.values():
        for table in kind.tables:
            for wire in dynamodb.scan(TableName=table.name)["Items"]:
                item = from_wire(wire)
                if item.get("Kind", kind.name) == kind.name:
                    name = f"{kind.name}/{kind.identify(item)}"
                    objects.setdefault(name, {})[table.name] = {
                        key: value for key, value in item.items() if key not in ("Audit", "Managed")
                    }
    return objects


def read_by_others(dynamodb: Any) -> dict[str, Any]:
    """Return what other programs act on, by object."""
    return {
        name: read(items)
        for name, items in by_object(dynamodb).items()
        if (read := KINDS[name.partition("/")[0]].read_by_others) is not None
    }


def make_groups(ec2: Any, scaling: Any) -> None:
    """Launch the groups as the old product did: launch configurations, its tags, its user data, its hook."""
    images = {image["Name"]: image["ImageId"] for image in ec2.describe_images(Owners=["self"])["Images"]}  # fmt: skip
    ids = {group["GroupName"]: group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]}  # fmt: skip
    for name, (environment, type_, role) in GROUPS.items():
        is_db = role == "Db"
        zone = "Secure" if is_db else "Other"
        text = (LINUX if is_db else WINDOWS).format(
            type=type_, environment=environment, zone=zone, role=role
        )
        scaling.create_launch_configuration(
            LaunchConfigurationName=f"LaunchConfig_{name}",
            ImageId=images["linux-db-2.0.0" if is_db else "windows-2012r2-ttl-app-1.2.3"],
            InstanceType="t2.medium",
            KeyName="key2" if is_db else "tango",
            IamInstanceProfile="roleTangoDb" if is_db else "roleTangoWeb",
            SecurityGroups=[ids[one] for one in _security_groups(is_db)],
            AssociatePublicIpAddress=False,
            BlockDeviceMappings=_volumes(is_db),
            InstanceMonitoring={"Enabled": type_ == "Prod"},
            UserData=text,  # which the client encodes
        )
        tags = {
            "EnvironmentType": type_, "Environment": environment, "OwningCluster": "Tango",
            "OwningTeam": "Tango", "OwningClusterShortName": "ta", "Role": role, "SecurityZone": zone,
            "Schedule": "247" if is_db else "", "ContactEmail": "tango@acme.example",
        }  # fmt: skip
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchConfigurationName=f"LaunchConfig_{name}",
            MinSize=0,
            DesiredCapacity=2,
            MaxSize=4,
            VPCZoneIdentifier="subnet-1ddd,subnet-1eee"
            if is_db
            else "subnet-1aaa,subnet-1bbb,subnet-1ccc",
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
        )  # fmt: skip
        _attach(scaling, name, drains=not is_db)


def _attach(scaling: Any, name: str, *, drains: bool) -> None:
    if drains:
        scaling.put_lifecycle_hook(
            AutoScalingGroupName=name,
            LifecycleHookName="10min-draining",
            LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
            HeartbeatTimeout=180,
            DefaultResult="CONTINUE",
        )
    events = ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")
    scaling.put_notification_configuration(
        AutoScalingGroupName=name,
        TopicARN=f"arn:aws:sns:{REGION}:{ACCOUNT}:InfraAsgLambdaScale",
        NotificationTypes=[f"autoscaling:EC2_INSTANCE_{event}" for event in events],
    )


def _security_groups(is_db: bool) -> Iterable[str]:
    return (
        ("sgA", "sgB", "sgZoneSecure", "sgOSLinuxSecure")
        if is_db
        else ("sgRoleTangoWeb", "sgOSLinux")
    )


def _volumes(is_db: bool) -> list[dict[str, Any]]:
    system = {
        "DeviceName": "/dev/sda1",
        "Ebs": {"VolumeSize": 80 if is_db else 50, "VolumeType": "gp2"},
    }
    data = {
        "DeviceName": "/dev/sda2",
        "Ebs": {"VolumeSize": 10, "VolumeType": "standard", "Encrypted": True},
    }
    return [system] if is_db else [system, data]
