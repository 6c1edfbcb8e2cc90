"""What users and a daemon ask of a sandbox, round after round: everything is written over, so that nothing of it has to stay."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from controller.sandbox.refusals.dynamodb import MOST_WRITES
from controller.sandbox.seed import REGION
from controller.sandbox.server import FOR_PROGRAMS, EmbeddedAws

ITEMS = 1500
"""In a table before the rounds: what transactions copied of it was kept once."""
BODY = "b" * 10_000
_KEY, _SESSION = FOR_PROGRAMS["AWS_ACCESS_KEY_ID"], "envctl-load"
_CHILD = "arn:aws:iam::000000000042:role/roleInfraEnvironmentManagerChild"


def resident_mb(aws: EmbeddedAws) -> float:
    """Return the memory of the sandbox's process."""
    status = Path(f"/proc/{aws.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def rounds_of(aws: EmbeddedAws) -> Callable[[], None]:
    """Make what is asked about, and return what asks once: 25 calls."""
    clients = {name: _client(aws, name) for name in ("dynamodb", "s3", "sqs", "sns", "sts", "ec2")}
    steps = (
        *_tables(clients["dynamodb"], _client(aws, "dynamodbstreams")),
        *_messages(clients["sqs"], clients["sns"]),
        *_stores(clients["s3"], clients["sts"]),
        *_machines(clients["ec2"], _client(aws, "autoscaling")),
    )

    def ask() -> None:
        for step in steps:
            step()

    return ask


def _client(aws: EmbeddedAws, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=aws.address,
        region_name=REGION,
        aws_access_key_id=_KEY,
        aws_secret_access_key="sandbox",
    )


def _put(key: str, value: str, **more: str) -> dict[str, Any]:
    return {"Put": {"TableName": "load", "Item": _item(key, value), **more}}


def _item(key: str, value: str) -> dict[str, Any]:
    return {"Id": {"S": key}, "Value": {"S": value}}


def _tables(dynamodb: Any, streams: Any) -> Iterator[Callable[[], object]]:
    made = dynamodb.create_table(
        TableName="load",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn = made["TableDescription"]["LatestStreamArn"]
    for first in range(0, ITEMS, MOST_WRITES):
        items = (_item(f"item-{first + more}", "as it was") for more in range(MOST_WRITES))
        puts = [{"PutRequest": {"Item": item}} for item in items]
        dynamodb.batch_write_item(RequestItems={"load": puts})
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    numbers = count()

    def write() -> None:
        dynamodb.transact_write_items(TransactItems=[_put("a", str(next(numbers))), _put("b", "b")])

    def fail() -> None:
        with suppress(ClientError):
            never = _put("b", "b", ConditionExpression="attribute_not_exists(Id)")
            dynamodb.transact_write_items(TransactItems=[_put("a", str(next(numbers))), never])

    def read_stream() -> None:
        kind = {"ShardId": shard, "ShardIteratorType": "LATEST"}
        iterator = streams.get_shard_iterator(StreamArn=arn, **kind)["ShardIterator"]
        streams.get_records(ShardIterator=iterator)

    yield from (write, fail, read_stream)
    for _ in range(3):
        yield lambda: dynamodb.get_item(TableName="load", Key={"Id": {"S": "a"}})


def _messages(sqs: Any, sns: Any) -> Iterator[Callable[[], object]]:
    fifo = {"FifoQueue": "true"}
    queue = sqs.create_queue(QueueName="load.fifo", Attributes=fifo)["QueueUrl"]
    topic = sns.create_topic(Name="load")["TopicArn"]
    numbers = count()

    def deliver() -> None:
        sqs.send_message(
            QueueUrl=queue,
            MessageBody=BODY,
            MessageGroupId="load",
            MessageDeduplicationId=str(next(numbers)),
        )
        (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    yield from (deliver, lambda: sns.publish(TopicArn=topic, Message="told"))


def _stores(s3: Any, sts: Any) -> Iterator[Callable[[], object]]:
    s3.create_bucket(Bucket="load", CreateBucketConfiguration={"LocationConstraint": REGION})
    yield lambda: s3.put_object(Bucket="load", Key="written-over", Body=BODY)
    yield lambda: s3.get_object(Bucket="load", Key="written-over")
    yield lambda: sts.assume_role(RoleArn=_CHILD, RoleSessionName=_SESSION)


def _machines(ec2: Any, autoscaling: Any) -> Iterator[Callable[[], object]]:
    (image, *_) = ec2.describe_images(Owners=["self"])["Images"] or [
        ec2.register_image(Name="load-1.0.0", RootDeviceName="/dev/sda1")
    ]
    launched = ec2.run_instances(ImageId=image["ImageId"], MinCount=1, MaxCount=1)["Instances"]
    one = {"InstanceIds": [launched[0]["InstanceId"]]}
    data = {"ImageId": image["ImageId"], "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="load", LaunchTemplateData=data)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="load",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "load", "Version": "$Default"},
        VPCZoneIdentifier=subnet,
    )

    def look() -> dict[str, Any]:
        ec2.describe_instances()
        group: dict[str, Any] = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
        return group

    def park_and_wake() -> None:
        (member,) = [one["InstanceId"] for one in look()["Instances"]]
        named = {"AutoScalingGroupName": "load", "InstanceIds": [member]}
        autoscaling.update_auto_scaling_group(AutoScalingGroupName="load", MinSize=0)
        autoscaling.enter_standby(**named, ShouldDecrementDesiredCapacity=True)
        autoscaling.exit_standby(**named)

    yield lambda: ec2.stop_instances(**one)
    yield lambda: ec2.start_instances(**one)
    yield park_and_wake
    yield look
