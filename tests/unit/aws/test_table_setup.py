"""Creating tables, finding differences, mending them when asked."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.table_setup import (
    Aspect,
    Patience,
    SetupResult,
    TableState,
    describe_table,
    find_differences,
    read_state,
    set_up_table,
)
from controller.errors import AccessDenied, RefusedByAws, Unreachable
from controller.model.table import Index, KeyAttribute, TableDefinition
from tests.unit.aws.conftest import Pauses, Script, json_answer, json_error

AUDIT = TableDefinition(
    "test-InfraChangeAudit",
    KeyAttribute("AuditID"),
    indexes=(
        Index("Date-index", KeyAttribute("Date"), KeyAttribute("ISOTimestamp"), "KEYS_ONLY"),
        Index("Scope-index", KeyAttribute("Scope"), KeyAttribute("Sequence", "N"), ("A", "B")),
    ),
)
GOOD = TableState(
    key=AUDIT.key_attributes(),
    indexes=AUDIT.indexes,
    stream="NEW_AND_OLD_IMAGES",
    on_demand=True,
    deletion_protection=True,
    point_in_time_recovery=True,
    ready=True,
)


MENDABLE = (
    Aspect.INDEX,
    Aspect.INDEX,
    Aspect.STREAM,
    Aspect.POINT_IN_TIME_RECOVERY,
    Aspect.DELETION_PROTECTION,
)


@pytest.fixture
def world(client: Any) -> Iterator[Any]:
    with mock_aws():
        yield client


@pytest.fixture
def patience(pauses: Pauses) -> Patience:
    return Patience(tries=3, interval_s=2.0, sleep=pauses.sleep)


def test_an_absent_table_is_created_exactly_as_defined(world: Any, patience: Patience) -> None:
    assert set_up_table(world, AUDIT, patience=patience) == SetupResult(AUDIT.name, created=True)
    state = describe_table(world, AUDIT.name)
    assert state is not None
    assert replace(state, stream_arn="") == GOOD
    assert ":stream/" not in GOOD.stream_arn
    assert ":table/test-InfraChangeAudit/stream/" in state.stream_arn


def test_a_second_run_finds_nothing_and_changes_nothing(world: Any, patience: Patience) -> None:
    set_up_table(world, AUDIT, patience=patience)
    for upgrade in (False, True):
        again = set_up_table(world, AUDIT, upgrade=upgrade, patience=patience)
        assert again == SetupResult(AUDIT.name)


def old_table(client: Any) -> None:
    """The table as the old product's templates made it."""
    client.create_table(
        TableName=AUDIT.name,
        KeySchema=[{"AttributeName": "AuditID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "AuditID", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 5},
    )


def test_an_existing_table_is_left_alone_and_its_differences_listed(
    world: Any, patience: Patience
) -> None:
    old_table(world)
    before = describe_table(world, AUDIT.name)
    result = set_up_table(world, AUDIT, patience=patience)
    assert describe_table(world, AUDIT.name) == before
    assert not result.created
    assert [str(one).removeprefix(AUDIT.name + ": ") for one in result.remaining] == [
        "index Date-index: wanted Date (S), ISOTimestamp (S), holding KEYS_ONLY, found none",
        "index Scope-index: wanted Scope (S), Sequence (N), holding keys and A, B, found none",
        "stream: wanted NEW_AND_OLD_IMAGES, found off",
        "billing: wanted on demand, found provisioned",
        "point-in-time recovery: wanted on, found off",
        "deletion protection: wanted on, found off",
    ]


def test_an_upgrade_mends_them_all(world: Any, patience: Patience) -> None:
    old_table(world)
    result = set_up_table(world, AUDIT, upgrade=True, patience=patience)
    assert len(result.applied) == 6
    assert result.remaining == ()
    assert set_up_table(world, AUDIT, patience=patience) == SetupResult(AUDIT.name)


def test_a_wrong_key_is_reported_and_never_mended(world: Any, patience: Patience) -> None:
    world.create_table(
        TableName=AUDIT.name,
        KeySchema=[
            {"AttributeName": "Owner", "KeyType": "RANGE"},
            {"AttributeName": "Name", "KeyType": "HASH"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "Name", "AttributeType": "S"},
            {"AttributeName": "Owner", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    result = set_up_table(world, AUDIT, upgrade=True, patience=patience)
    assert [(one.aspect, one.found, one.mendable) for one in result.remaining] == [
        (Aspect.KEY, "Name (S), Owner (S)", False)
    ]
    assert "cannot be changed in place" in str(result.remaining[0])
    assert result.applied == ()


@pytest.mark.parametrize(
    ("state", "aspects", "because"),
    [
        (GOOD, [], "as defined"),
        (
            replace(GOOD, indexes=(*GOOD.indexes, Index("mine", KeyAttribute("X")))),
            [],
            "an index somebody else added is no difference",
        ),
        (
            replace(GOOD, indexes=(replace(AUDIT.indexes[0], projection="ALL"), AUDIT.indexes[1])),
            [(Aspect.INDEX, False)],
            "an index cannot be changed in place",
        ),
        (replace(GOOD, stream="NEW_IMAGE"), [(Aspect.STREAM, True)], "old images are needed"),
        (replace(GOOD, key=(KeyAttribute("AuditID", "N"),)), [(Aspect.KEY, False)], "key type"),
    ],
)
def test_what_counts_as_a_difference(
    state: TableState, aspects: list[tuple[Aspect, bool]], because: str
) -> None:
    assert [(one.aspect, one.mendable) for one in find_differences(AUDIT, state)] == aspects


def test_what_is_not_asked_for_is_not_missed() -> None:
    plain = replace(
        AUDIT, stream=False, point_in_time_recovery=False, deletion_protection=False, indexes=()
    )
    bare = replace(
        GOOD, stream="off", point_in_time_recovery=False, deletion_protection=False, indexes=()
    )
    assert not list(find_differences(plain, bare))


def test_projected_attributes_in_another_order_are_the_same() -> None:
    definition = replace(AUDIT, indexes=(Index("i", KeyAttribute("X"), None, ("B", "A")),))
    state = replace(GOOD, indexes=(Index("i", KeyAttribute("X"), None, ("A", "B")),))
    assert not list(find_differences(definition, state))


def described(status: str = "ACTIVE", index_status: str = "ACTIVE") -> dict[str, Any]:
    return {
        "TableStatus": status,
        "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": True,
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "LatestStreamArn": "arn:stream",
        "TableSizeBytes": 5,
        "ItemCount": 2,
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "i",
                "IndexStatus": index_status,
                "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    }


@pytest.mark.parametrize(
    ("status", "index_status", "ready"),
    [("ACTIVE", "ACTIVE", True), ("UPDATING", "ACTIVE", False), ("ACTIVE", "CREATING", False)],
)
def test_a_table_is_ready_when_it_and_its_indexes_are(
    status: str, index_status: str, ready: bool
) -> None:
    assert read_state(described(status, index_status), {}).ready is ready


SIMPLE = TableDefinition("T", KeyAttribute("Id"), point_in_time_recovery=True)
BACKUPS_OFF = json_answer(200, {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "X"}})
BACKUPS_ON = json_answer(
    200,
    {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"},
        }
    },
)
GONE = json_error("ResourceNotFoundException")
CREATING = json_answer(200, {"Table": described("CREATING")})
ACTIVE = json_answer(200, {"Table": described()})
NOT_YET = json_error("ContinuousBackupsUnavailableException")
DONE = json_answer(200, {})


def test_creation_waits_for_the_table_and_then_for_its_backups(
    client: Any, scripted: Script, patience: Patience, pauses: Pauses
) -> None:
    scripted(
        client,
        [GONE, DONE, CREATING, BACKUPS_OFF, ACTIVE, BACKUPS_OFF, NOT_YET, NOT_YET, DONE],
    )
    assert set_up_table(client, SIMPLE, patience=patience).created
    assert pauses == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("steps", "error", "says"),
    [
        ([GONE, DONE, *[CREATING, BACKUPS_OFF] * 3], Unreachable, "not ready .* after 6 s"),
        ([GONE, DONE, ACTIVE, BACKUPS_OFF, *[NOT_YET] * 3], RefusedByAws, "point-in-time"),
        (
            [GONE, DONE, ACTIVE, BACKUPS_OFF, json_error("AccessDeniedException")],
            AccessDenied,
            "point-in-time",
        ),
    ],
)
def test_waiting_ends(
    client: Any,
    scripted: Script,
    patience: Patience,
    steps: list[Any],
    error: type[Exception],
    says: str,
) -> None:
    scripted(client, steps)
    with pytest.raises(error, match=says):
        set_up_table(client, SIMPLE, patience=patience)


def test_a_stream_of_another_view_is_switched_off_before_the_right_one_is_on(
    client: Any, scripted: Script, patience: Patience
) -> None:
    keys_only = described()
    keys_only["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    found = json_answer(200, {"Table": keys_only})
    ready = [found, BACKUPS_ON]
    sent = scripted(client, [*ready, *ready, DONE, *ready, DONE, *ready])
    assert len(set_up_table(client, SIMPLE, upgrade=True, patience=patience).applied) == 1
    updates = [
        json.loads(one.body) for one in sent if one.headers["X-Amz-Target"].endswith(b"UpdateTable")
    ]
    assert [update["StreamSpecification"] for update in updates] == [
        {"StreamEnabled": False},
        {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    ]


def test_an_existing_good_table_costs_two_reads(client: Any, scripted: Script) -> None:
    sent = scripted(client, [ACTIVE, BACKUPS_ON])
    assert set_up_table(client, SIMPLE, upgrade=True) == SetupResult("T")
    assert len(sent) == 2
