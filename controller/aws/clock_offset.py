"""How far this machine's clock is from AWS's, which every answer is dated by."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


def clock_offset(client: "STSClient", clock: Callable[[], datetime]) -> timedelta | None:
    """Return how far the clock is ahead of AWS's, to a second or two; None if the answer has no date. Raises as any call."""
    with aws_errors("clock: ask AWS what time it is", place_of(client)):
        answer = client.get_caller_identity()
    now, headers = clock(), answer["ResponseMetadata"]["HTTPHeaders"]
    return now - parsedate_to_datetime(headers["date"]) if "date" in headers else None
