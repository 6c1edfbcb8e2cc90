"""Files that are named on the command line: of this machine or in S3."""

from pathlib import Path

from controller.aws.s3_object import parse_s3_uri, read_object
from controller.aws.sessions import MASTER, AwsAccess
from controller.engine.surroundings import Surroundings
from controller.errors import WrongUsage

S3 = "s3://"


def read_named(name: str, what: str, surroundings: Surroundings) -> bytes:
    """Return the bytes of a path or of ``s3://bucket/key``; ``what`` is how messages call it: ``settings``.

    Raises WrongUsage for a path that cannot be read, and as any call.
    """
    if name.startswith(S3):
        place = parse_s3_uri(name)
        access = AwsAccess(
            region=surroundings.region,
            installation="reader",
            instance=surroundings.instance,
            allowed_role_names=(),
        )
        return read_object(access.client("s3", MASTER), place)
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise WrongUsage(
            f"{what} {name}: cannot be read: {error.strerror}",
            fix="name a file that exists, or s3://BUCKET/KEY",
        ) from error
