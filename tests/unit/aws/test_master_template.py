"""deploy/master.yaml: its tables are those of bootstrap, what holds data outlives it, instances are as closed as they can be."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from controller.aws.deploy_templates import Deployed, template_text
from controller.catalog import tables
from controller.model.change_message import Topic
from controller.model.table import Index, TableDefinition
from controller.settings import VARIABLES, read_settings
from tests.support.iam_policies import ACCOUNT, REGION, RefusedParameters, Stack
from tests.support.master_stack import PARAMETERS, master_stack, master_template

DEPLOY: Final = Path(__file__).parents[3] / "deploy"
CONFIGURATION: Final = f"s3://envctl-configuration-{ACCOUNT}-{REGION}"


def test_its_tables_are_those_of_bootstrap() -> None:
    stack = master_stack()
    made = {name: stack.properties(name) for name in stack.made("AWS::DynamoDB::Table")}

    assert {name: without_policy(found) for name, found in made.items()} == {
        table.name: properties(table.prefixed("acme-")) for table in tables()
    }


def test_every_table_has_the_same_policy() -> None:
    stack = master_stack()
    found = [stack.properties(name) for name in stack.made("AWS::DynamoDB::Table")]
    policies = [table["ResourcePolicy"]["PolicyDocument"] for table in found]

    assert policies == [policies[0]] * len(tables())


def test_tables_that_are_there_are_not_made() -> None:
    assert master_stack(MakeTables="false").made("AWS::DynamoDB::Table") == []


def test_what_holds_data_is_not_deleted_with_the_stack() -> None:
    kinds = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::Logs::LogGroup"}  # fmt: skip
    resources = master_template()["Resources"]
    keeping = {name for name, one in resources.items() if one["Type"] in kinds} | {"DeadLetters"}

    kept = {
        name
        for name, one in resources.items()
        if one.get("DeletionPolicy") == one.get("UpdateReplacePolicy") == "Retain"
    }
    assert kept == keeping


@pytest.mark.parametrize("name", ["ConfigurationBucket", "BackupBucket"])
def test_buckets_are_private_versioned_and_encrypted(name: str) -> None:
    found = master_stack().properties(name)

    assert set(found["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(found["PublicAccessBlockConfiguration"]) == 4
    assert found["VersioningConfiguration"] == {"Status": "Enabled"}
    assert found["BucketEncryption"]


def test_looks_are_private_and_encrypted() -> None:
    found = master_stack().properties("LooksBucket")

    assert set(found["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(found["PublicAccessBlockConfiguration"]) == 4
    assert found["BucketEncryption"]


def test_backups_are_locked() -> None:
    found = master_stack(BackupLockDays="90").properties("BackupBucket")

    assert found["ObjectLockEnabled"] is True
    assert found["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Days"] == "90"


def test_instances_have_no_public_address_and_ask_for_credentials_by_version_two() -> None:
    data = master_stack().properties("LaunchTemplate")["LaunchTemplateData"]

    assert [one["AssociatePublicIpAddress"] for one in data["NetworkInterfaces"]] == [False]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert [disk["Ebs"]["Encrypted"] for disk in data["BlockDeviceMappings"]] == [True]
    assert "KeyName" not in data


def test_instances_are_reached_by_the_load_balancer_alone() -> None:
    stack = master_stack()

    assert [
        {key: rule.get(key) for key in ("FromPort", "ToPort", "SourceSecurityGroupId", "CidrIp")}
        for rule in stack.properties("InstanceAccess")["SecurityGroupIngress"]
    ] == [{"FromPort": 8080, "ToPort": 8080, "SourceSecurityGroupId": "<LoadBalancerAccess>", "CidrIp": None}]  # fmt: skip
    assert [
        rule["CidrIp"] for rule in stack.properties("LoadBalancerAccess")["SecurityGroupIngress"]
    ] == ["10.0.0.0/8"]


def test_health_is_that_of_the_instance_and_a_release_waits_until_it_is_ready() -> None:
    group = master_template()["Resources"]["Group"]
    stack = master_stack()

    assert stack.properties("TargetGroup")["HealthCheckPath"] == "/healthz"
    assert group["Properties"]["HealthCheckType"] == "ELB"
    assert group["UpdatePolicy"]["AutoScalingRollingUpdate"]["WaitOnResourceSignals"] is True
    assert group["CreationPolicy"]["ResourceSignal"]["Count"] == {"Ref": "Instances"}
    script = user_data(stack)
    assert script.index("http://127.0.0.1:8080/readyz") < script.index("signal 0")
    assert "trap 'signal 1' ERR" in script


def test_without_a_release_no_instance_is_started() -> None:
    stack = master_stack(Release="")

    assert stack.made("AWS::AutoScaling::AutoScalingGroup") == []
    assert stack.made("AWS::DynamoDB::Table")


@pytest.mark.parametrize(
    ("more", "option"),
    [({}, "--no-index"), ({"IndexUrl": "https://index.example/simple"}, "--index-url 'https://index.example/simple'")],
)  # fmt: skip
def test_packages_come_from_the_release_or_an_index_and_each_has_its_hash(
    more: dict[str, str], option: str
) -> None:
    script = user_data(master_stack(**more))

    assert "--require-hashes --only-binary :all:" in script
    assert option in script


def test_instances_are_told_where_everything_is() -> None:
    environment = dict(re.findall(r"^([A-Z_]+)=(.*)$", user_data(master_stack()), re.MULTILINE))
    settings = read_settings("nothing", b"", environment)

    assert environment.pop("ENVCTL_CONFIG") == f"{CONFIGURATION}/settings.yaml"
    assert environment.pop("AWS_REGION") == settings.region == REGION
    assert environment.keys() <= VARIABLES.keys()
    assert settings.resource_prefix == "acme-"
    assert settings.snapshots.bucket == f"envctl-backups-{ACCOUNT}-{REGION}"
    assert settings.observed.bucket == f"envctl-looks-{ACCOUNT}-{REGION}"
    assert settings.queue.sqs == "envctl.fifo"
    assert settings.notify.topic == f"arn:aws:sns:{REGION}:{ACCOUNT}:envctl-alarms"
    assert (settings.http.host, settings.http.port) == ("0.0.0.0", 8080)
    assert settings.http.credentials == f"{CONFIGURATION}/credentials.yaml"


def test_the_script_of_instances_is_one() -> None:
    script = user_data(master_stack(IndexUrl="https://index.example/simple"))

    checked = subprocess.run(["bash", "-n"], input=script, check=False, capture_output=True, text=True)  # fmt: skip

    assert (checked.returncode, checked.stderr) == (0, "")
    (agent,) = re.findall(r"<<'END'\n(\{.*?)\nEND", script, re.DOTALL)
    (log,) = json.loads(agent)["logs"]["logs_collected"]["files"]["collect_list"]
    assert f'file="{log["file_path"]}"' in script


def test_the_queue_has_an_end_for_what_never_ends() -> None:
    stack = master_stack()

    assert stack.properties("Queue")["FifoQueue"] is stack.properties("DeadLetters")["FifoQueue"]
    assert stack.properties("Queue")["RedrivePolicy"]["deadLetterTargetArn"].endswith(":envctl-dead.fifo")  # fmt: skip


def test_topics_of_changes_have_the_names_that_are_published_to() -> None:
    stack = master_stack(MakeEventTopics="true")

    made = {stack.properties(name)["TopicName"] for name in stack.made("AWS::SNS::Topic")}
    assert made == {"envctl-alarms", *(topic.value for topic in Topic)}


def test_every_alarm_says_what_it_means() -> None:
    stack = master_stack()

    for name in stack.made("AWS::CloudWatch::Alarm"):
        found = stack.properties(name)
        assert len(found["AlarmDescription"]) > 40, name
        assert found["AlarmActions"], name
        assert found["TreatMissingData"] in {"breaching", "notBreaching"}, name


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"CertificateArn": ""}, "plain HTTP by choice alone"),
        ({"PlainHttp": "true"}, "a certificate and plain HTTP"),
        ({"BreakGlassRoleArn": None}, "nobody could mend it"),
        ({"BreakGlassRoleArn": "*"}, "not everybody"),
        ({"ReaderRoleArns": "arn:aws:iam::012345670123:root"}, "not a whole account"),
        ({"ReaderRoleArns": "arn:aws:iam::012345670123:role/x*"}, "roles, not patterns"),
        ({"ChildRoleArns": "arn:aws:iam::*:role/*"}, "not any role"),
        ({"ChildRoleArns": "*"}, "not any role"),
        ({"SecretArns": "arn:aws:secretsmanager:*:*:secret:*"}, "not any secret"),
        ({"ClientCidr": None}, "who may reach it is for somebody to say"),
        ({"Instances": "1"}, "one is no pair"),
        ({"TablePrefix": "*"}, "a prefix, not a pattern"),
        ({"Release": "../x"}, "a folder below releases"),
        ({"IndexUrl": "http://index.example"}, "an index that anybody on the way can change"),
        ({"IndexUrl": "https://index.example/' ; reboot '"}, "it is part of a command"),
    ],
)
def test_parameters_that_let_too_much_are_refused(
    changed: dict[str, str | None], because: str
) -> None:
    wrong = {name: value for name, value in {**PARAMETERS, **changed}.items() if value is not None}
    with pytest.raises(RefusedParameters):
        pytest.fail(f"{because}: {Stack(master_template(), wrong).statements()}")


def test_plain_http_is_a_choice() -> None:
    stack = master_stack(CertificateArn="", PlainHttp="true")

    assert stack.properties("Listener")["Port"] == 80
    assert master_stack().properties("Listener")["Port"] == 443


@pytest.mark.parametrize("deployed", list(Deployed))
def test_the_package_brings_it(deployed: Deployed) -> None:
    assert template_text(deployed) in {file.read_text() for file in DEPLOY.glob("*.*")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["master.yaml", "child.yaml"])
def test_cfn_lint_finds_nothing(name: str) -> None:
    from cfnlint.api import lint_file  # noqa: PLC0415 - it takes seconds to load

    assert lint_file(DEPLOY / name) == []


def user_data(stack: Stack) -> str:
    return str(stack.properties("LaunchTemplate")["LaunchTemplateData"]["UserData"]["Fn::Base64"])


def without_policy(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "ResourcePolicy"}


def properties(table: TableDefinition) -> dict[str, Any]:
    """What CloudFormation calls what bootstrap asks for."""
    found: dict[str, Any] = {
        "TableName": table.name,
        "AttributeDefinitions": [
            {"AttributeName": one.name, "AttributeType": one.type} for one in table.attributes()
        ],
        "KeySchema": key_schema(table),
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": table.deletion_protection,
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": table.point_in_time_recovery
        },
    }
    if table.indexes:
        found["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": key_schema(index),
                "Projection": projection(index),
            }
            for index in table.indexes
        ]
    if table.stream:
        found["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    return found


def key_schema(keyed: TableDefinition | Index) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": attribute.name, "KeyType": kind}
        for attribute, kind in zip(keyed.key_attributes(), kinds, strict=False)
    ]


def projection(index: Index) -> dict[str, Any]:
    if isinstance(index.projection, str):
        return {"ProjectionType": index.projection}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projection)}
