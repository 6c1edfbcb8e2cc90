"""Settings of ``envctl run``: how often it looks, how much it does side by side, where its work is kept, where it is asked by HTTP, whom it tells."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from controller.kinds.language.documented import SettingsPart
from controller.kinds.language.spec import HiddenWhereWrong, unfit


class IntervalSettings(SettingsPart):
    """How often the daemon looks."""

    reconcile_seconds: Annotated[int, Field(ge=5, le=3600)] = 60
    """Between two questions to the source whether it has changed; nothing is read while it has not."""
    schedule_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    """Between two looks at what schedules make due; AWS is not asked unless something is."""
    resync_seconds: Annotated[int, Field(ge=60)] = 900
    """Between two light looks at an account and region, and between two comparisons of the tables with what was accepted."""
    deep_look_seconds: Annotated[int, Field(ge=600)] = 21600
    """Between two close looks: hooks, notifications, scaling schedules, newer images."""
    stream_seconds: Annotated[int, Field(ge=1, le=3600)] = 5
    """Between two reads of the tables' streams, which tell what others change."""
    notify_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    """Between two looks at what is to be told to others: alerts, changes."""
    anchor_seconds: Annotated[int, Field(ge=60)] = 3600
    """Between two anchors of the ledger's heads in the snapshots' store."""
    archive_seconds: Annotated[int, Field(ge=3600)] = 86400
    """Between two looks for records of the ledger that are old enough to be moved, where ``ledger.keepDays`` says when they are."""


class DaemonSettings(SettingsPart):
    """How ``envctl run`` works."""

    workers: Annotated[int, Field(ge=1, le=64)] = 8
    """Scopes that one daemon works on side by side."""
    stop_within_seconds: Annotated[int, Field(ge=1, le=300)] = 25
    """What is under way when the daemon is asked to end has so long; what is left is handed to other daemons."""


class QueueSettings(SettingsPart):
    """Where the daemon's work is kept."""

    sqs: str | None = None
    """URL of an SQS FIFO queue with a redrive policy, which daemons on several machines share. Without it the work is in memory."""


class HttpSettings(SettingsPart):
    """The HTTP interface of ``envctl run``."""

    host: str = "127.0.0.1"
    """Address it listens on. On a loopback address reads need no token, on any other they do; writes always do."""
    port: Annotated[int | None, Field(ge=0, le=65535)] = None
    """Port it listens on; 0 takes one that is free. Without it there is no interface."""
    credentials: Annotated[str | None, HiddenWhereWrong()] = None
    """Where digests of tokens and secrets of webhooks are kept: a file, s3://BUCKET/KEY or secretsmanager://NAME. Never a token itself."""


def _is_reference(text: str) -> str:
    if not text.startswith(("env://", "s3://", "secretsmanager://")):
        # What stands there may be the address itself, which is a secret.
        raise unfit(
            "expected a reference to a secret, never the secret itself",
            "write env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY",
        )
    return text


class CodeHostSettings(SettingsPart):
    """Where merged requests are answered with what became of them."""

    kind: Literal["github", "gitlab"]
    """Whose interface it is."""
    repository: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){1,20}$")
    ]
    """The repository of the source there: ``acme/fleet``."""
    api: Annotated[str, Field(pattern=r"^(https://|http://127\.0\.0\.1:)[^\s?#]+$")] = ""
    """Address of the interface; empty for https://api.github.com or https://gitlab.com/api/v4."""
    token: Annotated[str, AfterValidator(_is_reference), HiddenWhereWrong()]
    """Where a token is kept that may comment: env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY. Never itself."""
    author: str = ""
    """Who comments with that token; empty to ask. GitHub tells no app: ``acme-envctl[bot]``."""


class NotifySettings(SettingsPart):
    """Whom the daemon tells. Without any of these, alerts are in its log, its metrics and in status alone."""

    changes: bool = False
    """Whether every change is published to the SNS topics EnvironmentManagerConfigurationChange and EnvironmentManagerOperationsChange."""
    topic: Annotated[
        str | None, Field(pattern=r"^arn:[^:]+:sns:[^:]+:\d{12}:[A-Za-z0-9_-]{1,256}$")
    ] = None
    """ARN of an SNS topic that alerts are published to."""
    webhook: Annotated[str | None, AfterValidator(_is_reference), HiddenWhereWrong()] = None
    """Where the https:// address of a chat tool's incoming webhook is kept, which alerts are posted to: env://NAME, s3://BUCKET/KEY or secretsmanager://NAME#KEY. Never the address itself."""
    code_host: CodeHostSettings | None = None
    """Where merged requests are answered with what became of them."""
