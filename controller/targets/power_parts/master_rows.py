"""What power asks the master account: the schedules it last worked by, and the deployments that run.

Schedules are kept as a row of EnvctlState for each scope. Deployments are those that pipelines write into their table.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from controller.aws.errors import TableMissing
from controller.aws.items import to_wire
from controller.aws.tables import DynamoStore
from controller.aws.transactions import PutWrite
from controller.decisions.schedule_memory import (
    NOTHING_KNOWN,
    ScheduleMemory,
    from_json,
    to_json,
)
from controller.targets.table_items.definitions import STATE_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX: Final = "power#"
DEPLOYMENTS_TABLE: Final = "ConfigDeploymentExecutionStatus"
RUNNING: Final = "In Progress"


def read_memory(client: "DynamoDBClient", prefix: str, scope: str) -> ScheduleMemory:
    """Return what is remembered for a scope; nothing where there is no row. Raises as any read."""
    row = DynamoStore(client).get(prefix + STATE_TABLE.name, {"Id": PREFIX + scope})
    try:
        return from_json(orjson.loads(str(row["Schedules"]))) if row else NOTHING_KNOWN
    except (KeyError, orjson.JSONDecodeError):
        return NOTHING_KNOWN


def write_memory(client: "DynamoDBClient", prefix: str, scope: str, memory: ScheduleMemory) -> None:
    """Remember schedules for a scope. Not conditional: whoever worked last knows. Raises as any write."""
    text = orjson.dumps(to_json(memory)).decode()
    row = to_wire({"Id": PREFIX + scope, "Schedules": text})
    DynamoStore(client).write(PutWrite(prefix + STATE_TABLE.name, row))


def read_running(client: "DynamoDBClient", prefix: str) -> dict[str, datetime]:
    """Return since when a deployment runs, by environment in lower case; the latest begin where several run.

    Where the table does not exist nothing runs: only the pipelines of the old product write it. Raises as any read.
    """
    try:
        return running_in(DynamoStore(client).scan(prefix + DEPLOYMENTS_TABLE))
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
