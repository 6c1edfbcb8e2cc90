"""Doctor looks at everything the settings name in the master account, and says what mends it.

Covers: engine.queries.doctor.buckets, engine.queries.doctor.fitness, engine.queries.doctor.messaging.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.sns.models import sns_backends

from controller import __version__
from controller.aws.stream_consumers import Consumer
from controller.cli.process import movable_clock
from controller.engine.queries.doctor.buckets import check_buckets
from controller.ledger.heads import HEAD_PREFIX
from tests.support.command_line import Fleet, envctl, installation, use_settings
from tests.support.told import Told

REGION, ACCOUNT = "eu-west-1", "123456789012"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:envctl-alarms"
HOOK = "https://chat.example/hook/4f1c9a"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/envctl.fifo"
SETTINGS = f"""
region: {REGION}
snapshots: {{bucket: backups, copyTo: {{bucket: copies, region: us-east-1}}}}
queue: {{sqs: "{QUEUE}"}}
http: {{port: 8080, credentials: "secretsmanager://tokens"}}
notify: {{changes: true, topic: "{TOPIC}", webhook: "secretsmanager://chat#hook"}}
"""
OTHERS = {
    "ArnNotEquals": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/envctl"]},
}


def client(service: str, region: str = REGION) -> Any:
    return boto3.client(service, region)  # type: ignore[call-overload]


def make_bucket(name: str, region: str = REGION, *, as_it_should_be: bool = True) -> None:
    s3, there = client("s3", region), {"LocationConstraint": region}
    more = {} if region == "us-east-1" else {"CreateBucketConfiguration": there}
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=as_it_should_be, **more)
    if not as_it_should_be:
        return
    lock = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 35}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": lock}
    )
    shut = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)  # fmt: skip
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=shut)
    denied = {"Effect": "Deny", "Principal": "*", "Resource": f"arn:aws:s3:::{name}/*"}
    policy = [
        {**denied, "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**denied, "Action": "s3:GetObject*", "Condition": OTHERS},
    ]
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": policy}))


def make_the_rest() -> None:
    sqs, sns = client("sqs"), client("sns")
    dead = sqs.create_queue(QueueName="envctl-dead.fifo", Attributes={"FifoQueue": "true"})
    arn = sqs.get_queue_attributes(QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]  # fmt: skip
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    sqs.create_queue(
        QueueName="envctl.fifo", Attributes={"FifoQueue": "true", "RedrivePolicy": redrive}
    )
    topic = sns.create_topic(Name="envctl-alarms")["TopicArn"]
    # moto counts no subscriptions.
    sns_backends[ACCOUNT][REGION].topics[topic].subscriptions_confimed = 1
    client("secretsmanager").create_secret(Name="chat", SecretString=json.dumps({"hook": HOOK}))
    client("secretsmanager").create_secret(Name="tokens", SecretString="tokens: {}")


def checks() -> dict[str, list[tuple[str, str, str]]]:
    """Return what doctor says of the installation: health, what and fix, by what it is of."""
    ended = envctl("doctor", "--format", "json").json
    found: dict[str, list[tuple[str, str, str]]] = {}
    for check in ended["checks"]:
        if check["where"] == "installation":
            told = (check["health"], check["what"], check["fix"])
            found.setdefault(check["of"], []).append(told)
    return found


@pytest.fixture
def complete(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Everything the settings name, as it should be."""
    make_bucket("backups")
    make_bucket("copies", "us-east-1")
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n{SETTINGS}")
    make_the_rest()
    return installed


def test_where_everything_is_as_it_should_be_nothing_lacks(complete: Fleet) -> None:
    found = checks()

    lacking = {of: told for of, told in found.items() for one in told if one[0] != "ok"}
    assert lacking.keys() == {"snapshots"}, "none was taken yet"
    for of in ("backups", "copies of backups", "queue", "topic of alerts", "webhook of alerts", "tokens", "clock", "version", "streams"):  # fmt: skip
        assert [one[0] for one in found[of]] == ["ok"], of
    assert len(found["topics of changes"]) == 2
    assert found["version"][0][1].startswith(__version__)
    assert HOOK not in str(found)


