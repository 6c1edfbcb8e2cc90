"""Deployments that are running, as the pipelines write them into their table in the master account."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from controller.aws.errors import TableMissing
from controller.aws.tables import scan

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE: Final = "ConfigDeploymentExecutionStatus"
RUNNING: Final = "In Progress"


def read_running(client: "DynamoDBClient", prefix: str) -> dict[str, datetime]:
    """Return since when a deployment runs, by environment in lower case; the latest begin where several run.

    Where the table does not exist nothing runs: only the pipelines of the old product write it. Raises as any read.
    """
    try:
        return running_in(scan(client, prefix + TABLE))
    except TableMissing:
        return {}


def running_in(items: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """Return the same from the table's items. An item without a begin that can be read postpones nothing."""
    since: dict[str, datetime] = {}
    for item in items:
        value = item.get("Value")
        if not isinstance(value, Mapping) or value.get("Status") != RUNNING:
            continue
        environment = str(value.get("EnvironmentName", "")).lower()
        begun = _moment(value.get("StartTimestamp"))
        if environment and begun is not None:
            since[environment] = max(begun, since.get(environment, begun))
    return since


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
