"""Answers written faster.

For each value it writes moto works out anew under which names it may find it, and for each attribute of a projection it
copies the whole item.
"""

from typing import Any

from moto.core.responses import ActionContext
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.responses import DynamoResult

OF_ITEMS = frozenset({"BatchGetItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems", "UpdateItem"})  # fmt: skip
"""Operations whose answers hold items and numbers: JSON already, nothing that would have to be put in another form."""
_EXECUTE_RESULT = DynamoResult.execute_result
_POSSIBLE_KEYS = XFormedAttributePicker.get_possible_keys
_PROJECT = Item.project
_HEADERS = {"Content-Type": "application/x-amz-json-1.0"}
_KNOWN: dict[tuple[Any, ...], tuple[str, ...]] = {}


def install() -> None:
    """Write answers with items directly, remember names of members by class, take attributes of the top as they are."""
    for owner, name, replacement in (
        (DynamoResult, "execute_result", _execute_result),
        (XFormedAttributePicker, "get_possible_keys", _possible_keys),
        (Item, "project", _project),
    ):
        setattr(owner, name, replacement)


def _execute_result(self: DynamoResult, context: ActionContext) -> Any:
    if context.operation_model.name in OF_ITEMS and isinstance(self.result, dict):
        return 200, dict(_HEADERS), dynamo_json_dump(self.result)
    return _EXECUTE_RESULT(self, context)


def _possible_keys(
    self: XFormedAttributePicker, context: AttributePickerContext
) -> tuple[str, ...]:
    shape: Any = context.shape
    parent = getattr(shape, "parent", None)
    service = context.service_model
    sort = (
        context.key,
        type(context.obj),
        shape.name,
        shape.serialization.get("name"),
        parent.name if parent is not None else None,
        service.service_name if service is not None else None,
    )
    found = _KNOWN.get(sort)
    if found is None:
        found = _KNOWN[sort] = tuple(dict.fromkeys(_POSSIBLE_KEYS(self, context)))
    return found


def _project(self: Item, projection_expressions: list[list[str]]) -> Item:
    if any(len(one) != 1 or "[" in one[0] for one in projection_expressions):
        return _PROJECT(self, projection_expressions)
    kept = Item(self.hash_key, self.range_key, {})
    names = (name for (name,) in projection_expressions if name in self.attrs)
    kept.attrs.update({name: self.attrs[name] for name in names})
    return kept
