"""Somebody edits an environment that an override keeps on: the plan, the guards and the ledger call it the edit it is."""

import pytest

from tests.support.command_line import Fleet, envctl
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file

EVIL = ", description: evil edit, lifecycle: retired"
HOURS = """apiVersion: envctl/v1
kind: Schedule
metadata: {name: office-hours}
spec: {timezone: Europe/London, periods: [{days: mon-fri, from: 08:00, to: 19:00}]}
"""


def environment_file(more: str = "", schedule: str = "off") -> dict[str, str | None]:
    return {"c49.yaml": environment("c49", more=f", schedule: {schedule}{more}")}


@pytest.fixture
def kept_on(installed: Fleet) -> Fleet:
    installed.has({"shared.yaml": one_file(account(), EMPTY_MAP, HOURS), **environment_file()})
    assert installed.apply().code == 0
    words = ("override", "c49", "schedule=on", "--until", "+30m", "--reason", "load test")
    assert envctl(*words, "--yes").code == 0
    return installed


def only_change(fleet: Fleet) -> dict[str, object]:
    (change,) = fleet.plan("--format", "json", "--scope", "config").json["scopes"][0]["changes"]
    found: dict[str, object] = change
    return found


def test_the_override_alone_is_no_edit(kept_on: Fleet) -> None:
    change = only_change(kept_on)

    assert (change["cause"], change["because"]) == ("overridden", "as an override says")
    assert "Not of this change" in kept_on.plan("--scope", "config").out


@pytest.mark.slow
@pytest.mark.parametrize("applied", [False, True], ids=["before it is applied", "once it is"])
def test_an_edit_of_other_fields_stands_where_edits_stand(kept_on: Fleet, applied: bool) -> None:
    if applied:
        assert kept_on.apply("--scope", "config").code == 0
        assert kept_on.plan("--scope", "config").code == 0
    kept_on.has(environment_file(EVIL))

    change, shown = only_change(kept_on), kept_on.plan("--scope", "config").out

    assert (change["cause"], change["because"]) == ("edited", "an override holds schedule")
    above = shown.partition("Not of this change")[0]
    assert "~ Environment c49  an override holds schedule" in above
    assert "lifecycle  (absent) → retired" in above
    assert "description  (absent) → evil edit" in above


def test_the_ledger_calls_it_the_same(kept_on: Fleet) -> None:
    kept_on.has(environment_file(EVIL))
    assert kept_on.apply("--scope", "config").code == 0

    items = ("--entity", "Environment/c49", "--kind", "Environment")
    listed = envctl("audit", "list", *items, "--format", "json")

    assert '"cause": "edited"' in listed.out
    assert '"cause": "overridden"' not in listed.out


def test_an_edit_beneath_the_override_is_shown(kept_on: Fleet) -> None:
    assert kept_on.apply("--scope", "config").code == 0
    kept_on.has(environment_file(schedule="office-hours"))

    shown = kept_on.plan("--scope", "config").out.partition("Not of this change")[0]

    assert "~ c49.yaml:" in shown
    assert 'schedule beneath the override  {"mode":"off"} → {"mode":' in shown


@pytest.mark.slow
def test_the_end_of_an_override_is_no_edit(kept_on: Fleet) -> None:
    assert kept_on.apply("--scope", "config").code == 0
    assert envctl("override", "release", "c49", "--yes").code == 0

    plan = kept_on.plan("--format", "json", "--scope", "config").json

    for change in plan["scopes"][0]["changes"]:
        assert (change["cause"], change["because"]) == (
            "overridden",
            "the override of it has ended",
        )
