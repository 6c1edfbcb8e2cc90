"""What IAM is asked about a request that the in-memory AWS is about to answer: actions, resources, and what conditions look at.

Tags are those that the resource has just then. What AWS checks beside a request is among it: who makes a group from a launch
template starts instances, and passes their role.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from moto.autoscaling.models import autoscaling_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from tests.support.iam_policies import Call

OTHERWISE: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "sns:PublishBatch": ("sns:Publish",),
    "sts:GetCallerIdentity": (),
}
"""Operation -> the actions AWS checks for it, where they are not called alike."""
Params = Mapping[str, Any]


class Request:
    """A request: of which service, which operation, in which account and region, with which parameters (named as AWS names them)."""

    def __init__(
        self, service: str, operation: str, account: str, region: str, params: Params
    ) -> None:
        """Take what AWS has before it does anything."""  # fmt: skip
        self.service, self.operation, self.params = service, operation, params
        self.account, self.region = account, region

    def asked(self) -> list[Call]:
        """Return what IAM is asked."""
        by_service = _BY_SERVICE.get(self.service)
        return list(by_service(self) if by_service else self.of("*"))

    def of(self, *resources: str, **context: str) -> Iterator[Call]:
        """Yield the action this operation is, on each resource."""
        service = {"dynamodbstreams": "dynamodb"}.get(self.service, self.service)
        action = f"{service}:{self.operation}"
        for resource in resources:
            for checked in OTHERWISE.get(action, (action,)):
                yield Call(checked, resource, context)

    def arn(self, resource: str) -> str:
        """Return the ARN of what belongs to this service, account and region."""
        service = {"dynamodbstreams": "dynamodb"}.get(self.service, self.service)
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def _of_autoscaling(request: Request) -> Iterator[Call]:
    if request.operation.startswith("Describe"):
        yield from request.of("*")
        return
    groups = autoscaling_backends[request.account][request.region].autoscaling_groups
    tags = request.params.get("Tags") or ()
    names = {str(tag["ResourceId"]) for tag in tags if "ResourceId" in tag}
    if named := request.params.get("AutoScalingGroupName"):
        names.add(str(named))
    if instance := request.params.get("InstanceId"):
        names.update(
            name for name, group in groups.items() if instance in {one.instance.id for one in group.instance_states}
        )  # fmt: skip
    for name in sorted(names):
        found = groups.get(name)
        had = [(tag["Key"], tag["Value"]) for tag in found.tags] if found else []
        context = {
            **_tags("aws:RequestTag", ((tag["Key"], tag.get("Value")) for tag in tags)),
            **_tags("aws:ResourceTag", had),
            **_tags("autoscaling:ResourceTag", had),
        }
        resource = request.arn(f"autoScalingGroup:id:autoScalingGroupName/{name}")
        yield from request.of(resource, **context)
    if wanted := request.params.get("LaunchTemplate"):
        yield from _launched(request, wanted)


def _launched(request: Request, wanted: Params) -> Iterator[Call]:
    """Yield what Auto Scaling checks of whoever has a group use a launch template."""
    template = _template(request, wanted)
    if template is None:
        return
    arn = f"arn:aws:ec2:{request.region}:{request.account}:launch-template/{template.id}"
    by_it = {"ec2:LaunchTemplate": arn}
    data = template.get_version(wanted.get("Version") or "$Default").data
    here = f"arn:aws:ec2:{request.region}:{request.account}"
    yield Call(
        "ec2:RunInstances", arn, {**by_it, **_tags("aws:ResourceTag", _of_template(template))}
    )
    yield Call("ec2:RunInstances", f"{here}:instance/*", by_it)
    yield Call(
        "ec2:RunInstances", f"arn:aws:ec2:{request.region}::image/{data.get('ImageId')}", by_it
    )
    if data.get("TagSpecifications"):
        yield Call("ec2:CreateTags", f"{here}:instance/*", {"ec2:CreateAction": "RunInstances"})
    if profile := data.get("IamInstanceProfile"):
        known = iam_backends[request.account]["aws"].get_instance_profile(profile["Name"])
        # One that was furnished without a role stands for a role of its name.
        named = f"arn:aws:iam::{request.account}:role/{profile['Name']}"
        for role in [role.arn for role in known.roles] or [named]:
            yield Call("iam:PassRole", role, {"iam:PassedToService": "ec2.amazonaws.com"})


def _template(request: Request, wanted: Params) -> Any:
    ec2 = ec2_backends[request.account][request.region]
    name = str(wanted.get("LaunchTemplateName"))
    named = wanted.get("LaunchTemplateId") or ec2.launch_template_name_to_ids.get(name)
    return ec2.launch_templates.get(str(named))


def _of_template(template: Any) -> Iterator[tuple[Any, Any]]:
    yield from ((tag["key"], tag["value"]) for tag in template.get_tags())


def _of_ec2(request: Request) -> Iterator[Call]:
    params = request.params
    if request.operation == "CreateLaunchTemplate":
        given = [
            (tag["Key"], tag["Value"])
            for one in params.get("TagSpecifications") or params.get("TagSpecification") or ()
            for tag in one["Tags"]
        ]
        resource = request.arn("launch-template/*")
        yield from request.of(resource, **_tags("aws:RequestTag", given))
        if given:
            yield Call("ec2:CreateTags", resource, {"ec2:CreateAction": request.operation})
    elif "LaunchTemplate" in request.operation and not request.operation.startswith("Describe"):
        if template := _template(request, params):
            tags = _tags("aws:ResourceTag", _of_template(template))
            yield from request.of(request.arn(f"launch-template/{template.id}"), **tags)
    elif request.operation in {"StartInstances", "StopInstances"}:
        for instance in params["InstanceIds"]:
            tags = ec2_backends[request.account][request.region].tags.get(instance, {})
            yield from request.of(
                request.arn(f"instance/{instance}"), **_tags("aws:ResourceTag", tags.items())
            )
    else:
        yield from request.of("*")


def _of_dynamodb(request: Request) -> Iterator[Call]:
    params = request.params
    if request.operation == "TransactWriteItems":
        for one in params["TransactItems"]:
            ((kind, item),) = one.items()
            action = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}.get(kind, "ConditionCheckItem")  # fmt: skip
            yield Call(f"dynamodb:{action}", request.arn(f"table/{item['TableName']}"))
        return
    tables = [params["TableName"]] if "TableName" in params else [*(params.get("RequestItems") or ())]  # fmt: skip
    index = f"/index/{params['IndexName']}" if params.get("IndexName") else ""
    yield from request.of(*(request.arn(f"table/{name}{index}") for name in tables))


def _of_streams(request: Request) -> Iterator[Call]:
    arn = request.params.get("StreamArn")
    if arn is None:
        backend = dynamodbstreams_backends[request.account][request.region]
        iterator = backend.shard_iterators.get(request.params["ShardIterator"])
        if iterator is None:
            return
        table = iterator.stream_shard.table
        arn = request.arn(f"table/{table.name}/stream/{table.latest_stream_label}")
    yield from request.of(str(arn))


def _of_sqs(request: Request) -> Iterator[Call]:
    named = request.params.get("QueueUrl") or request.params["QueueName"]
    yield from request.of(request.arn(str(named).rpartition("/")[2]))


def _of_sns(request: Request) -> Iterator[Call]:
    params = request.params
    yield from request.of(str(params.get("TopicArn") or request.arn(str(params.get("Name")))))


def _of_s3(request: Request) -> Iterator[Call]:
    bucket, key = request.params["Bucket"], request.params.get("Key")
    yield from request.of(f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}")


def _of_iam(request: Request) -> Iterator[Call]:
    params = request.params
    if profile := params.get("InstanceProfileName"):
        resource = f"instance-profile/{profile}"
    else:
        resource = f"role/aws-service-role/autoscaling.amazonaws.com/{params['RoleName']}"
    yield from request.of(f"arn:aws:iam::{request.account}:{resource}")


def _of_sts(request: Request) -> Iterator[Call]:
    external = request.params.get("ExternalId")
    context = {"sts:ExternalId": str(external)} if external else {}
    yield from request.of(str(request.params.get("RoleArn", "*")), **context)


def _of_kms(request: Request) -> Iterator[Call]:
    named = str(request.params.get("KeyId"))
    yield from request.of(named if named.startswith("arn:") else request.arn(f"key/{named}"))


def _of_secrets(request: Request) -> Iterator[Call]:
    named = str(request.params["SecretId"])
    yield from request.of(named if named.startswith("arn:") else request.arn(f"secret:{named}-a1b2c3"))  # fmt: skip


def _tags(key: str, tags: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    return {f"{key}/{name}": str(value or "") for name, value in tags}


_BY_SERVICE: Final[Mapping[str, Callable[[Request], Iterator[Call]]]] = {
    "autoscaling": _of_autoscaling,
    "dynamodb": _of_dynamodb,
    "dynamodbstreams": _of_streams,
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_kms,
    "s3": _of_s3,
    "secretsmanager": _of_secrets,
    "sns": _of_sns,
    "sqs": _of_sqs,
    "sts": _of_sts,
}
