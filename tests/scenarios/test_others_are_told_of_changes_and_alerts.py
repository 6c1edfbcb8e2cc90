"""Others hear of it: a commit that becomes a change, a bad commit that stops nothing, a snapshot that fails; each once.

Covers: engine.notifications.notifier, engine.state.job_rows.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from controller.aws.sessions import MASTER
from controller.engine.live.accounts import LiveAccounts
from controller.engine.notifications.news import NEWS_KEY
from controller.events import RevisionApplied
from controller.model.change_message import Topic
from controller.model.work import Job
from controller.sources.folder import FolderSource
from tests.support.command_line import Fleet, envctl, installation, service, use_settings
from tests.support.daemons import DaemonByHand
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import PowerEstate
from tests.support.told import Told


@pytest.mark.slow
@pytest.mark.tells("controller/engine/notifications/standing.py", "snapshot create")
@pytest.mark.tells("controller/views/status_text.py", "snapshot create")
def test_what_the_daemon_does_and_cannot_do_is_told_once(
    sandbox: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    accounts = estate.accounts()
    heard = _listening(accounts, tmp_path)
    daemon = DaemonByHand(accounts, FolderSource(estate.folder))
    daemon.tick_and_work()
    daemon.notify.tick()
    heard("changes"), heard("alerts")

    estate.environment("c60")
    _pass(estate, daemon)
    changes = [message["MessageAttributes"] for message in heard("changes")]
    assert {one["ID"]["Value"] for one in changes} == {"c60"}
    assert {one["Action"]["Value"] for one in changes} == {"create"}

    applied = [event.revision for event in daemon.events if isinstance(event, RevisionApplied)]
    assert len(applied) == len(set(applied)) == 1, "what was accepted before was nobody's work here"

    (estate.folder / "c60.yaml").write_text("kind: Environment\nspec: {}\n")
    for _ in range(4):
        _pass(estate, daemon, 120)
    [alert] = [line for body in heard("alerts") for line in body["Message"].splitlines()[1:]]
    assert alert.startswith("source-stalled config: ")
    assert heard("changes") == []

    estate.environment("c60")
    daemon.jobs.put(Job.SNAPSHOT, "snapshots", "tonight", estate.clock.now)
    _pass(estate, daemon, 120)
    _pass(estate, daemon, 120)
    lines = [line for body in heard("alerts") for line in body["Message"].splitlines()[1:]]
    assert [line.partition(":")[0] for line in lines] == ["snapshot-failed", "over"]

    use_settings(tmp_path, monkeypatch, "snapshots: {bucket: no-such-bucket}\n")
    lacking = told.types(lines[0])
    assert (lacking.code, "no-such-bucket" in lacking.err) == (7, True)
    where: Any = {"LocationConstraint": "eu-west-1"}
    sandbox.client("s3").create_bucket(Bucket="no-such-bucket", CreateBucketConfiguration=where)
    (none,) = (line for line in envctl("status").out.splitlines() if line.startswith("Snapshots "))
    assert told.types(none).code == 0
    assert "none was proven" not in envctl("status").out


def test_what_a_command_did_is_heard_of_at_the_next_tick(installed: Fleet) -> None:
    master = installation().master

    def signed() -> object:
        return master.store.get(master.state_table, {"Id": NEWS_KEY})

    assert signed() is None
    assert installed.apply("--scope", "config").code == 0
    first = signed()
    assert first is not None

    assert installed.plan("--scope", "config").code == 0
    assert signed() == first, "who only looks has done nothing that others are told of"

    installed.has({"pay.yaml": service("Pay", 40010)})
    assert installed.apply("--scope", "config").code == 0
    assert signed() != first


def _pass(estate: PowerEstate, daemon: DaemonByHand, seconds: float = 60) -> None:
    estate.clock.sleep(seconds)
    daemon.tick_and_work()
    daemon.notify.tick()


def _listening(accounts: LiveAccounts, tmp_path: Path) -> Any:
    """Have changes and alerts told, and snapshots kept where there is no bucket; return what reads what was told since."""
    master = accounts.installation.master
    sns, sqs = (master.aws.client(service, MASTER) for service in ("sns", "sqs"))
    queues = {}
    for name, topics in (("changes", list(Topic)), ("alerts", ["envctl-alerts"])):
        queues[name] = sqs.create_queue(QueueName=f"heard-{name}")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=queues[name], AttributeNames=["QueueArn"])
        for topic in topics:
            arn = sns.create_topic(Name=str(topic))["TopicArn"]
            queue = asked["Attributes"]["QueueArn"]
            sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    arn = sns.create_topic(Name="envctl-alerts")["TopicArn"]
    settings = master.settings
    master.settings = settings.model_copy(
        update={
            "notify": settings.notify.model_copy(update={"changes": True, "topic": arn}),
            "snapshots": settings.snapshots.model_copy(update={"bucket": "no-such-bucket"}),
        }
    )

    def read(name: str) -> list[dict[str, Any]]:
        found = []
        while got := sqs.receive_message(QueueUrl=queues[name], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in got:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queues[name], ReceiptHandle=message["ReceiptHandle"])
        return found

    return read
