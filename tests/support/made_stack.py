"""What deploy/master.yaml makes, made in an AWS in memory from the template's own properties: tables, buckets, queues, the topic of alarms.

Left out is what moto does not keep as AWS does: policies of tables and queues, and those of buckets, whose conditions it takes no
notice of, so that nobody could read anything.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from tests.support.iam_policies import Stack

_BESIDE: Final = {"PointInTimeRecoverySpecification", "ResourcePolicy", "StreamSpecification"}
"""Properties that are requests of their own, or spelled otherwise there."""
Clients = Callable[[str], Any]


def make_tables(stack: Stack, client: Any) -> None:
    """Do what CloudFormation does with the properties of the tables."""
    for name in stack.made("AWS::DynamoDB::Table"):
        found = stack.properties(name)
        request = {key: value for key, value in found.items() if key not in _BESIDE}
        if "StreamSpecification" in found:
            request["StreamSpecification"] = {"StreamEnabled": True, **found["StreamSpecification"]}
        client.create_table(**request)
        client.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification=found["PointInTimeRecoverySpecification"],
        )


def make_buckets(stack: Stack, client: Any, region: str) -> None:
    """Make the buckets: closed, with versions and locked where the template says so."""
    for name in stack.made("AWS::S3::Bucket"):
        found = stack.properties(name)
        bucket = found["BucketName"]
        client.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": region},
            ObjectLockEnabledForBucket=bool(found.get("ObjectLockEnabled")),
        )
        if versions := found.get("VersioningConfiguration"):
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versions)
        client.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration=found["PublicAccessBlockConfiguration"],
        )
        if lock := found.get("ObjectLockConfiguration"):
            days = int(lock["Rule"]["DefaultRetention"]["Days"])
            rule = {"DefaultRetention": {**lock["Rule"]["DefaultRetention"], "Days": days}}
            client.put_object_lock_configuration(
                Bucket=bucket, ObjectLockConfiguration={**lock, "Rule": rule}
            )


def make_queue(stack: Stack, client: Any) -> str:
    """Make the queue and that for dead letters; return the URL of the first."""
    dead = client.create_queue(
        QueueName=stack.properties("DeadLetters")["QueueName"], Attributes={"FifoQueue": "true"}
    )["QueueUrl"]
    asked = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = stack.properties("Queue")["RedrivePolicy"]
    redrive = {**redrive, "deadLetterTargetArn": asked["Attributes"]["QueueArn"]}
    return str(
        client.create_queue(
            QueueName=stack.properties("Queue")["QueueName"],
            Attributes={"FifoQueue": "true", "RedrivePolicy": json.dumps(redrive)},
        )["QueueUrl"]
    )


def make_topic(stack: Stack, client: Any) -> str:
    """Make the topic of alarms; return its ARN."""
    return str(client.create_topic(Name=stack.properties("AlarmTopic")["TopicName"])["TopicArn"])
