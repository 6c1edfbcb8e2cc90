"""What the old product left behind in tables and accounts, with everything that is odd about it."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.items import to_wire

ACCOUNT = "012345670123"
REGION = "eu-west-1"
IMAGE = "web-1.1.0"
NEEDS = {
    "account": ACCOUNT,
    "role": "",
    "external_id": "",
    "regions": {
        REGION: {
            "vpcs": {},
            "security_groups": [],
            "images": [IMAGE],
            "key_pairs": [],
            "topics": [],
        }
    },
    "instance_profiles": [],
    "buckets": [],
    "secrets": {},
}
"""What the sandbox is to furnish the account with."""
AUDIT = {
    "LastChanged": "2018-05-01T10:00:00.000Z",
    "TransactionID": "t",
    "User": "ada",
    "Version": 3,
}
HOURS = "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5 | Europe/London"
SERVED = {"Services": [{"ServiceName": "Search"}, {"ServiceName": "Gone"}]}
AUTOMATIC = {"ScheduleAutomatically": True, "ManualScheduleUp": False}

Item = dict[str, Any]


def old_items(subnets: tuple[str, str], vpc: str) -> Iterator[tuple[str, Item]]:
    """Yield (table, item); all have an Audit but where the old product left it out."""
    for table, item in _items(subnets, vpc):
        yield table, item if item.pop("NoAudit", False) else {**item, "Audit": AUDIT}


def _items(subnets: tuple[str, str], vpc: str) -> Iterator[tuple[str, Item]]:
    yield (
        "InfraConfigAccounts",
        {
            "AccountName": "staging-eu",
            "AccountNumber": int(ACCOUNT),
            "IncludeAMIs": False,
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/roleInfraEnvironmentManagerChild",
        },
    )
    yield (
        "InfraConfigClusters",
        {
            "ClusterName": "Tango",
            "Value": {
                "SchemaVersion": 1,
                "ShortName": "ta",
                "KeyPair": "tango",
                "GroupEmailAddress": "",
            },
        },
    )
    yield "ConfigEnvironmentTypes", _type(subnets, vpc)
    yield (
        "ConfigDeploymentMaps",
        {
            "DeploymentMapName": "web",
            "Value": {
                "SchemaVersion": 1,
                "DeploymentTarget": [role("Web", **SERVED), role("Db", **SERVED)],
            },
        },
    )
    yield from _services()
    yield from _environments()
    yield from _routes()


def _type(subnets: tuple[str, str], vpc: str) -> Item:
    consul = {
        "DataCenter": "staging",
        "Port": "8500",
        "Servers": ["10.0.0.10"],
        "SecurityTokenPath": {"Bucket": "b", "Key": "k"},
    }
    zones = {"AvailabilityZoneA": subnets[0], "AvailabilityZoneB": subnets[1]}
    return {
        "EnvironmentType": "Staging",
        "Value": {
            "SchemaVersion": 5,
            "AWSAccountName": "staging-eu",
            "AWSAccountNumber": int(ACCOUNT),
            "Consul": consul,
            "DeploymentBucket": "packages",
            "LoadBalancers": ["lb1.acme.example"],
            "VpcId": vpc,
            "Subnets": {"PrivateApp": zones},
            "LicenseKeys": {"NewRelicKey": "n0t-for-notes"},
        },
    }


def role(name: str, **more: Any) -> Item:
    """Return a role of a map as the old product wrote it."""
    return {
        "ServerRoleName": name,
        "OwningCluster": "Tango",
        "ContactEmailTag": "tango@acme.example",
        "AMI": "web-1.0.0",
        "InstanceType": "m3.medium",
        "AutoScalingSettings": {"MinCapacity": 1, "DesiredCapacity": 1, "MaxCapacity": 2},
        "SecurityZone": "Other",
        "SubnetTypeName": "PrivateApp",
        "Volumes": [{"Name": "OS", "Size": 50, "Type": "SSD"}],
        "FleetPerSlice": False,
        **more,
    }


def _services() -> Iterator[tuple[str, Item]]:
    def service(name: str, blue: Any, **more: Any) -> tuple[str, Item]:
        value = {"SchemaVersion": 1, "BluePort": blue, "GreenPort": "40001" if blue else 0}
        return "InfraConfigServices", {
            "ServiceName": name,
            "OwningCluster": "Tango",
            "Value": value,
            **more,
        }

    yield service("Search", "40000")
    yield service("Gone", 0, Deleted="true")
    yield service("Half", 0, __Deleted=True)
    yield service("Plain", 0, Version=7, NoAudit=True)
    # Only the older table, whose key has the owner too, has this one.
    yield "ConfigServices", {"ServiceName": "Old", "OwningCluster": "Tango", "Value": {}}
    yield "ConfigServices", {"ServiceName": "Search", "OwningCluster": "Tango", "Value": {}}


def _environments() -> Iterator[tuple[str, Item]]:
    def environment(name: str, operational: Mapping[str, Any] | None) -> Iterator[tuple[str, Item]]:
        yield (
            "ConfigEnvironments",
            {
                "EnvironmentName": name,
                "Value": {
                    "SchemaVersion": 1,
                    "EnvironmentType": "Staging",
                    "OwningCluster": "Tango",
                    "DeploymentMap": "web",
                    "AlertSettings": "EnvironmentOwner",
                    "Description": "",
                },
            },
        )
        if operational is not None:
            yield "InfraOpsEnvironment", {"EnvironmentName": name, "Value": dict(operational)}

    yield from environment(
        "c50", {**AUTOMATIC, "DefaultSchedule": HOURS, "DeploymentsLocked": True}
    )
    yield from environment("c51", {**AUTOMATIC, "DefaultSchedule": HOURS})
    yield from environment("c52", {**AUTOMATIC, "DefaultSchedule": "every day, I think"})
    yield from environment("c53", None)
    yield from environment("eu-c54", {"ScheduleAutomatically": False, "ManualScheduleUp": False})


def _routes() -> Iterator[tuple[str, Item]]:
    yield (
        "InfraConfigLBUpstream",
        {
            "Key": "/c50_c50-Search/config",
            "AccountId": ACCOUNT,
            "LoadBalancerGroup": "Staging",
            "Environment": "c50",
            "Service": "Search",
            "Upstream": "c50-Search",
            "SchemaVersion": 1,
            "Hosts": [_host("blue", 40000, "up"), _host("green", 40001, "down")],
            "LoadBalancingMethod": "least_conn",
            "UpStreamKeepalives": 32,
            "ZoneSize": "128k",
            "MarkForDelete": False,
            "MarkForDeleteTimestamp": 0,
        },
    )
    yield (
        "InfraConfigLBSettings",
        {
            "EnvironmentName": "c50",
            "VHostName": "www.c50.acme.example",
            "AccountId": ACCOUNT,
            "LoadBalancerGroup": "Staging",
            "Value": {
                "SchemaVersion": "1",
                "EnvironmentName": "c50",
                "VHostName": "www.c50.acme.example",
                "Listen": [{"Port": 443}],
                "ServerName": ["www.c50.acme.example"],
                "FrontEnd": True,
                "Locations": [{"Path": "/", "ProxyPass": "http://c50-Search"}],
            },
        },
    )


def _host(name: str, port: int, state: str) -> Item:
    return {
        "DnsName": f"c50-Search-{name}",
        "Port": port,
        "State": state,
        "FailTimeout": "30s",
        "Weight": 1,
    }


def make_older_table(dynamodb: Any) -> None:
    """Create the table of services with the older key."""
    dynamodb.create_table(
        TableName="ConfigServices",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("ServiceName", "OwningCluster")
        ],
        KeySchema=[
            {"AttributeName": "ServiceName", "KeyType": "HASH"},
            {"AttributeName": "OwningCluster", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def put_all(dynamodb: Any, subnets: tuple[str, str], vpc: str) -> None:
    """Write every item, as the old product had."""
    for table, item in old_items(subnets, vpc):
        dynamodb.put_item(TableName=table, Item=to_wire(item))


def make_network(ec2: Any) -> tuple[str, tuple[str, str]]:
    """Create a network in the account; return its id and its two subnets."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    one, other = (
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{place}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for place, zone in enumerate("ab")
    )
    return vpc, (one, other)


def make_group(
    ec2: Any, autoscaling: Any, name: str, subnet: str, *sizes: int, **tags: str
) -> None:
    """Launch a group as the old product did, with its launch configuration."""
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": [IMAGE]}])["Images"][0]
    autoscaling.create_launch_configuration(
        LaunchConfigurationName=f"LaunchConfig_{name}",
        ImageId=image["ImageId"],
        InstanceType="m3.large",
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=f"LaunchConfig_{name}",
        MinSize=sizes[0],
        DesiredCapacity=sizes[1],
        MaxSize=sizes[2],
        VPCZoneIdentifier=subnet,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
