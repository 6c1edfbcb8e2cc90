"""Which deployments run, by a table of the old product: only its pipelines write it, it only grows, and few may read it at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.aws.errors import TableMissing
from controller.aws.tables import scan_start
from controller.decisions.evaluator import NOT_KNOWN
from controller.errors import EnvctlError
from controller.scheduling.facts import LONG_AGO
from controller.targets.table_items.item_form import moment_or_none

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DEPLOYMENTS_TABLE: Final = "ConfigDeploymentExecutionStatus"
RUNNING: Final = "In Progress"
MOST_PAGES: Final = 8
"""A page is a MB, 128 units of capacity: all of them take a third of what a table of 10 units has saved up."""


class Running(NamedTuple):
    """Since when a deployment runs, by environment in lower case; the latest begin where several run.

    ``unread`` says why not all could be read. Then ``since`` has NOT_KNOWN for all others.
    """

    since: Mapping[str, datetime]
    unread: str = ""


def read_running(client: "DynamoDBClient", prefix: str) -> Running:
    """Return which deployments run. What cannot be read is no error: a stop waits an hour for it, and no longer.

    Where the table does not exist nothing runs. An item without a begin that can be read postpones nothing.
    """
    since: dict[str, datetime] = {}
    table = prefix + DEPLOYMENTS_TABLE
    try:
        items, whole = scan_start(client, table, MOST_PAGES)
    except TableMissing:
        return Running(since)
    except EnvctlError as error:
        return Running({NOT_KNOWN: LONG_AGO}, str(error.reason.message))
    for item in items:
        value = item.get("Value")
        if not isinstance(value, Mapping) or value.get("Status") != RUNNING:
            continue
        environment = str(value.get("EnvironmentName", "")).lower()
        begun = moment_or_none(value.get("StartTimestamp"))
        if environment and begun is not None:
            since[environment] = max(begun, since.get(environment, begun))
    if whole:
        return Running(since)
    told = (
        f"{table} is larger than {MOST_PAGES} MB, and no more of it is read: archive what is over"
    )
    return Running({**since, NOT_KNOWN: LONG_AGO}, told)
