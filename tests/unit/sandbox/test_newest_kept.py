"""What was delivered, told and has ended does not stay for ever; nor do objects that are no longer there."""

import gc
import weakref
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.dynamodb.models.table import StreamShard
from moto.s3.models import FakeKey
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends

from controller.sandbox.additions import newest_kept, objects_of_moto

ACCOUNT, REGION = "123456789012", "eu-west-1"


@pytest.fixture
def sqs() -> Iterator[Any]:
    """SQS of an account, in this process."""
    backend: Any = sqs_backends[ACCOUNT][REGION]
    yield backend
    backend.reset()


def _received(sqs: Any) -> str:
    sqs.send_message("works", "a work")
    (message,) = sqs.receive_message("works", 1, 0, 30)
    return str(message.receipt_handle)


def test_a_message_is_deleted_again_but_receipts_are_not_kept_for_ever(
    sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_kept, "MOST_RECEIPTS", 3)
    queue = sqs.create_queue("works", {})
    for _ in range(20):
        receipt = _received(sqs)
        for _ in range(2):
            sqs.delete_message("works", receipt)

    assert len(queue.deleted_messages) <= 3


def test_of_what_a_topic_told_the_newest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_kept, "MOST_TOLD", 2)
    topic = sns_backends[ACCOUNT][REGION].create_topic("told")
    for number in range(5):
        topic.publish(str(number))

    assert [told[1] for told in topic.sent_notifications] == ["3", "4"]


def test_sessions_that_have_ended_are_forgotten_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(newest_kept, "MOST_SESSIONS", 2)
    sts = sts_backends[ACCOUNT]["aws"]
    child = "000000000077"
    known = sts_backends[child]["aws"].assumed_roles

    def assume() -> None:
        arn = f"arn:aws:iam::{child}:role/roleInfraEnvironmentManagerChild"
        sts.assume_role(REGION, "envctl", arn, "", 3600, "")

    for _ in range(4):
        assume()
    assert len(known) == 4

    for session in known[:3]:
        session.expiration = utcnow() - timedelta(seconds=1)
    assume()

    assert len(known) == 2
    sts_backends[child]["aws"].reset()


def test_an_object_that_is_no_longer_there_is_kept_nowhere() -> None:
    shard = StreamShard(ACCOUNT, None)  # type: ignore[arg-type]
    seen = weakref.ref(shard)

    del shard
    gc.collect()

    assert vars(BaseModel)["__new__"].__func__ is objects_of_moto.made
    assert seen() is None


def test_files_of_objects_in_buckets_are_closed_by_whoever_lets_them_go() -> None:
    of: Any = FakeKey
    key = of("a", b"one", account_id=ACCOUNT, region_name="eu-west-1")
    seen, file = weakref.ref(key), key._value_buffer
    assert key in of.instances_tracked

    del key
    gc.collect()

    assert seen() is None
    assert file.closed
