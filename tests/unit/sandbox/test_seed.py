"""Seeded accounts: what a fleet names is there, under the ids it names."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from botocore.exceptions import ClientError

from controller.errors import WrongUsage
from controller.sandbox.run import EXAMPLES, run_sandbox, settings_for
from controller.sandbox.seed import needs_of, seed
from controller.settings import read_settings
from tests.support.embedded_aws import AwsForTests

STAGING = "012345670123"


def test_the_examples_find_their_networks_images_and_names(aws: AwsForTests) -> None:
    seeded = seed(aws.address, fleet=EXAMPLES)
    ec2 = aws.client("ec2", STAGING)

    assert seeded.master == "123456789012"
    assert STAGING in seeded.children
    subnets = ec2.describe_subnets(SubnetIds=["subnet-0aaa", "subnet-0ddd"])["Subnets"]
    assert {one["VpcId"] for one in subnets} == {"vpc-0f1e2d3c"}
    assert {one["AvailabilityZone"] for one in subnets} == {"eu-west-1a", "eu-west-1b"}
    images = ec2.describe_images(Owners=["self"])["Images"]
    assert {"web-1.4.2", "web-1.4.3", "db-2.0.1"} <= {one["Name"] for one in images}
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": ["vpc-0f1e2d3c"]}])
    assert {"sgRoleTangoWeb", "sgOSLinux", "sgZoneSecure"} <= {
        one["GroupName"] for one in groups["SecurityGroups"]
    }
    assert {one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]} == {"tango", "infra"}


def test_the_same_fleet_gives_the_same_ids_and_may_be_seeded_again(aws: AwsForTests) -> None:
    def images() -> list[tuple[str, str]]:
        found = aws.client("ec2", STAGING).describe_images(Owners=["self"])["Images"]
        return sorted((one["ImageId"], one["Name"]) for one in found)

    seed(aws.address, fleet=EXAMPLES)
    first = images()
    seed(aws.address, fleet=EXAMPLES)
    again = images()
    aws.controls.reset()
    seed(aws.address, fleet=EXAMPLES)

    assert first == again == images()


def test_an_external_id_is_kept_where_the_yaml_says(aws: AwsForTests) -> None:
    documents = {
        "Account": {
            "eu": {
                "accountNumber": "000000000042",
                "externalId": "secretsmanager://envctl/ids#eu",
            }
        }
    }

    master, child = needs_of(documents, "eu-west-1")

    assert json.loads(master.secrets["envctl/ids"]) == {"eu": child.external_id}
    assert child.role == "roleInfraEnvironmentManagerChild"


@pytest.mark.parametrize(
    ("ami", "names"),
    [
        ("web-1.4.2", ["web-1.4.2"]),
        ("web", ["web-1.0.0", "web-1.1.0"]),
        ("ami-0123456789abcdef0", []),
    ],
)
def test_a_type_of_image_has_a_latest_version(ami: str, names: list[str]) -> None:
    documents: dict[str, dict[str, dict[str, Any]]] = {
        "Account": {"eu": {"accountNumber": "000000000042"}},
        "EnvironmentType": {
            "T": {
                "account": "eu",
                "vpcId": "vpc-1",
                "subnets": {"P": {"availabilityZoneA": "subnet-1"}},
            }
        },
        "DeploymentMap": {
            "m": {"roles": [{"serverRoleName": "Web", "owningCluster": "Tango", "ami": ami}]}
        },
    }

    _, child = needs_of(documents, "eu-west-1")

    assert child.regions["eu-west-1"].images == names


def test_a_fleet_of_any_size_is_made_in_the_server(aws: AwsForTests) -> None:
    made = aws.controls.send(
        "fleet", {"accounts": 2, "groups": 3, "group_size": 4, "instances": 30}
    )

    assert made == {"accounts": ["100000000001", "100000000002"], "groups": 3, "instances": 30}
    groups = [
        group
        for account in made["accounts"]
        for group in aws.client("autoscaling", account).describe_auto_scaling_groups()[
            "AutoScalingGroups"
        ]
    ]
    assert [len(group["Instances"]) for group in groups] == [4, 4, 4]
    pages = aws.client("ec2", "100000000001").get_paginator("describe_instances").paginate()
    found = [i for page in pages for r in page["Reservations"] for i in r["Instances"]]
    assert len(found) == 15


def test_an_account_that_is_not_connected_lets_nobody_in_until_its_role_is_made(
    aws: AwsForTests,
) -> None:
    role = f"arn:aws:iam::{STAGING}:role/roleInfraEnvironmentManagerChild"
    come = {"RoleArn": role, "RoleSessionName": "test", "ExternalId": "sandbox-staging-eu"}
    waiting = seed(aws.address, fleet=EXAMPLES, unconnected=["staging-eu"]).unconnected

    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("sts").assume_role(**come)
    aws.controls.send("accounts", {"accounts": [asdict(waiting["staging-eu"])]})

    assert aws.client("sts").assume_role(**come)["Credentials"]
    with pytest.raises(WrongUsage, match="has no Account 'dev'"):
        seed(aws.address, fleet=EXAMPLES, unconnected=["dev"])


@pytest.mark.slow
def test_running_one_prints_what_to_export_and_ends_with_ctrl_c() -> None:
    lines: list[str] = []

    def ctrl_c() -> None:
        raise KeyboardInterrupt

    run_sandbox(0, lines.append, wait=ctrl_c)

    exports = [line for line in lines if not line.startswith("#")]
    assert all(line.startswith("export ") for line in exports)
    assert any(line.startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:") for line in exports)
    assert any(line.startswith("export ENVCTL_CONFIG=/") for line in exports)


def test_the_settings_of_the_sandbox_name_the_fleet() -> None:
    settings = read_settings("envctl.yaml", settings_for(EXAMPLES).encode(), {})

    assert settings.region == "eu-west-1"
    assert settings.source.folder == str(EXAMPLES)
