"""A table as DynamoDB describes it, and where it differs from its definition: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from controller.model.table import Index, KeyAttribute, Projection, TableDefinition


class Aspect(StrEnum):
    """What about a table can differ."""

    KEY = "key"
    INDEX = "index"
    STREAM = "stream"
    BILLING = "billing"
    DELETION_PROTECTION = "deletion protection"
    POINT_IN_TIME_RECOVERY = "point-in-time recovery"


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a table is not as defined. What is not mendable needs a new table or index, made by hand."""

    table: str
    aspect: Aspect
    wanted: str
    found: str
    name: str = ""
    """Which index."""
    mendable: bool = True

    def __str__(self) -> str:
        """Print as bootstrap lists it."""
        what = f"{self.aspect} {self.name}" if self.name else str(self.aspect)
        tail = "" if self.mendable else " (cannot be changed in place)"
        return f"{self.table}: {what}: wanted {self.wanted}, found {self.found}{tail}"


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as it is. ``stream`` is the view type, or ``off``; ``ready`` means it and all its indexes are active."""

    key: tuple[KeyAttribute, ...]
    indexes: tuple[Index, ...]
    stream: str
    on_demand: bool
    deletion_protection: bool
    point_in_time_recovery: bool
    ready: bool
    bytes: int = 0
    items: int = 0
    stream_arn: str = ""

    def attributes(self) -> frozenset[KeyAttribute]:
        """Return the attributes of the table's key and of every index, those of others included."""
        return frozenset(self.key).union(*(index.key_attributes() for index in self.indexes))


WANTED_STREAM = "NEW_AND_OLD_IMAGES"


def read_state(table: Mapping[str, Any], backups: Mapping[str, Any]) -> TableState:
    """Read DescribeTable's ``Table`` and DescribeContinuousBackups' description."""
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in table["AttributeDefinitions"]
    }
    indexes = table.get("GlobalSecondaryIndexes", [])
    stream = table.get("StreamSpecification", {})
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    statuses = [table["TableStatus"], *(index.get("IndexStatus", "ACTIVE") for index in indexes)]
    return TableState(
        key=_key(table["KeySchema"], types),
        indexes=tuple(_index(index, types) for index in indexes),
        stream=stream.get("StreamViewType", "off") if stream.get("StreamEnabled") else "off",
        on_demand=table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST",
        deletion_protection=bool(table.get("DeletionProtectionEnabled")),
        point_in_time_recovery=recovery == "ENABLED",
        ready=all(status == "ACTIVE" for status in statuses),
        bytes=int(table.get("TableSizeBytes", 0)),
        items=int(table.get("ItemCount", 0)),
        stream_arn=str(table.get("LatestStreamArn") or "") if stream.get("StreamEnabled") else "",
    )


def find_differences(definition: TableDefinition, state: TableState) -> Iterator[Difference]:
    """Yield what about the table is not as defined, keys first.

    More than is defined is no difference: an index, a stream or a protection somebody else added stays.
    """
    table = definition.name
    wanted_key = definition.key_attributes()
    if state.key != wanted_key:
        yield Difference(
            table, Aspect.KEY, _key_text(wanted_key), _key_text(state.key), mendable=False
        )
        # It is another table: what else differs says nothing.
        return
    found_indexes = {index.name: index for index in state.indexes}
    for index in definition.indexes:
        found = found_indexes.get(index.name)
        if found is None:
            yield Difference(table, Aspect.INDEX, _index_text(index), "none", index.name)
        elif _index_text(found) != _index_text(index):
            yield Difference(
                table,
                Aspect.INDEX,
                _index_text(index),
                _index_text(found),
                index.name,
                mendable=False,
            )
    if definition.stream and state.stream != WANTED_STREAM:
        yield Difference(table, Aspect.STREAM, WANTED_STREAM, state.stream)
    if not state.on_demand:
        yield Difference(table, Aspect.BILLING, "on demand", "provisioned")
    if definition.point_in_time_recovery and not state.point_in_time_recovery:
        yield Difference(table, Aspect.POINT_IN_TIME_RECOVERY, "on", "off")
    if definition.deletion_protection and not state.deletion_protection:
        yield Difference(table, Aspect.DELETION_PROTECTION, "on", "off")


def _key(schema: list[Mapping[str, Any]], types: Mapping[str, Any]) -> tuple[KeyAttribute, ...]:
    names = [key["AttributeName"] for key in sorted(schema, key=lambda key: str(key["KeyType"]))]
    return tuple(KeyAttribute(name, types[name]) for name in names)


def _index(described: Mapping[str, Any], types: Mapping[str, Any]) -> Index:
    key = _key(described["KeySchema"], types)
    kind = described.get("Projection", {}).get("ProjectionType", "ALL")
    attributes = described.get("Projection", {}).get("NonKeyAttributes", [])
    projection: Projection = tuple(sorted(attributes)) if kind == "INCLUDE" else kind
    return Index(described["IndexName"], key[0], key[1] if len(key) > 1 else None, projection)


def _key_text(key: tuple[KeyAttribute, ...]) -> str:
    return ", ".join(f"{attribute.name} ({attribute.type})" for attribute in key)


def _index_text(index: Index) -> str:
    projection = index.projection
    shown = (
        projection if isinstance(projection, str) else "keys and " + ", ".join(sorted(projection))
    )
    return f"{_key_text(index.key_attributes())}, holding {shown}"
