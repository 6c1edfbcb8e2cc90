"""What the buckets of an installation lack: where settings lie, where snapshots are kept, where copies of them go."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controller.aws.bucket_setup import BucketSetup, describe_bucket
from controller.aws.sessions import MASTER
from controller.engine.installation.installation import S3, Master
from controller.engine.queries.doctor.report import INSTALLATION, Check, Health, check_of_error
from controller.errors import AccessDenied, EnvctlError
from controller.model.partition import partition_of

_TLS: Final = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
_READERS: Final = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"],
    "Condition": {
        "ArnNotEquals": {"aws:PrincipalArn": ["ARN_OF_ROLE_OF_ENVCTL", "ARN_OF_BREAK_GLASS_ROLE"]}
    },
}
_CLOSED: Final = (
    "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
)
_LOCK: Final = "ObjectLockEnabled=Enabled,Rule={DefaultRetention={Mode=GOVERNANCE,Days=35}}"


@dataclass(frozen=True, slots=True)
class _Bucket:
    """One bucket: what checks call it, its name, where it should be; whether it holds settings, and is somebody else's."""

    of: str
    name: str
    region: str = ""
    setting: str = ""
    holds_settings: bool = False
    of_others: bool = False


def check_buckets(master: Master, config: str | None) -> Iterator[Check]:
    """Yield how each bucket is set up; ``config`` is where the settings were read from. Raises nothing that AWS says."""
    for bucket in _buckets(master, config):
        try:
            client = master.aws.client("s3", MASTER, bucket.region)
            setup = describe_bucket(client, bucket.name)
        except AccessDenied as error:
            if not bucket.of_others:
                yield check_of_error(INSTALLATION, bucket.of, error)
                continue
            text = (
                f"{bucket.name} may not be looked at: ask whoever owns it for versions and a lock"
            )
            yield Check(INSTALLATION, bucket.of, Health.NOT_PROBED, text)
        except EnvctlError as error:
            found = check_of_error(INSTALLATION, bucket.of, error)
            fix = found.fix or f"make it: {_make(bucket, master.settings.region)}"
            yield Check(INSTALLATION, bucket.of, found.health, found.what, fix)
        else:
            yield from _checks(bucket, setup)


def _buckets(master: Master, config: str | None) -> Iterator[_Bucket]:
    settings = master.settings
    if config is not None and config.startswith(S3):
        name = config.removeprefix(S3).partition("/")[0]
        yield _Bucket("configuration", name, holds_settings=True)
    snapshots = settings.snapshots
    if snapshots.bucket is not None:
        yield _Bucket("backups", snapshots.bucket, settings.region, "snapshots.bucket")
    copies = snapshots.copy_to
    if copies.bucket is not None:
        region = copies.region or settings.region
        name, setting = copies.bucket, "snapshots.copyTo.bucket"
        yield _Bucket("copies of backups", name, region, setting, of_others=True)


def _make(bucket: _Bucket, region: str) -> str:
    where = bucket.region or region
    # The oldest region is the one that may not be named.
    there = (
        "" if where == "us-east-1" else f" --create-bucket-configuration LocationConstraint={where}"
    )
    return f"aws s3api create-bucket --bucket {bucket.name} --region {where}{there}"


def _checks(bucket: _Bucket, setup: BucketSetup) -> Iterator[Check]:
    lacks = list(_lacks(bucket, setup))
    for what, fix in lacks:
        yield Check(INSTALLATION, bucket.of, Health.LACKS, f"{bucket.name} {what}", fix)
    if not lacks:
        kept = "read by those it names alone" if bucket.holds_settings else "locked"
        text = f"{bucket.name} is private, versioned, reached by TLS alone, and {kept}"
        yield Check(INSTALLATION, bucket.of, Health.OK, text)


def _lacks(bucket: _Bucket, setup: BucketSetup) -> Iterator[tuple[str, str]]:
    """Yield what lacks and the command that mends it."""
    put = f"aws s3api put-{{}} --bucket {bucket.name}"
    if bucket.region and setup.region != bucket.region:
        yield (
            f"is in {setup.region}, the settings say {bucket.region}",
            f"name one of {bucket.region} in {bucket.setting}, or mend the region in the settings",
        )
    if not setup.versioned:
        yield (
            "keeps no versions: what is written over or deleted is gone",
            f"{put.format('bucket-versioning')} --versioning-configuration Status=Enabled",
        )
    if not setup.closed_to_public:
        yield (
            "could be opened to the public",
            f"{put.format('public-access-block')} --public-access-block-configuration {_CLOSED}",
        )
    if not setup.tls_only:
        yield "takes requests in plain text", _statement(bucket.name, setup.region, _TLS)
    if bucket.holds_settings and not setup.named_readers_only:
        yield "is read by whoever may read buckets", _statement(bucket.name, setup.region, _READERS)
    if not bucket.holds_settings and not setup.locked:
        yield (
            "locks nothing: whoever takes envctl's credentials takes backups away",
            f"{put.format('object-lock-configuration')} --object-lock-configuration '{_LOCK}'",
        )


def _statement(bucket: str, region: str, statement: Mapping[str, object]) -> str:
    """Return how a statement gets into the policy there is, which a command would replace as a whole."""
    arn = f"arn:{partition_of(region)}:s3:::{bucket}"
    text = json.dumps({**statement, "Resource": [arn, f"{arn}/*"]})
    return (
        f"aws s3api get-bucket-policy --bucket {bucket} --query Policy --output text > policy.json\n"
        f"add to its Statement: {text}\n"
        f"aws s3api put-bucket-policy --bucket {bucket} --policy file://policy.json"
    )
