"""What a rollback cannot put back, or must not, is said before anything is done.

Covers: engine.rollback.undo.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import TEAMS, Fleet, envctl, installation, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.told import Told


@pytest.fixture
def estate(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    text = f"source: {{folder: {installed.folder}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    fleet = {"teams.yaml": one_file(TEAMS, account(), EMPTY_MAP), "c50.yaml": environment("c50")}
    applied(installed, {**fleet, "search.yaml": service("Search", 40000, description="first")})
    return installed


def applied(fleet: Fleet, files: dict[str, str | None]) -> str:
    fleet.has(files)
    ended = envctl("apply", "--yes", "--scope", "config", "--format", "json")
    assert ended.code == 0, ended.err + ended.out
    return str(ended.json["transaction"])


def described(name: str = "Search") -> Any:
    found = installation().master.store.get("InfraConfigServices", {"ServiceName": name})
    assert found is not None
    return found["Value"].get("Description")


def by_hand(text: str) -> None:
    installation().master.client.update_item(
        TableName="InfraConfigServices",
        Key={"ServiceName": {"S": "Search"}},
        UpdateExpression="SET #v.Description = :d",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":d": {"S": text}},
    )


def test_an_environment_that_was_made_is_retired_in_git_not_rolled_away(estate: Fleet) -> None:
    transaction = applied(estate, {"c60.yaml": environment("c60")})

    ended = envctl("rollback", transaction, "--plan")

    assert ended.code == 3


@pytest.mark.slow
def test_an_environment_that_was_edited_goes_back_in_both_of_its_tables(estate: Fleet) -> None:
    before = tables_of("c50")
    transaction = applied(
        estate,
        {"c50.yaml": environment("c50", more=", schedule: 'off', alertSettings: EnvironmentOwner")},
    )

    ended = envctl("rollback", transaction, "--yes")

    assert ended.code == 0, ended.out + ended.err
    assert tables_of("c50") == before
    assert envctl("plan", "--scope", "config").code == 0


def tables_of(name: str) -> dict[str, Any]:
    found = installation()
    kind = found.master.kinds["Environment"]
    return {
        table.name: {
            key: part
            for key, part in (
                found.master.store.get(table.name, {"EnvironmentName": name}) or {}
            ).items()
            if key not in {"Audit", "Managed"}
        }
        for table in kind.tables
    }


@pytest.mark.slow
def test_drift_that_was_put_back_in_between_is_no_part_of_what_goes_back(estate: Fleet) -> None:
    """Somebody past envctl, between two edits: all since is what was before both."""
    listed = envctl("audit", "list", "--entity", "Service/Search", "--format", "json").json
    moment = listed["records"][0]["at"]
    applied(estate, {"search.yaml": service("Search", 40000, description="second")})
    by_hand("drifted")
    assert envctl("apply", "--yes", "--scope", "config").code == 0
    assert described() == "second"

    ended = envctl("rollback", "--to", moment, "--yes")

    assert ended.code == 0, ended.out
    assert described() == "first"


@pytest.mark.tells("controller/views/rollback.py", "override release")
def test_overrides_of_a_run_are_named_and_left(estate: Fleet, told: Told) -> None:
    asked = ("override", "c50", "schedule=on", "--until", "+2h", "--reason", "night", "--yes")
    assert envctl(*asked, "--format", "json").code == 0
    (made,) = envctl("override", "list", "--format", "json").json["overrides"]
    rows = envctl("audit", "list", "--format", "json").json["records"]
    transaction = next(row["transaction"] for row in rows if made["id"] in str(row))

    ended = envctl("rollback", transaction, "--plan")

    assert "0 records of 0 objects" in ended.out
    assert f"not taken back: overrides {made['id']}" in ended.out
    released = told.types(ended.out, "override release", "--yes", filling={"ID": made["id"]})
    assert released.code == 0, released.err
    assert envctl("override", "list").out == "no overrides\n"


def with_key(key: str, vpc: str = "vpc-1") -> dict[str, str | None]:
    text = account(of_type=f", licenseKeys: {{newRelicKey: {key}}}").replace("vpc-1", vpc)
    return {"teams.yaml": one_file(TEAMS, text, EMPTY_MAP)}


def value_of_type() -> Any:
    kind = installation().master.kinds["EnvironmentType"]
    (item,) = installation().master.store.scan(kind.tables[0].name)
    return item["Value"]


@pytest.mark.slow
def test_a_sensitive_value_of_before_is_nowhere_and_what_needs_it_is_left(estate: Fleet) -> None:
    applied(estate, with_key("hidden-before"))
    transaction = applied(estate, with_key("hidden-after"))
    there = value_of_type()

    ended = envctl("rollback", transaction, "--yes")

    assert ended.code == 3
    assert "as the ledger has its sensitive values as digests alone: EnvironmentType/" in ended.out
    assert "hidden" not in ended.out
    assert value_of_type() == there


@pytest.mark.slow
def test_a_sensitive_value_that_did_not_change_stays(estate: Fleet) -> None:
    applied(estate, with_key("hidden"))
    before = value_of_type()
    transaction = applied(estate, with_key("hidden", "vpc-2"))
    assert value_of_type() != before

    ended = envctl("rollback", transaction, "--yes")

    assert ended.code == 0, ended.out + ended.err
    assert value_of_type() == before
    assert "hidden" not in ended.out


def test_what_was_taken_over_is_not_deleted_as_if_it_had_been_made(estate: Fleet) -> None:
    table = installation().master.client
    old: Any = {"ServiceName": {"S": "Old"}, "OwningCluster": {"S": "Tango"}, "Value": {"M": {}}}
    table.put_item(TableName="InfraConfigServices", Item=old)
    estate.has({"old.yaml": service("Old")})
    adopted = envctl("apply", "--yes", "--scope", "config", "--adopt", "--format", "json")
    assert adopted.code == 0
    edit = applied(estate, {"old.yaml": service("Old", description="of a later day")})

    assert envctl("rollback", edit, "--yes").code == 0
    taken_back = envctl("rollback", adopted.json["transaction"], "--yes")

    assert taken_back.code == 0
    assert "Nothing to do" in taken_back.out
    left = installation().master.store.get("InfraConfigServices", {"ServiceName": "Old"})
    assert left is not None
    assert "Deleted" not in left
    assert "Description" not in left["Value"]
