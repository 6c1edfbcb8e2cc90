"""How a bucket is set up, as far as what is kept in it depends on it: where it is, versions, who is kept out, what is locked.

Encryption is not asked: S3 encrypts every object since 2023, https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import orjson

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.errors import RefusedByAws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NONE: Final = frozenset({
    "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "ObjectLockConfigurationNotFoundError",
})  # fmt: skip
"""How S3 says that something was never set up."""
_ALL_CLOSED: Final = 4


@dataclass(frozen=True, slots=True)
class BucketSetup:
    """What was found. ``region`` is where it is; ``locked`` tells whether what is put there is locked by itself."""

    region: str
    versioned: bool
    closed_to_public: bool
    tls_only: bool
    named_readers_only: bool
    """Whether its policy denies reading to all but principals it names."""
    locked: bool


def describe_bucket(client: "S3Client", bucket: str) -> BucketSetup:
    """Look at a bucket. Raises NotFound if there is none, and as any call."""
    with aws_errors(f"s3: find bucket {bucket}", place_of(client)):
        region = client.get_bucket_location(Bucket=bucket).get("LocationConstraint")
        versions = client.get_bucket_versioning(Bucket=bucket).get("Status")
    blocked = _asked(client, bucket, client.get_public_access_block)
    closed = blocked.get("PublicAccessBlockConfiguration", {})
    lock = _asked(client, bucket, client.get_object_lock_configuration)
    policy = orjson.loads(_asked(client, bucket, client.get_bucket_policy).get("Policy", "{}"))
    denies = [one for one in _listed(policy.get("Statement", [])) if one.get("Effect") == "Deny"]
    return BucketSetup(
        # The oldest region has no name there.
        region=str(region or "us-east-1"),
        versioned=versions == "Enabled",
        closed_to_public=sum(map(bool, closed.values())) == _ALL_CLOSED,
        tls_only=any(_denies_plain_text(one) for one in denies),
        named_readers_only=any(_denies_reading(one) for one in denies),
        locked="Rule" in lock.get("ObjectLockConfiguration", {}),
    )


def _asked(client: "S3Client", bucket: str, method: Callable[..., Any]) -> Mapping[str, Any]:
    """Return what a method answers about a bucket; nothing where it was never set up."""
    try:
        with aws_errors(f"s3: look at bucket {bucket}", place_of(client)):
            found: Mapping[str, Any] = method(Bucket=bucket)
    except RefusedByAws as error:
        if error.aws_code not in _NONE:
            raise
        return {}
    return found


def _denies_plain_text(statement: Mapping[str, Any]) -> bool:
    conditions = statement.get("Condition", {}).get("Bool", {})
    asked = {name.lower(): str(value).lower() for name, value in conditions.items()}
    of_reads = _of_everybody(statement) and _covers(statement, "s3:GetObject")
    return of_reads and asked == {"aws:securetransport": "false"}


def _denies_reading(statement: Mapping[str, Any]) -> bool:
    named = {
        name.lower()
        for operator, conditions in statement.get("Condition", {}).items()
        if operator in {"ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike"}
        for name in conditions
    }
    to_others = bool(statement.get("NotPrincipal")) or (
        _of_everybody(statement) and "aws:principalarn" in named
    )
    return to_others and _covers(statement, "s3:GetObject")


def _of_everybody(statement: Mapping[str, Any]) -> bool:
    return statement.get("Principal") in ("*", {"AWS": "*"})


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    patterns = _listed(statement.get("Action"))
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
