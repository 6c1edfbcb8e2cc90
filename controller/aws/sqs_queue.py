"""The work queue of daemons on several machines: one SQS FIFO queue, with a message group for each scope.

Rules of SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html.
A message group is one worker's while a message of it is in flight; a deduplication id counts for five minutes.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.daemon_ports import Delivery
from controller.errors import NoLongerHeld, RefusedByAws, WrongUsage
from controller.model.canonical import parse_canonical
from controller.model.printable import in_short
from controller.model.work import Backlog, Work, WorkProblem, work_of
from controller.redactor import REDACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

LONGEST_WAIT_S: Final = 20
"""SQS lets nobody wait longer for a message."""
_LONGEST_REASON: Final = 1000
_EXPIRED: Final = frozenset(
    {"InvalidParameterValue", "ReceiptHandleIsInvalid", "MessageNotInflight"}
)
"""What SQS says of a receipt that is not the last one, or whose hold is over."""
_NAME: Final = re.compile(r"arn:[^:]+:sqs:[^:]*:(?P<account>\d{12}):(?P<name>[\w-]{1,75}\.fifo)")


@dataclass(eq=False)
class SqsQueue:
    """See the port ``WorkQueue``. ``url`` names a FIFO queue with a redrive policy; ``clock`` gives aware time."""

    client: "SQSClient"
    url: str
    clock: "Callable[[], datetime]"
    hold_s: int = 120
    wait_s: float = 5.0
    """Each time is a request to be paid for; who is to stop waits for its end, as what comes meanwhile is held by nobody else."""
    _lag_s: float = field(default=0.0, init=False)
    _dead_url: str = field(default="", init=False)
    _held_until: "dict[str, datetime]" = field(default_factory=dict, init=False)
    """By receipt, by our own clock: who knows that a hold is over does not ask."""

    def check(self) -> None:
        """Make sure that the queue is one that can be used. Raises WrongUsage with what is wrong, and as any call."""
        attributes = self._attributes(self.url)
        if attributes.get("FifoQueue") != "true":
            raise WrongUsage(
                f"queue: {self.url} is no FIFO queue",
                fix="name a FIFO queue in queue.sqs: order and one worker for each scope depend on it",
            )
        self._dead_letters()

    def put(self, work: Work) -> None:
        """Append a work; SQS drops it where it knows its id."""
        self._send(self.url, work.body().decode(), work.scope, work.dedup)

    def take(self, wait_s: float) -> Delivery | None:
        """Return the next work of a scope that nobody holds; what is none of ours goes to the dead letters at once."""
        while True:
            with aws_errors("queue: take a work", place_of(self.client)):
                messages = self.client.receive_message(
                    QueueUrl=self.url,
                    MaxNumberOfMessages=1,
                    WaitTimeSeconds=min(int(wait_s), LONGEST_WAIT_S),
                    VisibilityTimeout=self.hold_s,
                    MessageSystemAttributeNames=[
                        "ApproximateReceiveCount",
                        "MessageGroupId",
                        "SentTimestamp",
                    ],
                ).get("Messages", [])
            if not messages:
                return None
            message = messages[0]
            attributes = message["Attributes"]
            now, sent_s = self.clock(), int(attributes["SentTimestamp"]) / 1000
            self._lag_s = max(0.0, now.timestamp() - sent_s)
            receipt = message["ReceiptHandle"]
            try:
                work = work_of(message["Body"].encode(), attributes["MessageGroupId"])
            except WorkProblem as problem:
                group = attributes["MessageGroupId"]
                self._send_dead(message["Body"], group, message["MessageId"], str(problem))
                self._delete(receipt)
                continue
            self._held_until[receipt] = now + timedelta(seconds=self.hold_s)
            return Delivery(work, receipt, int(attributes["ApproximateReceiveCount"]))

    def extend(self, delivery: Delivery) -> None:
        """Hold the scope for ``hold_s`` more."""
        self._hold(delivery, self.hold_s)

    def end(self, delivery: Delivery) -> None:
        """Take the work away."""
        # SQS deletes by a receipt whose hold is over too, and the scope may be another's by then.
        self._hold(delivery, self.hold_s)
        self._delete(delivery.receipt)

    def hand_back(self, delivery: Delivery) -> None:
        """Let the next take it at once, in its old place."""
        self._hold(delivery, 0)
        self._held_until.pop(delivery.receipt, None)

    def give_up(self, delivery: Delivery, reason: str) -> None:
        """Send the work to the dead letters, with the reason, and take it away."""
        self._hold(delivery, self.hold_s)
        self._send_dead(
            delivery.work.body().decode(), delivery.work.scope, delivery.receipt, reason
        )
        self._delete(delivery.receipt)

    def backlog(self) -> Backlog:
        """Say how much there is, which SQS counts approximately."""
        attributes = self._attributes(self.url)
        waiting = int(attributes.get("ApproximateNumberOfMessages", 0))
        return Backlog(
            waiting,
            int(attributes.get("ApproximateNumberOfMessagesNotVisible", 0)),
            int(self._attributes(self._dead_letters()).get("ApproximateNumberOfMessages", 0)),
            self._lag_s if waiting else 0.0,
        )

    def _hold(self, delivery: Delivery, seconds: int) -> None:
        asked_at, work = self.clock(), delivery.work
        # Left in place meanwhile: one thread may prolong what another ends.
        held_until = self._held_until.get(delivery.receipt)
        if held_until is None or held_until <= asked_at:
            raise NoLongerHeld(work.job, work.scope)
        try:
            with aws_errors("queue: hold a work", place_of(self.client)):
                self.client.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=delivery.receipt, VisibilityTimeout=seconds
                )
        except RefusedByAws as error:
            if error.aws_code.rpartition(".")[2] not in _EXPIRED:
                raise
            self._held_until.pop(delivery.receipt, None)
            raise NoLongerHeld(work.job, work.scope) from error
        self._held_until[delivery.receipt] = asked_at + timedelta(seconds=seconds)

    def _delete(self, receipt: str) -> None:
        self._held_until.pop(receipt, None)
        with aws_errors("queue: end a work", place_of(self.client)):
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)

    def _send_dead(self, body: str, group: str, unique: str, reason: str) -> None:
        self._send(
            self._dead_letters(), body, group, hashlib.sha256(unique.encode()).hexdigest(), reason
        )

    def _send(self, url: str, body: str, group: str, dedup: str, reason: str = "") -> None:
        with aws_errors("queue: put a work", place_of(self.client)):
            self.client.send_message(
                QueueUrl=url,
                MessageBody=body,
                MessageGroupId=group,
                MessageDeduplicationId=dedup,
                MessageAttributes={
                    "Reason": {
                        "DataType": "String",
                        "StringValue": in_short(REDACTOR.redact(reason), _LONGEST_REASON),
                    }
                }
                if reason
                else {},
            )

    def _attributes(self, url: str) -> "Mapping[QueueAttributeNameType, str]":
        with aws_errors("queue: read its attributes", place_of(self.client)):
            return self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get(
                "Attributes", {}
            )

    def _dead_letters(self) -> str:
        if not self._dead_url:
            policy = self._attributes(self.url).get("RedrivePolicy", "{}")
            found = _NAME.fullmatch(
                str(parse_canonical(policy.encode()).get("deadLetterTargetArn", ""))
            )
            if found is None:
                raise WrongUsage(
                    f"queue: {self.url} has no FIFO queue for dead letters",
                    fix="give it a redrive policy: what is given up has to lie somewhere",
                )
            try:
                with aws_errors("queue: find its dead letters", place_of(self.client)):
                    self._dead_url = self.client.get_queue_url(
                        QueueName=found["name"], QueueOwnerAWSAccountId=found["account"]
                    )["QueueUrl"]
            except NotFound as error:
                raise WrongUsage(
                    f"queue: the queue for dead letters of {self.url} does not exist",
                    fix="make it, or mend the redrive policy",
                ) from error
        return self._dead_url