def test_settings_in_a_bucket_are_for_those_it_names_alone(installed: Fleet) -> None:
    make_bucket("configuration")
    make_bucket("open", as_it_should_be=False)
    master = installation().master

    (ok,) = check_buckets(master, "s3://configuration/settings.yaml")
    lacking = list(check_buckets(master, "s3://open/settings.yaml"))

    assert (ok.of, ok.health) == ("configuration", "ok")
    assert [one.what for one in lacking] == [
        "open keeps no versions: what is written over or deleted is gone",
        "open could be opened to the public",
        "open takes requests in plain text",
        "open is read by whoever may read buckets",
    ]
    assert "ARN_OF_BREAK_GLASS_ROLE" in lacking[-1].fix


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "snapshot nightly")
def test_a_first_snapshot_is_taken_as_told(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, f"snapshots: {{folder: {tmp_path / 'kept'}}}\n")
    assert told.types(envctl("doctor").out, "snapshot nightly").code == 0

    assert [one[0] for one in checks()["snapshots"]] == ["ok"]


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "audit archive")
def test_old_records_that_nobody_moved_are_moved_as_told(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    kept = f"snapshots: {{folder: {tmp_path / 'kept'}}}\nledger: {{keepDays: 90}}\n"
    use_settings(tmp_path, monkeypatch, kept)
    assert installed.apply().code == 0
    with movable_clock() as later:
        later(timedelta(days=200))
        assert checks()["old records"][0][0] == "lacks"

        assert told.types(envctl("doctor").out, "audit archive", "--yes").code == 0

        assert checks()["old records"][0][0] == "ok"


@pytest.mark.tells("controller/engine/queries/doctor/messaging.py", "deploy-template")
def test_each_thing_that_lacks_is_told_with_what_mends_it(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, SETTINGS)
    make_bucket("backups", "us-east-1", as_it_should_be=False)
    sns, secrets, sqs = client("sns"), client("secretsmanager"), client("sqs")
    sns.create_topic(Name="envctl-alarms")
    secrets.create_secret(Name="chat", SecretString=json.dumps({"hook": "not an address"}))
    sqs.create_queue(QueueName="envctl.fifo", Attributes={"FifoQueue": "true"})

    found = checks()

    fixes = {of: [fix for health, _, fix in told if health == "lacks"] for of, told in found.items()}  # fmt: skip
    region, versions, public, plain, lock = fixes["backups"]
    assert region.startswith("name one of eu-west-1 in snapshots.bucket")
    assert "put-bucket-versioning --bucket backups --versioning-configuration Status=Enabled" in versions  # fmt: skip
    assert "put-public-access-block" in public
    assert "aws:SecureTransport" in plain
    assert "put-object-lock-configuration" in lock
    assert fixes["copies of backups"] == [
        "make it: aws s3api create-bucket --bucket copies --region us-east-1"
    ]
    template = told.types(fixes["queue"][0], "deploy-template master")
    assert "AWS::SQS::Queue" in template.out
    assert "aws cloudformation deploy" in template.err
    assert f"aws sns subscribe --topic-arn {TOPIC}" in fixes["topic of alerts"][0]
    assert fixes["webhook of alerts"][0].endswith("at secretsmanager://chat#hook")
    assert "credentials.yaml" in fixes["tokens"][0]
    assert "not an address" not in str(found)


def test_a_newer_version_another_reader_and_a_wrong_clock_are_told(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = boto3.resource("dynamodb", REGION).Table("EnvctlState")
    rows.put_item(Item={"Id": f"{HEAD_PREFIX}gone/eu-west-1", "Format": 99})
    described = client("dynamodb").describe_table(TableName="InfraConfigServices")["Table"]
    readers = [Consumer("audit", "u1"), Consumer("replicate", "u2")]
    fitness = "controller.engine.queries.doctor.fitness"
    monkeypatch.setattr(
        f"{fitness}.stream_consumers", lambda _: {described["LatestStreamArn"]: readers}
    )
    monkeypatch.setattr(f"{fitness}.clock_offset", lambda *_: timedelta(minutes=3))

    found = checks()

    assert found["version"][0][0] == "lacks"
    assert "gone/eu-west-1 (format 99)" in found["version"][0][1]
    assert found["streams"] == [
        (
            "lacks",
            "InfraConfigServices is read by audit, replicate and envctl: DynamoDB lets two, and slows down more",
            "keep one: aws lambda delete-event-source-mapping --uuid u2",
        )
    ]
    assert found["clock"][0][0] == "lacks"
    assert found["clock"][0][1].startswith("180 s ahead of AWS's")
    assert "chronyc makestep" in found["clock"][0][2]
