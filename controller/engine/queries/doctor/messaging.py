"""What lacks of what the daemon works and tells by: its queue, its topics, the chat tool's webhook, the digests of tokens."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.aws.secrets import Secrets
from controller.aws.sessions import MASTER
from controller.aws.sqs_queue import SqsQueue
from controller.engine.installation.installation import Master
from controller.engine.queries.doctor.report import INSTALLATION, Check, Health, check_of_error
from controller.errors import EnvctlError, WrongUsage
from controller.model.change_message import Topic

STACK: Final = "envctl deploy-template master > master.yaml has one as it must be, and notes the command that deploys it"


def check_messaging(master: Master) -> Iterator[Check]:
    """Yield a check of each part that the settings name. Raises nothing that AWS says."""
    settings = master.settings
    if settings.queue.sqs is not None:
        yield _found("queue", lambda: _queue(master), STACK)
    notify = settings.notify
    if notify.topic is not None:
        arn = notify.topic
        make = f"aws sns create-topic --region {arn.split(':')[3]} --name {arn.rpartition(':')[2]}"
        yield _found("topic of alerts", lambda: _alerts(master, arn), make)
    if notify.webhook is not None:
        reference = notify.webhook
        fix = f"keep the address of the chat tool's incoming webhook at {reference}"
        yield _found("webhook of alerts", lambda: _webhook(master, reference), fix)
    if notify.changes:
        for topic in Topic:
            yield _found("topics of changes", partial(_changes, master, topic.value))
    if settings.http.port is not None and settings.http.credentials is not None:
        kept = settings.http.credentials
        fix = "write it as docs/how-to/use-the-http-interface.md says, and: aws s3 cp credentials.yaml s3://BUCKET/credentials.yaml"
        yield _found("tokens", lambda: _credentials(master, kept), fix)


def _found(of: str, look: Callable[[], Check], fix: str = "") -> Check:
    """Return what a look finds, or what kept it; ``fix`` is for where the error has none."""
    try:
        return look()
    except EnvctlError as error:
        found = check_of_error(INSTALLATION, of, error)
        lacks_command = isinstance(error, (NotFound, WrongUsage))
        what_to_do = "\n".join(filter(None, (found.fix, fix if lacks_command else "")))
        return Check(INSTALLATION, of, found.health, found.what, what_to_do)


def _queue(master: Master) -> Check:
    client, url = master.aws.client("sqs", MASTER), master.settings.queue.sqs or ""
    queue = SqsQueue(client, url, master.process.clock)
    queue.check()
    there = queue.backlog()
    text = f"FIFO, with dead letters; {there.waiting} waiting, {there.dead} given up"
    if not there.dead:
        return Check(INSTALLATION, "queue", Health.OK, text)
    fix = "docs/runbooks/dead-letters.md: the attribute Reason of each says what to mend before it is deleted"
    return Check(INSTALLATION, "queue", Health.LACKS, text, fix)


def _topic(master: Master, arn: str) -> int:
    """Return how many are told by a topic."""
    client = master.aws.client("sns", MASTER, arn.split(":")[3])
    with aws_errors(f"notifications: find topic {arn}", place_of(client)):
        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    return int(attributes["SubscriptionsConfirmed"])


def _alerts(master: Master, arn: str) -> Check:
    of, told = "topic of alerts", _topic(master, arn)
    if told:
        return Check(INSTALLATION, of, Health.OK, f"{arn}, which {told} subscribed to")
    fix = f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint ADDRESS, and confirm it"
    return Check(INSTALLATION, of, Health.LACKS, f"nobody subscribed to {arn}", fix)


def _changes(master: Master, name: str) -> Check:
    account = master.aws.own_account()
    arn = f"arn:{master.client.meta.partition}:sns:{master.settings.region}:{account}:{name}"
    of = "topics of changes"
    try:
        told = _topic(master, arn)
    except NotFound:
        return Check(INSTALLATION, of, Health.OK, f"{name} is made with the first change")
    return Check(INSTALLATION, of, Health.OK, f"{name}, which {told} subscribed to")


def _webhook(master: Master, reference: str) -> Check:
    address = urlsplit(
        Secrets(master.aws, master.process.environment, master.process.clock).value(reference)
    )
    if address.scheme != "https" or not address.hostname:
        raise WrongUsage(f"what is kept at {reference} is no https:// address")
    return Check(INSTALLATION, "webhook of alerts", Health.OK, f"kept at {reference}")


def _credentials(master: Master, reference: str) -> Check:
    if "://" in reference:
        Secrets(master.aws, master.process.environment, master.process.clock).value(reference)
    elif not Path(reference).is_file():
        raise WrongUsage(f"{reference} is not there")
    return Check(INSTALLATION, "tokens", Health.OK, f"of the HTTP interface, at {reference}")
