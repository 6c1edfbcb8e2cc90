"""Status is read from the tables alone, so it is there when accounts are not.

Covers: engine.queries.status.read, engine.queries.status.view.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from moto import mock_aws

from benchmarks.call_counts import by_operation, total
from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.interruption import Interruption
from controller.engine.queries.status.read import TABLES_KEPT, StatusRead, read_status, with_look
from controller.engine.state.override_rows import row_of_override
from controller.errors import SourceUnavailable
from controller.ledger.heads import row_of_head
from controller.model.ledger_record import LEDGER_FORMAT
from controller.model.observed import ScopeState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.sources.folder import FolderSource
from controller.views.documents.status import status_json
from tests.support.command_line import Fleet, envctl, service
from tests.support.documents import checked, printed
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate

OFFICE_HOURS = """
---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: office-hours}
spec: {timezone: Europe/London, periods: [{days: mon-fri, from: "08:00", to: "19:00"}]}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[LiveEstate]:
    """One account with two environments, applied."""
    with mock_aws():
        estate = LiveEstate(tmp_path / "fleet")
        estate.has(
            {
                "c50.yaml": environment("c50", more=", schedule: office-hours") + OFFICE_HOURS,
                "c51.yaml": environment("c51", more=', schedule: "on"'),
            }
        )
        estate.applied()
        yield estate


def _read(estate: LiveEstate) -> StatusRead:
    source = FolderSource(estate.folder)
    accounts = estate.live()
    return read_status(accounts.installation, accounts, source, estate.clock.now)


def _shown(estate: LiveEstate) -> dict[str, Any]:
    return cast(dict[str, Any], printed("status", status_json(_read(estate).view)))


def test_before_a_bootstrap_it_cannot_be_read(moto: None, fleet: Fleet) -> None:
    ended = envctl("status")

    assert ended.code == 5
    assert "envctl bootstrap" in ended.err


