"""The daemon's job of telling others: with the sinks that the settings name, in ticks of their own, so that none holds a worker."""

from datetime import timedelta
from functools import partial

from controller.aws.secrets import Secrets
from controller.aws.sessions import MASTER
from controller.aws.sns import AlertTopic, ChangeTopics
from controller.daemon.jobs import ACTOR, Jobs
from controller.daemon.merged_requests import MergedRequests
from controller.daemon.webhook import Webhook
from controller.daemon_ports import AlertSink
from controller.engine.installation.installation import Installation, Master
from controller.engine.notifications.news import News, sign
from controller.engine.notifications.notifier import Notifier
from controller.engine.streams.follow import streamed_tables
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE

NOTIFY = "notify"
"""What asks for it, as records would say."""


class NotifyJobs:
    """Tells what stands and what was changed, beside the ``jobs`` of the same daemon."""

    def __init__(self, installation: Installation, jobs: Jobs, news: News) -> None:
        """Make the sinks; nothing is sent. ``news`` hears what this process says."""
        master, settings = installation.master, jobs.settings
        host = settings.notify.code_host
        topics = ChangeTopics(master.aws.client("sns", MASTER)) if settings.notify.changes else None
        answers = MergedRequests(host, partial(_secret, master, host.token)) if host else None
        self._jobs, self._news = jobs, news
        self._sign = partial(sign, master.store, master.state_table, jobs.instance)
        self.notifier = Notifier(
            storage=installation.storage,
            lines_after=installation.ledger.lines.after,
            requester=Requester(ACTOR, NOTIFY),
            owner=jobs.instance,
            scopes=self._scopes,
            dead_letters=lambda: jobs.queue.backlog().dead,
            announce_within=timedelta(seconds=settings.overrides.announce_seconds),
            alerts=_alert_sinks(master),
            changes=topics,
            answers=answers,
            emit=jobs.emit,
            streamed=[table.name for table in streamed_tables(installation)],
        )

    def tick(self) -> None:
        """Tell what is to be told now. Raises Interrupted, and as reading or writing the controller's own rows."""
        now = self._jobs.clock()
        # Also where another daemon tells: this is how it hears of what was done here.
        self._news.pass_on(partial(self._sign, now))
        self.notifier.round(now)

    def close(self) -> None:
        """Let another daemon tell at once."""
        self.notifier.close()

    def _scopes(self) -> frozenset[str]:
        jobs = self._jobs
        setups = jobs.accounts.scopes(jobs.known().accepted)
        return frozenset({CONFIG_SCOPE, *(setup.scope.name for setup in setups)})


def _alert_sinks(master: Master) -> tuple[AlertSink, ...]:
    notify, sinks = master.settings.notify, list[AlertSink]()
    if notify.topic is not None:
        region = notify.topic.split(":")[3]
        sinks.append(AlertTopic(master.aws.client("sns", MASTER, region), notify.topic))
    if notify.webhook is not None:
        sinks.append(Webhook(partial(_secret, master, notify.webhook)))
    return tuple(sinks)


def _secret(master: Master, reference: str) -> str:
    """Read a secret as it is now: another may be kept there since the last time."""
    process = master.process
    return Secrets(master.aws, process.environment, process.clock).value(reference)
