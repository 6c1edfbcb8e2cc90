"""What `audit verify --replay` says to do about an item is done as it says, and the line is gone.

Covers: engine.queries.audit.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.command_line import Ended, Fleet, envctl, service, use_settings
from tests.support.told import Told

pytestmark = pytest.mark.slow

TABLE = "InfraConfigServices"
KEY = {"ServiceName": "Search"}


def verified() -> Ended:
    return envctl("audit", "verify", "--replay", "--format", "json")


@pytest.fixture
def table(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The table of services, with one that was applied, and a ledger that leads to it."""
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    installed.has({"search.yaml": service("Search", 40000)})
    assert installed.apply("--scope", "config").code == 0
    resource: Any = boto3.resource("dynamodb", "eu-west-1")
    assert verified().code == 0
    return resource.Table(TABLE)


def _edited(table: Any) -> None:
    item = table.get_item(Key=KEY)["Item"]
    table.put_item(Item={**item, "OwningCluster": "Infra"})


def _marked_by_another(table: Any) -> None:
    item = table.get_item(Key=KEY)["Item"]
    table.put_item(Item={**item, "Managed": {**item["Managed"], "By": "of-somebody-else"}})


def _deleted(table: Any) -> None:
    table.delete_item(Key=KEY)


def _copied(table: Any) -> None:
    item = table.get_item(Key=KEY)["Item"]
    table.put_item(Item={**item, "ServiceName": "Copy", "Value": {"SchemaVersion": 1}})


def _applied(told: Told, fix: str, _: Fleet, __: Any) -> None:
    assert "owningCluster  Infra → Tango" in told.types(fix, "plan").out
    assert told.types(fix, "apply").code == 0


def _mark_removed_and_applied(told: Told, fix: str, _: Fleet, table: Any) -> None:
    assert "another" in told.types(fix, "plan").out
    table.update_item(Key=KEY, UpdateExpression="REMOVE Managed")
    assert told.types(fix, "apply").code == 0


def _made_again(told: Told, fix: str, _: Fleet, __: Any) -> None:
    assert "created InfraConfigServices/Search" in told.types(fix, "audit list").out
    assert told.types(fix, "apply").code == 0


def _deleted_too(_: Told, __: str, ___: Fleet, table: Any) -> None:
    table.delete_item(Key={"ServiceName": "Copy"})


def _written_and_taken_over(told: Told, fix: str, installed: Fleet, table: Any) -> None:
    installed.has({"copy.yaml": service("Copy")})
    table.update_item(Key={"ServiceName": "Copy"}, UpdateExpression="REMOVE Managed")
    assert told.types(fix, "apply --adopt").code == 0


PLANS = pytest.mark.tells("controller/ledger/replay.py", "plan")
APPLIES = pytest.mark.tells("controller/ledger/replay.py", "apply")
ASKS = pytest.mark.tells("controller/ledger/replay.py", "audit list --entity")
ADOPTS = pytest.mark.tells("controller/ledger/replay.py", "apply --adopt")


@pytest.mark.parametrize(
    ("accident", "kind", "words", "follow"),
    [
        pytest.param(_edited, "changed outside", "envctl apply brings it back", _applied, marks=[PLANS, APPLIES]),
        (_marked_by_another, "changed outside", "remove its attribute Managed before",
         _mark_removed_and_applied),
        pytest.param(_deleted, "item missing", "envctl apply makes it again", _made_again, marks=[APPLIES, ASKS]),
        (_copied, "item unknown", "else delete it", _deleted_too),
        pytest.param(_copied, "item unknown", "remove its attribute Managed if it has one, and envctl apply --adopt takes it over",
         _written_and_taken_over, marks=ADOPTS),
    ],
)  # fmt: skip
def test_what_it_says_is_done_and_nothing_is_left_to_do(
    installed: Fleet,
    told: Told,
    table: Any,
    accident: Callable[[Any], None],
    kind: str,
    words: str,
    follow: Callable[[Told, str, Fleet, Any], None],
) -> None:
    accident(table)
    found = verified()
    assert found.code == 7
    (line,) = found.json["tables"]
    assert line["kind"] == kind
    assert words in line["fix"]

    follow(told, line["fix"], installed, table)

    after = verified()
    assert after.code == 0
    assert [one["fix"] for one in after.json["tables"] if "nothing to do" not in one["fix"]] == []