def test_a_broken_commit_is_told_of_until_it_is_mended(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_SOURCE_FOLDER", str(installed.folder))
    assert envctl("apply", "--yes").code == 0
    installed.has({"search.yaml": service("Search", owningCluster="Nobody")})

    assert envctl("apply", "--yes").code == 1
    told = envctl("status").out
    assert "config  stalled" in told
    assert "Stalled: RunStopped" in told
    assert "1 problem in the desired state" in told
    assert "→ envctl validate" in told

    installed.has({"search.yaml": service("Search", 40000)})
    assert envctl("apply", "--yes").code == 0
    assert "Scopes 1: 1 in order" in envctl("status").out


def test_its_settings_ask_nobody(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVCTL_REGION", "eu-north-1")

    found = envctl("status", "--settings", "--format", "json").json["settings"]

    assert found[0] == {"path": "region", "value": "eu-north-1", "origin": "ENVCTL_REGION"}


def test_all_in_order_after_an_apply(estate: LiveEstate) -> None:
    found = _shown(estate)

    assert [(one["scope"], one["inOrder"]) for one in found["scopes"]] == [
        ("config", True),
        (SCOPE, True),
    ]
    assert found["source"]["state"] == "current"
    assert found["applied"]["revision"]

    estate.has({"c52.yaml": environment("c52")})
    assert _shown(estate)["source"]["state"] == "changed"


def test_a_source_that_does_not_answer_is_part_of_the_answer(estate: LiveEstate) -> None:
    accounts = estate.live()

    class Silent(FolderSource):
        def changed_since(self, revision_id: str | None) -> bool:
            raise SourceUnavailable("git+https://git.example/fleet: no answer")

    silent = Silent(estate.folder)
    found = read_status(accounts.installation, accounts, silent, estate.clock.now).view

    assert (found.source.state, found.source.detail) == (
        "unreachable",
        "git+https://git.example/fleet: no answer",
    )
    assert found.scopes[0].in_order


def test_reading_it_asks_no_account(estate: LiveEstate) -> None:
    accounts = estate.live()
    counter = accounts.installation.master.aws.counter
    counter.clear()
    read_status(accounts.installation, accounts, None, estate.clock.now)

    assert {name.partition(".")[0] for name in by_operation(counter)} == {"dynamodb"}
    assert total(counter, operation="PutItem") == 0


def test_an_override_shows_until_it_ends_and_what_it_does_to_schedules(estate: LiveEstate) -> None:
    master = estate.installation.master
    override = Override(
        id="01JD",
        ref=ResourceRef("Environment", "c50"),
        reason="release night",
        actor="ada",
        since=estate.clock.now,
        path="schedule",
        value="on",
        until=estate.clock.now + timedelta(hours=2),
    )
    switches = _shown(estate)["power"]["next"]
    assert [one["on"] + one["off"] for one in switches] == [["c50"], ["c50"]]
    row = to_wire(row_of_override(override))
    master.store.write(PutWrite(master.state_table, row))

    found = _shown(estate)
    assert [(one["ref"], one["value"]) for one in found["overrides"]] == [("Environment/c50", "on")]
    assert found["power"]["environmentsOn"] == 2
    ends = found["overrides"][0]["until"]
    assert all(one["at"] >= ends for one in found["power"]["next"]), "it holds until its end"

    estate.clock.sleep(3 * 3600)
    assert _shown(estate)["overrides"] == []


@pytest.mark.slow
def test_tables_that_cannot_be_read_leave_what_is_known_of_scopes(estate: LiveEstate) -> None:
    master = estate.installation.master
    master.client.update_table(TableName="InfraConfigClusters", DeletionProtectionEnabled=False)
    master.client.delete_table(TableName="InfraConfigClusters")

    found = _shown(estate)

    assert "InfraConfigClusters" in found["unreadable"]
    assert found["power"] is None
    assert [one["scope"] for one in found["scopes"]] == ["config", SCOPE]


@pytest.mark.slow
def test_an_account_that_is_gone_is_told_of_until_its_row_goes(estate: LiveEstate) -> None:
    client = estate.installation.master.client
    for table in ("InfraConfigAccounts", "ConfigEnvironmentTypes"):
        schema = client.describe_table(TableName=table)["Table"]["KeySchema"]
        names = [one["AttributeName"] for one in schema]
        for item in client.scan(TableName=table)["Items"]:
            client.delete_item(TableName=table, Key={name: item[name] for name in names})

    scope = next(one for one in _shown(estate)["scopes"] if one["scope"] == SCOPE)

    assert (scope["known"], scope["inOrder"], scope["next"]) == (False, False, "")


@pytest.mark.slow
def test_a_scope_of_a_newer_controller_is_stalled_and_says_what_to_type(estate: LiveEstate) -> None:
    master = estate.installation.master
    head = estate.installation.leases.read(SCOPE)
    assert head is not None
    newer = to_wire(row_of_head(replace(head, format=LEDGER_FORMAT + 1)))
    master.store.write(PutWrite(master.state_table, newer))

    scope = next(one for one in _shown(estate)["scopes"] if one["scope"] == SCOPE)

    assert (scope["inOrder"], scope["next"]) == (False, "envctl version")
    assert {one["type"]: one["reason"] for one in scope["conditions"]} == {
        "Ready": "NewerController",
        "Reconciling": "NothingToDo",
        "Stalled": "NewerController",
    }


def test_tables_that_stand_as_recorded_are_not_read_again_for_a_while(estate: LiveEstate) -> None:
    accounts, now = estate.live(), estate.clock.now
    counter = accounts.installation.master.aws.counter

    def read(at: datetime, before: StatusRead | None = None) -> tuple[StatusRead, int]:
        counter.clear()
        found = read_status(accounts.installation, accounts, None, at, before)
        return found, total(counter)

    first, whole = read(now)
    again, asked = read(now + timedelta(seconds=2), first)
    assert asked < whole / 2
    assert again.view == replace(first.view, at=again.view.at)
    assert read(now + TABLES_KEPT, again)[1] == whole, "what others write has to be seen"

    estate.has({"c52.yaml": environment("c52", more=', schedule: "on"')})
    estate.applied()
    changed, asked = read(now + timedelta(seconds=2), first)
    assert asked == whole
    assert (first.view.power, changed.view.power) != (None, None)
    assert changed.view.power != first.view.power


def test_a_look_adds_what_accounts_hold_now_and_writes_nothing(estate: LiveEstate) -> None:
    before = estate.rows()
    accounts = estate.live()
    read = read_status(accounts.installation, accounts, None, estate.clock.now)

    looked = with_look(read, accounts).looked

    assert looked is not None
    assert looked[SCOPE].state is ScopeState.OK
    seen = looked[SCOPE].seen
    assert seen is not None
    assert seen.copies_behind is None, "replicas are off"
    assert estate.rows() == before


@pytest.mark.slow
def test_a_watch_shows_it_until_ctrl_c(installed: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def wait(_: Interruption, seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            assert installed.apply().code == 0
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(Interruption, "wait", wait)
    ended = envctl("status", "--watch", "--every", "2", "--format", "json")

    assert (ended.code, slept) == (130, [2, 2])
    before, after = (checked(json.loads(line)) for line in ended.out.splitlines())
    assert before["scopes"] != after["scopes"]
    assert envctl("status", "--every", "2").code == 64
    assert envctl("status", "--settings", "--watch").code == 64
