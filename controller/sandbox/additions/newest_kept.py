"""What others have had is kept for a while: of receipts, of what was told, and of sessions that have ended the newest.

A session ends with its credentials, after an hour if nothing else is asked for. (AWS STS API Reference, AssumeRole) Whoever deletes
a message again is told that it is gone: "it is possible to receive a message even after you delete it", so that one deletes it
again. (Amazon SQS API Reference, DeleteMessage) moto keeps all of them for ever.
"""

from typing import Any

from moto.core.utils import utcnow
from moto.sns.models import Topic
from moto.sqs.models import Queue
from moto.sts.models import AssumedRole, STSBackend, sts_backends
from moto.utilities.utils import get_partition

from controller.sandbox.rules import replaces

MOST_RECEIPTS = 5000
MOST_TOLD = 100
MOST_SESSIONS = 1000
"""Of an account; sessions that have not ended are kept besides."""
_DELETE, _PUBLISH, _ASSUME = Queue.delete_message, Topic.publish, STSBackend.assume_role


@replaces(Queue, "delete_message")
def _delete_message(self: Any, receipt_handle: str) -> None:
    _DELETE(self, receipt_handle)
    if len(self.deleted_messages) > MOST_RECEIPTS:
        self.deleted_messages = {receipt_handle}


@replaces(Topic, "publish")
def _publish(self: Topic, *args: Any, **named: Any) -> str:
    told = _PUBLISH(self, *args, **named)
    del self.sent_notifications[:-MOST_TOLD]
    return told


@replaces(STSBackend, "assume_role")
def _assume_role(self: STSBackend, region_name: str, *args: Any, **named: Any) -> AssumedRole:
    made = _ASSUME(self, region_name, *args, **named)
    known = sts_backends[made.account_id][get_partition(region_name)].assumed_roles
    while len(known) > MOST_SESSIONS and known[0].expiration < utcnow():
        del known[0]
    return made
