"""Somebody edits a table past envctl: it is recorded with who and what, the next apply heals it, and the ledger leads to the table.

Covers: engine.streams.follow, engine.streams.table_reader, engine.streams.gap, engine.queries.anchors, engine.state.anchor_heads.
"""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from tests.support.command_line import Ended, Fleet, envctl, service, use_settings
from tests.support.documents import checked
from tests.support.told import Told

TABLE = "InfraConfigServices"


@pytest.fixture
def table(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The table of services, with one that was applied, in an installation that keeps anchors in a folder."""
    kept = tmp_path / "kept"
    text = f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {kept}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    installed.has({"search.yaml": service("Search", 40000)})
    assert installed.apply("--scope", "config").code == 0
    assert followed().code == 0
    resource: Any = boto3.resource("dynamodb", "eu-west-1")
    return resource.Table(TABLE)


def followed(*more: str) -> Ended:
    return envctl("audit", "follow", "--once", *more)


def edited(table: Any) -> None:
    table.update_item(
        Key={"ServiceName": "Search"},
        UpdateExpression="SET OwningCluster = :cluster",
        ExpressionAttributeValues={":cluster": "Mallory"},
    )


def test_an_edit_in_the_console_is_recorded_and_healed(installed: Fleet, table: Any) -> None:
    edited(table)
    table.put_item(Item={"ServiceName": "Cart", "Audit": {"User": "eve", "Version": 1}})
    seen = followed()
    assert seen.code == 0
    assert "outside envctl  updated InfraConfigServices/Search: OwningCluster" in seen.out
    assert "eve  created InfraConfigServices/Cart" in seen.out
    assert "2 by others; look at config" in seen.out
    listed = envctl("audit", "list", "--entity", "Service/Search", "--format", "json").json
    assert listed["records"][0]["cause"] == "outside"
    assert installed.apply("--scope", "config").code == 0
    assert table.get_item(Key={"ServiceName": "Search"})["Item"]["OwningCluster"] == "Tango"
    again = followed()
    assert "0 by others" in again.out
    verified = envctl("audit", "verify", "--replay", "--format", "json")
    assert verified.code == 0, verified.out
    assert verified.json["tables"] == []


@pytest.mark.slow
def test_what_others_delete_is_drift_also_once_that_is_recorded(
    installed: Fleet, table: Any
) -> None:
    table.delete_item(Key={"ServiceName": "Search"})
    assert "deleted InfraConfigServices/Search" in followed().out
    assert installed.apply("--scope", "config").code == 0
    listed = envctl("audit", "list", "--entity", "Service/Search", "--format", "json").json
    causes = [record["cause"] for record in listed["records"][:2]]
    assert causes == ["drifted", "outside"]


def test_each_change_by_others_is_a_line_for_programs(table: Any) -> None:
    edited(table)
    lines = [json.loads(line) for line in followed("--format", "json").out.splitlines()]
    change, all_streams = (checked(line) for line in lines)
    assert change["record"]["changedBy"] == "outside envctl"
    assert [field["path"] for field in change["record"]["fields"]] == ["OwningCluster"]
    (read,) = (stream for stream in all_streams["streams"] if stream["table"] == TABLE)
    assert (read["outside"], read["hasGap"], read["error"]) == (1, False, None)


@pytest.mark.slow
@pytest.mark.tells("controller/aws/streams.py", "bootstrap --upgrade")
def test_a_stream_that_is_off_is_told_and_the_others_are_read(table: Any, told: Told) -> None:
    client: Any = boto3.client("dynamodb", "eu-west-1")
    client.update_table(TableName=TABLE, StreamSpecification={"StreamEnabled": False})
    # moto takes a stream that is off for one that is on.
    dynamodb_backends["123456789012"]["eu-west-1"].tables[TABLE].latest_stream_label = None
    seen = followed()
    assert seen.code == 5
    assert f"1 not read: {TABLE}" in seen.out
    assert " streams read" in seen.out

    assert f"{TABLE}: stream" in told.types(seen.err, "bootstrap --upgrade").out
    again = followed()
    assert "not read" not in again.out
    assert again.code == 0


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/anchors.py", "audit anchor")
def test_an_anchored_ledger_that_is_rewritten_is_found(
    table: Any, tmp_path: Path, told: Told
) -> None:
    missing = envctl("audit", "verify", "--anchors")
    assert missing.code == 7
    assert "holds no anchor" in missing.out
    assert "anchored in" in told.types(missing.out, "audit anchor").out
    assert envctl("audit", "verify", "--anchors").code == 0
    (kept,) = (tmp_path / "kept").rglob("*Z.json")
    anchor = json.loads(kept.read_bytes())
    anchor["heads"]["config"][1] = "0" * 64
    kept.chmod(0o600)
    kept.write_text(json.dumps(anchor))
    found = envctl("audit", "verify", "--anchors")
    assert found.code == 7
    assert "anchored at" in found.out
    kept.write_text("{}")
    assert "is no anchor that this version reads" in envctl("audit", "verify", "--anchors").out


@pytest.mark.slow
@pytest.mark.tells("controller/engine/streams/table_reader.py", "bootstrap")
def test_a_table_with_another_key_is_told_and_compared(table: Any, told: Told) -> None:
    client: Any = boto3.client("dynamodb", "eu-west-1")
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    client.delete_table(TableName=TABLE)
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "Name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    assert f"{TABLE}: not seen since" in followed().out
    table.put_item(Item={"Name": "Search"})

    seen = followed()

    assert seen.code == 7
    assert f"differs  {TABLE}: key" in told.types(seen.err, "bootstrap").out
