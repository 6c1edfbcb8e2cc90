"""Tables as DynamoDB describes them, where they differ from their definition, and how they are made and mended."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import RefusedByAws, Unreachable
from controller.model.table import Index, KeyAttribute, Projection, TableDefinition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WANTED_STREAM = "NEW_AND_OLD_IMAGES"
_STREAM = {"StreamEnabled": True, "StreamViewType": WANTED_STREAM}
_NOT_YET = frozenset({"ContinuousBackupsUnavailableException", "ResourceInUseException"})


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


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long apart to look whether a table is ready; ``sleep`` takes seconds."""

    tries: int = 150
    interval_s: float = 2.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class SetupResult:
    """What was found and done for one table. ``differences`` are those found; ``applied`` those mended by this run."""

    table: str
    created: bool = False
    differences: tuple[Difference, ...] = ()
    applied: tuple[Difference, ...] = ()

    @property
    def remaining(self) -> tuple[Difference, ...]:
        """The differences that are still there."""
        return tuple(
            difference for difference in self.differences if difference not in self.applied
        )


def set_up_table(
    client: "DynamoDBClient",
    definition: TableDefinition,
    *,
    upgrade: bool = False,
    patience: Patience | None = None,
) -> SetupResult:
    """Create the table (physical name in the definition) if it is absent; otherwise find differences, and mend them on ``upgrade``.

    An existing table is not altered without ``upgrade``, and one with another key never: it is another table. May be repeated at any time, also after a crash half-way: what a new
    table still lacks shows as a difference and is mended at once, as nobody else made it. Raises Unreachable if the
    table is not ready in time, and as any call.
    """
    patience = patience or Patience()
    state = describe_table(client, definition.name)
    if state is None:
        _create(client, definition)
        state = _wait_until_ready(client, definition.name, patience)
        for difference in find_differences(definition, state):
            _mend(client, definition, state, difference, patience)
        return SetupResult(definition.name, created=True)
    differences = tuple(find_differences(definition, state))
    if not upgrade:
        return SetupResult(definition.name, differences=differences)
    if differences:
        _wait_until_ready(client, definition.name, patience)
    applied = tuple(difference for difference in differences if difference.mendable)
    for difference in applied:
        _mend(client, definition, state, difference, patience)
    return SetupResult(definition.name, differences=differences, applied=applied)


def describe_table(client: "DynamoDBClient", name: str) -> TableState | None:
    """Return the table as it is, or None if there is none. Raises as any call."""
    try:
        with aws_errors(f"tables: describe {name}", place_of(client)):
            table = client.describe_table(TableName=name)["Table"]
            backups = client.describe_continuous_backups(TableName=name)
    except NotFound:
        return None
    return read_state(dict(table), dict(backups["ContinuousBackupsDescription"]))


def _create(client: "DynamoDBClient", definition: TableDefinition) -> None:
    request: dict[str, Any] = {
        "TableName": definition.name,
        "KeySchema": _key_schema(definition.key_attributes()),
        "AttributeDefinitions": _attribute_definitions(tuple(definition.attributes())),
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": definition.deletion_protection,
    }
    if definition.indexes:
        request["GlobalSecondaryIndexes"] = [_index_request(index) for index in definition.indexes]
    if definition.stream:
        request["StreamSpecification"] = _STREAM
    with aws_errors(f"tables: create {definition.name}", place_of(client)):
        client.create_table(**request)


def _mend(
    client: "DynamoDBClient",
    definition: TableDefinition,
    state: TableState,
    difference: Difference,
    patience: Patience,
) -> None:
    name = definition.name
    match difference.aspect:
        case Aspect.POINT_IN_TIME_RECOVERY:
            _enable_recovery(client, name, patience)
            return
        case Aspect.BILLING:
            changes: list[dict[str, Any]] = [{"BillingMode": "PAY_PER_REQUEST"}]
        case Aspect.DELETION_PROTECTION:
            changes = [{"DeletionProtectionEnabled": True}]
        case Aspect.STREAM:
            changes = [{"StreamSpecification": _STREAM}]
            if difference.found != "off":
                # The view of a running stream cannot be changed: it is switched off first.
                changes.insert(0, {"StreamSpecification": {"StreamEnabled": False}})
        case Aspect.INDEX:
            index = next(index for index in definition.indexes if index.name == difference.name)
            changes = [
                {
                    "AttributeDefinitions": _attribute_definitions(
                        tuple({*definition.attributes(), *state.attributes()})
                    ),
                    "GlobalSecondaryIndexUpdates": [{"Create": _index_request(index)}],
                }
            ]
        case Aspect.KEY:
            return
    for change in changes:
        with aws_errors(f"tables: upgrade {name}: {difference}", place_of(client)):
            client.update_table(TableName=name, **change)
        _wait_until_ready(client, name, patience)


def _enable_recovery(client: "DynamoDBClient", name: str, patience: Patience) -> None:
    """Switch it on; a table just made says for a while that it cannot yet."""
    for tries_left in reversed(range(patience.tries)):
        try:
            with aws_errors(f"tables: enable point-in-time recovery of {name}", place_of(client)):
                client.update_continuous_backups(
                    TableName=name,
                    PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                )
        except RefusedByAws as error:
            if error.aws_code not in _NOT_YET or not tries_left:
                raise
            patience.sleep(patience.interval_s)
        else:
            return


def _wait_until_ready(client: "DynamoDBClient", name: str, patience: Patience) -> TableState:
    for _ in range(patience.tries):
        state = describe_table(client, name)
        if state is not None and state.ready:
            return state
        patience.sleep(patience.interval_s)
    raise Unreachable(
        f"tables: {name} is not ready in {place_of(client)} after {patience.tries * patience.interval_s:.0f} s",
        fix="wait, then run envctl bootstrap again; it goes on where it stopped",
    )


def _key_schema(key: tuple[KeyAttribute, ...]) -> list[dict[str, str]]:
    return [
        {"AttributeName": attribute.name, "KeyType": role}
        for attribute, role in zip(key, ("HASH", "RANGE"), strict=False)
    ]


def _attribute_definitions(attributes: tuple[KeyAttribute, ...]) -> list[dict[str, str]]:
    return [
        {"AttributeName": attribute.name, "AttributeType": attribute.type}
        for attribute in sorted(attributes)
    ]


def _index_request(index: Index) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if isinstance(index.projection, tuple):
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projection)}
    return {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.key_attributes()),
        "Projection": projection,
    }


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
    wanted, found = _key_text(definition.key_attributes()), _key_text(state.key)
    if found != wanted:
        yield Difference(table, Aspect.KEY, wanted, found, mendable=False)
        # It is another table: what else differs says nothing.
        return
    indexes = {index.name: _index_text(index) for index in state.indexes}
    for index in definition.indexes:
        name, wanted = index.name, _index_text(index)
        found = indexes.get(name, "none")
        if found != wanted:
            yield Difference(table, Aspect.INDEX, wanted, found, name, mendable=name not in indexes)
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
    shown: str | tuple[str, ...] = index.projection
    if isinstance(shown, tuple):
        shown = "keys and " + ", ".join(sorted(shown))
    return f"{_key_text(index.key_attributes())}, holding {shown}"
