"""The schedules power last worked by, kept as a row of EnvctlState for each scope."""

from typing import TYPE_CHECKING, Final

import orjson

from controller.aws.items import to_wire
from controller.aws.tables import get
from controller.aws.transactions import PutWrite, write_one
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


def read_memory(client: "DynamoDBClient", prefix: str, scope: str) -> ScheduleMemory:
    """Return what is remembered for a scope; nothing where there is no row. Raises as any read."""
    row = get(client, prefix + STATE_TABLE.name, {"Id": PREFIX + scope})
    try:
        return from_json(orjson.loads(str(row["Schedules"]))) if row else NOTHING_KNOWN
    except (KeyError, orjson.JSONDecodeError):
        return NOTHING_KNOWN


def write_memory(client: "DynamoDBClient", prefix: str, scope: str, memory: ScheduleMemory) -> None:
    """Remember schedules for a scope. Not conditional: whoever worked last knows. Raises as any write."""
    text = orjson.dumps(to_json(memory)).decode()
    row = to_wire({"Id": PREFIX + scope, "Schedules": text})
    write_one(client, PutWrite(prefix + STATE_TABLE.name, row))
