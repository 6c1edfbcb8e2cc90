"""A row of an override that somebody damaged: read from the ledger where that has it, told by each command, taken away by one.

Covers: engine.state.damaged_overrides, engine.state.open_records.
"""

from typing import Any

import pytest

from controller.aws.items import Item, to_wire
from controller.aws.transactions import PutWrite
from tests.support.command_line import Fleet, envctl, installation, service
from tests.support.told import Told

MADE = ("override", "Service/Search", "description=closed", "--until", "+2h", "--reason", "night")
WEIRD = {"Note": frozenset({1, 2}), "Blob": b"\x00"}


@pytest.fixture
def described(installed: Fleet) -> Fleet:
    installed.has({"search.yaml": service("Search", 40000, description="finds things")})
    assert installed.apply().code == 0
    return installed


def row() -> Item:
    master = installation().master
    (found,) = [r for r in master.store.scan(master.state_table) if r["Id"][:9] == "override#"]
    return found


def put(item: Item) -> str:
    master = installation().master
    master.store.write(PutWrite(master.state_table, to_wire(item)))
    return str(item["Id"]).removeprefix("override#")


@pytest.mark.parametrize("damage", [{"Ref": None}, {"Value": "{", **WEIRD}, {"Since": 5}])
def test_it_holds_as_the_ledger_has_it(described: Fleet, damage: dict[str, Any]) -> None:
    assert envctl(*MADE, "--yes").code == 0
    name = put({**row(), **damage})

    listed = envctl("override", "list", "--format", "json")
    assert (listed.code, [o["value"] for o in listed.json["overrides"]]) == (0, ["closed"])
    planned = described.plan("--format", "json").json["scopes"][0]["changes"]
    assert [change["cause"] for change in planned] == ["overridden"]
    assert described.apply().code == 0
    assert f"row 'override#{name}' of EnvctlState is damaged" in envctl("doctor", "config").out
    assert envctl("status").code == 0

    assert envctl("override", "release", name, "--yes").code == 0
    assert envctl("override", "list").out == "no overrides\n"
    assert envctl("audit", "verify").code == 0


def test_of_which_only_the_object_can_be_told_leaves_that_as_it_is(described: Fleet) -> None:
    name = put({"Id": "override#LOST", "Ref": "Service/Search", **WEIRD})
    described.has({"search.yaml": service("Search", 40000, description="changed")})

    assert envctl("override", "list").code == 0
    planned = described.plan("--format", "json")
    assert planned.json["scopes"][0]["changes"] == []
    assert envctl("override", "release", name, "--yes").code == 0
    assert described.plan().code == 2


@pytest.mark.slow
@pytest.mark.tells("controller/engine/state/override_rows.py", "override release")
def test_of_which_nothing_can_be_told_stops_plans_and_no_question(
    described: Fleet, told: Told
) -> None:
    put({"Id": "override#LOST", "Value": 7, **WEIRD})

    for command in (("plan",), ("apply", "--yes")):
        refused = envctl(*command, "--source", described.folder)
        assert refused.code == 7
        assert "row 'override#LOST' of EnvctlState is damaged: its Ref" in refused.err
        assert "envctl override release LOST takes it away" in refused.err
    listed = envctl("override", "list", "--format", "json")
    assert (listed.code, listed.json["overrides"]) == (7, [])
    assert "envctl override release LOST" in listed.err
    assert "override#LOST" in envctl("status").out
    assert "override#LOST" in envctl("doctor", "config").out

    released = told.types(listed.err, "override release", "--format", "json")
    assert (released.code, released.json["action"]) == (0, "release")
    assert described.plan().code == 0
    (first, *_) = envctl("audit", "list", "--format", "json").json["records"]
    assert first["changeType"] == "Deleted"
    assert "Note" in envctl("audit", "show", first["auditId"]).out


@pytest.mark.slow
@pytest.mark.tells("controller/engine/state/open_records.py", "audit recover")
def test_open_records_that_cannot_be_read_are_made_again(described: Fleet, told: Told) -> None:
    put({"Id": "open#config", "Records": {"a": 1}})

    assert "row open#config of EnvctlState is damaged" in envctl("status").out
    recovered = told.types(envctl("doctor", "config").out, "audit recover")
    assert recovered.code == 0
    assert "0 announced and not ended, as its records say" in recovered.out
    assert "damaged" not in envctl("status").out
    assert envctl("audit", "verify", "--replay").code == 0
    assert (
        "updated EnvctlState/open#config (succeeded)"
        in envctl("audit", "list", "--since", "1h ago", "--records").out
    )
