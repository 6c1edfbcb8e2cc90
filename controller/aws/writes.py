"""One conditional write outside a transaction: status rows, leases, marks on records."""

from typing import TYPE_CHECKING, Any

from controller.aws.items import Item, from_wire
from controller.aws.tables import table_errors
from controller.aws.transactions import DeleteWrite, PutWrite, UpdateWrite
from controller.errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def write_one(client: "DynamoDBClient", write: PutWrite | DeleteWrite | UpdateWrite) -> Item | None:
    """Do one write; return the item as it is afterwards for an update, as it was before for a put or delete.

    None where there was no item. Raises Conflict if the condition failed (if the answer to a first try was lost, perhaps
    because of ourselves), TableMissing, Throttled, Unreachable, AccessDenied.
    """
    request: dict[str, Any] = {"TableName": write.table}
    if write.condition:
        request["ConditionExpression"] = write.condition
    if write.names:
        request["ExpressionAttributeNames"] = dict(write.names)
    if write.values:
        request["ExpressionAttributeValues"] = dict(write.values)
    with table_errors(client, write.table, "write an item of"):
        answer: Any = _send(client, write, request)
    found = answer.get("Attributes")
    return from_wire(found) if found else None


def write_if(client: "DynamoDBClient", write: PutWrite | DeleteWrite | UpdateWrite) -> bool:
    """Do one write and tell whether its condition held. Raises as ``write_one`` but Conflict."""
    try:
        write_one(client, write)
    except Conflict:
        return False
    return True


def _send(
    client: "DynamoDBClient", write: PutWrite | DeleteWrite | UpdateWrite, request: dict[str, Any]
) -> Any:
    match write:
        case PutWrite():
            return client.put_item(**request, Item=write.item, ReturnValues="ALL_OLD")
        case DeleteWrite():
            return client.delete_item(**request, Key=write.key, ReturnValues="ALL_OLD")
        case UpdateWrite():
            return client.update_item(
                **request, Key=write.key, UpdateExpression=write.update, ReturnValues="ALL_NEW"
            )
