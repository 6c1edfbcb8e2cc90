"""FIFO queues that know a deduplication id for five minutes.

"If a message with a particular message deduplication ID is sent successfully, any messages sent with the same message
deduplication ID are accepted successfully but aren't delivered during the 5-minute deduplication interval [...], even
after the message is received and deleted." (Amazon SQS API, SendMessage) moto forgets the id with the message.
"""

from typing import Any

from moto.sqs.models import DEDUPLICATION_TIME_IN_SECONDS, Queue

from controller.sandbox.rules import replaces

_ADD = Queue.add_message


@replaces(Queue, "add_message")
def _add_message(self: Any, message: Any) -> None:
    if self.fifo_queue and message.deduplication_id:
        now_ms = message.sent_timestamp
        known = getattr(self, "sandbox_deduplication", {})
        # Oldest first, so no more is looked at than is forgotten.
        for dedup, sent_ms in list(known.items()):
            if now_ms - sent_ms < DEDUPLICATION_TIME_IN_SECONDS * 1000:
                break
            del known[dedup]
        self.sandbox_deduplication = known
        if message.deduplication_id in known:
            return
        known[message.deduplication_id] = now_ms
    _ADD(self, message)
