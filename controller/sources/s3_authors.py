"""Who wrote an object of a bucket: what whoever put it there said in its metadata, or else in its tags."""

from collections.abc import Mapping
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import AccessDenied
from controller.model.printable import in_short
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship
from controller.sources.s3_listing import S3Location

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AUTHOR: Final = "author"
COMMIT: Final = "commit"
SUBJECT: Final = "subject"
PULL_REQUEST: Final = "pull-request"


class Said(NamedTuple):
    """What came with an object: its own metadata, how many tags it has, when it was written (aware), and which version it is.

    ``version`` is empty where the bucket keeps none.
    """

    metadata: Mapping[str, str]
    tags: int
    written_at: datetime
    version: str


def authorship_of(client: "S3Client", location: S3Location, path: str, said: Said) -> Authorship:
    """Return who wrote a file; unknown where neither metadata nor tags name an author or a commit.

    Tags are asked for where there are any and the metadata are silent. They say nothing without the right to read them, nor of
    another version than was read. Raises Unreachable.
    """
    found = _authorship(said.metadata, said.written_at)
    if found is UNKNOWN_AUTHORSHIP and said.tags:
        what = f"source: read the tags of {location}/{path}"
        try:
            with aws_errors(what, place_of(client)):
                answer = client.get_object_tagging(Bucket=location.bucket, Key=location.key(path))
        except (AccessDenied, NotFound):
            return UNKNOWN_AUTHORSHIP
        if answer.get("VersionId", said.version) != said.version:
            return UNKNOWN_AUTHORSHIP
        tags = {tag["Key"].lower(): tag["Value"] for tag in answer["TagSet"]}
        found = _authorship(tags, said.written_at)
    return found


def _authorship(values: Mapping[str, str], written_at: datetime) -> Authorship:
    if not (values.get(AUTHOR) or values.get(COMMIT)):
        return UNKNOWN_AUTHORSHIP
    return Authorship(
        commit=_text(values.get(COMMIT, "")),
        author=_text(values.get(AUTHOR, "")),
        date=written_at.isoformat(),
        subject=_text(values.get(SUBJECT, "")),
        pull_request=_text(values.get(PULL_REQUEST, "")),
    )


def _text(value: str) -> str:
    """Return a value as people may read it: S3 gives metadata that are not ASCII in the form of mail headers (RFC 2047)."""
    try:
        text = str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        text = value
    return in_short(text)
