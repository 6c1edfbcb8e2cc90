"""What whoever tells alerts and changes relies on, whatever sink they go to: all of it arrives, no secret does, a failure is one of ours."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.sns import AlertTopic, ChangeTopics
from controller.daemon.webhook import Webhook
from controller.daemon_ports import AlertSink, ChangeSink
from controller.errors import EnvctlError
from controller.model.change_message import ChangeMessage, Topic
from controller.redactor import REDACTOR
from tests.support.https_server import chat_hook

PLACE = Place("", "eu-west-1")


@dataclass(frozen=True)
class Case:
    """A sink, what arrived there, and a switch that breaks or mends it."""

    sink: AlertSink
    heard: Callable[[], list[str]]
    works: Callable[[bool], None]


@pytest.fixture(params=["topic", "webhook"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    if request.param == "topic":
        with mock_aws():
            yield on_sns()
        return
    with chat_hook(tmp_path) as chat:
        yield Case(
            Webhook(lambda: chat.url, context=chat.trust),
            lambda: [json.loads(body)["text"] for _, _, body in chat.posts if chat.status == 200],
            lambda well: setattr(chat, "status", 200 if well else 503),
        )


def on_sns() -> Case:
    client = Clients().client(PLACE, "sns")
    arn = client.create_topic(Name="alerts")["TopicArn"]
    hear = heard_at(arn)
    sink = AlertTopic(client, arn)

    def works(well: bool) -> None:
        sink.arn = arn if well else arn.replace("alerts", "nobody")

    return Case(sink, lambda: [body["Message"] for body in hear()], works)


def heard_at(arn: str) -> Callable[[], list[dict[str, Any]]]:
    """Subscribe a queue to a topic; return what reads all it has."""
    sqs = Clients().client(PLACE, "sqs")
    url = sqs.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    Clients().client(PLACE, "sns").subscribe(
        TopicArn=arn, Protocol="sqs", Endpoint=queue["QueueArn"]
    )

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


def test_a_text_arrives_as_it_was_sent(case: Case) -> None:
    case.sink.send("envctl abc\nguard-refused config: „7 deletes“")

    assert case.heard() == ["envctl abc\nguard-refused config: „7 deletes“"]


def test_no_secret_arrives(case: Case) -> None:
    REDACTOR.tell("a-very-secret-thing")

    case.sink.send("said: a-very-secret-thing")

    assert case.heard() == ["said: ***"]


def test_a_failure_is_one_of_ours_and_the_next_text_arrives(case: Case) -> None:
    case.works(False)
    with pytest.raises(EnvctlError):
        case.sink.send("lost")

    case.works(True)
    case.sink.send("found")

    assert "found" in case.heard()


def test_sinks_have_names_of_their_own(case: Case) -> None:
    assert case.sink.name in {"topic", "webhook"}


# ------------------------------------------------------------ changes


@pytest.fixture
def topics() -> Iterator[ChangeSink]:
    with mock_aws():
        yield ChangeTopics(Clients().client(PLACE, "sns"))


def change(name: str, topic: Topic = Topic.CONFIGURATION) -> ChangeMessage:
    attributes = {"Action": "update", "ID": name, "Timestamp": "1795514400250"}
    return ChangeMessage(
        topic, json.dumps({"Endpoint": {"Url": name, "Method": "PUT"}}), attributes
    )


def test_changes_arrive_at_their_topics_which_are_made_by_name(topics: ChangeSink) -> None:
    topics.send([change("first")])
    topics.send([change("first", Topic.OPERATIONS)])
    client = Clients().client(PLACE, "sns")
    arns = {
        arn["TopicArn"].rpartition(":")[2]: arn["TopicArn"]
        for arn in client.list_topics()["Topics"]
    }
    assert arns.keys() == {str(topic) for topic in Topic}
    hear = {name: heard_at(arn) for name, arn in arns.items()}

    sent = [
        change(f"s{n}", Topic.OPERATIONS if n % 7 == 6 else Topic.CONFIGURATION) for n in range(30)
    ]
    assert topics.send(sent) == {}

    for topic in Topic:
        arrived = hear[topic]()
        assert sorted(m["MessageAttributes"]["ID"]["Value"] for m in arrived) == sorted(
            message.attributes["ID"] for message in sent if message.topic is topic
        )
        assert {part["Type"] for m in arrived for part in m["MessageAttributes"].values()} == {
            "String"
        }
        assert all(json.loads(m["Message"])["Endpoint"]["Method"] == "PUT" for m in arrived)


def test_no_secret_arrives_with_a_change(topics: ChangeSink) -> None:
    topics.send([change("first")])
    [arn] = [one["TopicArn"] for one in Clients().client(PLACE, "sns").list_topics()["Topics"]]
    hear = heard_at(arn)
    REDACTOR.tell("a-very-secret-thing")

    topics.send([change("a-very-secret-thing")])

    assert "a-very-secret-thing" not in json.dumps(hear())


def test_a_topic_that_was_deleted_is_made_anew(topics: ChangeSink) -> None:
    topics.send([change("first")])
    client = Clients().client(PLACE, "sns")
    client.delete_topic(TopicArn=client.list_topics()["Topics"][0]["TopicArn"])
    with pytest.raises(EnvctlError):
        topics.send([change("second")])

    assert topics.send([change("second")]) == {}


def test_what_sns_does_not_take_is_told_by_message(
    topics: ChangeTopics, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = [
        {"Id": "1", "Code": "InvalidParameter", "SenderFault": True},
        {"Id": "2", "Code": "InternalError", "SenderFault": False},
    ]
    monkeypatch.setattr(topics.client, "publish_batch", lambda **_: {"Failed": failed})

    errors = topics.send([change(f"s{n}") for n in range(12)])

    assert {index: error.code for index, error in errors.items()} == {
        1: "RefusedByAws",
        2: "Unreachable",
    }
