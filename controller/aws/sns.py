"""SNS topics of the master account: changes for other programs, and alerts for people who subscribe.

Rules of SNS: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: ten messages a request, each with its own outcome.
Making a topic that is there gives its ARN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import EnvctlError, RefusedByAws, Unreachable
from controller.model.change_message import ChangeMessage, Topic
from controller.redactor import REDACTOR

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import (
        MessageAttributeValueTypeDef,
        PublishBatchRequestEntryTypeDef,
    )

BATCH: Final = 10
_SUBJECT: Final = "envctl alerts"


@dataclass(eq=False)
class ChangeTopics:
    """See the port ``ChangeSink``: topics by their names, made when first used."""

    client: "SNSClient"
    name: str = "topics"
    _arns: dict[Topic, str] = field(default_factory=dict, init=False)

    def send(self, messages: Sequence[ChangeMessage]) -> Mapping[int, EnvctlError]:
        """Publish, in the order given; what follows a failure that may pass is left."""
        errors: dict[int, EnvctlError] = {}
        for topic, first, end in _runs(messages):
            found = self._publish(topic, messages[first:end])
            errors |= {first + index: error for index, error in sorted(found.items())}
            passing = [i for i, error in errors.items() if not isinstance(error, RefusedByAws)]
            if passing:
                return {index: error for index, error in errors.items() if index <= passing[0]}
        return errors

    def _publish(self, topic: Topic, messages: Sequence[ChangeMessage]) -> dict[int, EnvctlError]:
        entries = [_entry(index, message) for index, message in enumerate(messages)]
        try:
            with aws_errors(f"notifications: publish to {topic}", place_of(self.client)):
                answer = self.client.publish_batch(
                    TopicArn=self._arn(topic), PublishBatchRequestEntries=entries
                )
        except NotFound:
            # Somebody deleted it: the next try makes it anew.
            self._arns.pop(topic, None)
            raise
        return {
            int(failed["Id"]): (RefusedByAws if failed["SenderFault"] else Unreachable)(
                f"notifications: publish to {topic}: SNS did not take a message ({failed['Code']})"
            )
            for failed in answer.get("Failed", [])
        }

    def _arn(self, topic: Topic) -> str:
        if topic not in self._arns:
            with aws_errors(f"notifications: make the topic {topic}", place_of(self.client)):
                self._arns[topic] = self.client.create_topic(Name=topic.value)["TopicArn"]
        return self._arns[topic]


@dataclass(eq=False)
class AlertTopic:
    """See the port ``AlertSink``: one topic, by its ARN."""

    client: "SNSClient"
    arn: str
    name: str = "topic"

    def send(self, text: str) -> None:
        """Publish a text."""
        with aws_errors(f"notifications: publish to {self.arn}", place_of(self.client)):
            self.client.publish(TopicArn=self.arn, Subject=_SUBJECT, Message=REDACTOR.redact(text))


def _runs(messages: Sequence[ChangeMessage]) -> list[tuple[Topic, int, int]]:
    """Cut messages where the topic changes, and at ten; return of each cut its topic, first and end."""
    runs: list[tuple[Topic, int, int]] = []
    for index, message in enumerate(messages):
        topic, first, _ = runs[-1] if runs else (None, 0, 0)
        if topic is message.topic and index - first < BATCH:
            runs[-1] = (message.topic, first, index + 1)
        else:
            runs.append((message.topic, index, index + 1))
    return runs


def _entry(index: int, message: ChangeMessage) -> "PublishBatchRequestEntryTypeDef":
    attributes: dict[str, MessageAttributeValueTypeDef] = {
        name: {"DataType": "String", "StringValue": REDACTOR.redact(value)}
        for name, value in message.attributes.items()
    }
    return {
        "Id": str(index),
        "Message": REDACTOR.redact(message.body),
        "MessageAttributes": attributes,
    }
