"""An item measured once it is whole: moto measures all that it has so far at each attribute it is given."""

from typing import Any

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

LARGEST = 405_000
"""Moto's own limit, in bytes."""
MADE = "__init__"


def install() -> None:
    """Refuse the same items as too large, at their making."""
    setattr(Item, MADE, _made)


def _made(
    self: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]
) -> None:
    self.hash_key, self.range_key = hash_key, range_key
    self.attrs = LimitedSizeDict({name: DynamoType(value) for name, value in attrs.items()})
    if self.size() > LARGEST:
        raise ItemSizeTooLarge
