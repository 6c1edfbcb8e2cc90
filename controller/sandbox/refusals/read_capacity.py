"""Scans of a table with provisioned capacity use it up, and are refused then.

"One read capacity unit represents one strongly consistent read per second, or two eventually consistent reads per second, for an
item up to 4 KB in size." - "ProvisionedThroughputExceededException: You exceeded your maximum allowed provisioned throughput for
a table". (Amazon DynamoDB Developer Guide, Provisioned capacity mode; Error handling with DynamoDB)
"""

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before
from controller.sandbox.state import STATE

PAGE_BYTES = 1024 * 1024
UNIT_BYTES = 4096


@before("dynamodb", "Scan")
def capacity(call: Call) -> None:
    """Take what a page needs off what is left."""
    name = str(call.params.get("TableName"))
    left = STATE.settings.read_units.get(name)
    if left is None:
        return
    if left <= 0:
        raise Refused(
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        )
    table = call.dynamodb.tables.get(name)
    size = min(PAGE_BYTES, sum(item.size() for item in table.all_items())) if table else 0
    units = max(1, size / UNIT_BYTES)
    STATE.settings.read_units[name] = left - (
        units if call.params.get("ConsistentRead") else units / 2
    )
