"""explain, schedule preview, exceptions and report from the command line, for people and for programs.

Covers: engine.queries.explain.answer, engine.queries.explain.explanation.
"""

from pathlib import Path

import boto3
import pytest

from controller.decisions.coming_schedules import UNFIT
from tests.support.command_line import Ended, Fleet, envctl, service, use_settings
from tests.support.documents import ENVELOPE
from tests.support.fleet_yaml import MAP_AND_SCHEDULE, account, environment, one_file
from tests.support.told import Told

C50 = """apiVersion: envctl/v1
kind: Environment
metadata: {name: c50, labels: {purpose: performance}}
spec: {environmentType: Staging, owningCluster: Tango, deploymentMap: web, schedule: office-hours}
"""
ESTATE = one_file(
    account(environment_type="Staging"),
    MAP_AND_SCHEDULE,
    C50,
    environment("c60", kind="Staging", more=", schedule: 'on'"),
)


@pytest.fixture
def staging(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Two environments without instances, applied; the settings name the folder."""
    text = f"source: {{folder: {installed.folder}}}\nlive: {{parallelScopes: 1}}\n"
    use_settings(tmp_path, monkeypatch, text)
    installed.has({"estate.yaml": ESTATE, "search.yaml": service("Search", 40000, description="d")})
    ended = installed.apply("--scope", "config")
    assert ended.code == 0, ended.err
    return installed


def as_json(*words: object) -> Ended:
    ended = envctl(*words, "--format", "json")
    assert ended.code == 0, ended.err
    return ended


@pytest.mark.tells("controller/views/explanation.py", "audit list --entity")
@pytest.mark.tells("controller/views/explanation.py", "render")
def test_a_document_is_explained_with_the_place_of_each_value(staging: Fleet, told: Told) -> None:
    text = envctl("explain", "Search").out
    shown = as_json("explain", "Service/Search").json

    assert text.startswith("Service/Search    revision ")
    assert "as the source says (in order)" in text
    assert "bluePort: 40000" in text
    assert "search.yaml:4" in text
    assert "created InfraConfigServices/Search" in told.types(text, "audit list").out
    assert "bluePort: 40000" in told.types(text, "render").out
    assert shown["ref"] == "Service/Search"
    assert shown["lastChange"][0].endswith("Created")
    assert shown["blocks"] == []


def test_what_is_edited_but_not_applied_says_so(staging: Fleet) -> None:
    staging.has({"search.yaml": service("Search", 40000, description="other")})

    assert "update is planned (edited)" in envctl("explain", "Service/Search").out


def test_an_environment_without_instances(staging: Fleet) -> None:
    shown = as_json("explain", "c50", "--at", "2026-11-24T12:00").json

    assert shown["wanted"] == "on"
    assert shown["why"][0] == "Environment/c50 follows Schedule/office-hours"
    assert [one["verdict"] for one in shown["order"]][-1] == "decides"
    assert [one["state"] for one in shown["next"]] == ["off", "on", "off"]
    assert shown["next"][0]["utc"] == "2026-11-24T19:00:00.000Z"
    assert any(line.startswith("deploymentMap: web") for line in shown["values"])
    assert shown["blocks"][0].startswith("mode of power in staging-eu/eu-west-1: observe")


@pytest.mark.slow
@pytest.mark.tells("controller/views/explanation.py", "override --reason --until")
def test_what_explain_tells_to_type_has_it_off(staging: Fleet, told: Told) -> None:
    on = envctl("explain", "c60").out
    assert "Wanted ON" in on

    assert told.types(on, "override").code == 0
    assert "Wanted OFF" in envctl("explain", "c60").out


@pytest.mark.slow
@pytest.mark.parametrize("first", ["schedule.mode=off", "schedule=off"])
def test_an_override_may_lead_into_a_short_form(staging: Fleet, first: str) -> None:
    for assignment in (first, "schedule=on", "schedule.mode=off"):
        made = ("override", "c50", assignment, "--until", "+3h", "--reason", "r", "--yes")
        assert envctl(*made).code == 0, assignment
        planned = envctl("plan", "--scope", "config")
        assert planned.code in (0, 2), planned.err
        assert "Environment/c50" in envctl("explain", "c50").out


@pytest.mark.slow
@pytest.mark.tells("controller/decisions/coming_schedules.py", "override list")
@pytest.mark.tells("controller/engine/desired/load_revision.py", "override release")
def test_an_override_without_a_place_is_listed_and_released(staging: Fleet, told: Told) -> None:
    path = "roles.Web.ami"
    made = ("override", "DeploymentMap/web", f"{path}=web-9", "--until", "+3h", "--reason", "r")
    assert envctl(*made, "--yes").code == 0
    staging.has({"estate.yaml": ESTATE.replace("serverRoleName: Web", "serverRoleName: Api")})

    refused = envctl("plan")
    assert (refused.code, "names no member 'Web'" in refused.err) == (64, True)
    # What tells it of schedules is composed: no document of an environment has a list on the way to its schedule.
    assert path in told.types(str(UNFIT), "override list").out
    assert told.types(refused.err, "override release").code == 0
    assert "names no member" not in envctl("plan").err


def test_what_there_is_is_listed(staging: Fleet) -> None:
    told = envctl("get", "environments", "-l", "purpose=performance")
    shown = as_json("get", "Environment", "--account", "staging-eu").json

    assert told.code == 0
    assert [line.split()[:4] for line in told.out.splitlines()] == [
        ["NAME", "ACCOUNT", "TYPE", "SCHEDULE"],
        ["c50", "staging-eu", "Staging", "office-hours"],
    ]
    assert [one["name"] for one in shown["environments"]] == ["c50", "c60"]
    assert envctl("get", "services", "-o", "name").out == "Service/Search\n"
    assert "    name: Search\n" in envctl("get", "services", "-o", "yaml").out
    assert (wrong := envctl("get", "enviroments")).code == 64
    assert "did you mean environments?" in wrong.err


def test_groups_and_instances_are_listed_from_a_look(staging: Fleet) -> None:
    told, shown = (
        envctl("get", "groups"),
        as_json("get", "instances", "--account", "staging-eu").json,
    )

    assert (told.code, told.out) == (0, "no groups\n")
    assert "envctl: from a look at staging-eu/eu-west-1 now" in told.err
    assert (shown["instances"], list(shown["seen"])) == ([], ["staging-eu/eu-west-1"])
    assert envctl("get", "groups", "--account", "nobody").code == 64


@pytest.mark.slow
@pytest.mark.tells("controller/views/lists/accepted.py", "get")
def test_what_a_state_was_seen_by_is_told_with_what_looks_now(
    staging: Fleet, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = tmp_path / "looks"
    text = f"source: {{folder: {staging.folder}}}\nobserved: {{folder: {looks}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    assert staging.apply().code == 0

    listed = envctl("get", "environments")
    published = envctl("get", "environments", "--observed", looks)

    assert "STATE as the last looks saw it" in listed.err
    assert "from a look at staging-eu/eu-west-1 now" in told.types(listed.err, "get groups").err
    assert published.out == listed.out
    assert "envctl: from the last looks at 2 scopes, " in published.err
    assert "STATE as the last looks saw it" in published.err
    assert " off " in published.out


def test_lists_are_made_from_what_was_published_last(
    staging: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = tmp_path / "looks"
    text = f"source: {{folder: {staging.folder}}}\nobserved: {{folder: {looks}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    assert envctl("apply", "--scope", "config", "--yes").code == 0

    told = envctl("get", "environments", "--observed", looks, "-o", "name")
    groups = envctl("get", "groups", "--observed", looks)

    assert told.out == "Environment/c50\nEnvironment/c60\n"
    assert "envctl: from the last looks at config, " in told.err
    assert "without STATE in staging-eu/eu-west-1: no look at" in told.err
    assert groups.code == 0
    assert "no look at staging-eu/eu-west-1 is published in" in groups.err
    assert envctl("get", "environments", "--observed", tmp_path / "elsewhere").code == 5


def test_what_others_changed_in_the_tables_is_drift(staging: Fleet) -> None:
    table, key = "InfraConfigServices", {"ServiceName": {"S": "Search"}}
    boto3.client("dynamodb").update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET #v.OwningCluster = :c",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":c": {"S": "Others"}},
    )

    assert as_json("get", "services").json["services"][0]["drift"] == ["item"]
    assert as_json("get", "accounts").json["accounts"][0]["drift"] == []


def test_nothing_of_that_name(staging: Fleet) -> None:
    ended = envctl("explain", "c5O")

    assert ended.code == 64
    assert "did you mean c50?" in ended.err


def test_previews_from_the_tables_and_from_a_source(staging: Fleet) -> None:
    of_tables = as_json("schedule", "preview", "office-hours", "--from", "2027-03-25").json
    of_source = as_json(
        "schedule", "preview", "office-hours", "--from", "2027-03-25", "--source", staging.folder
    ).json

    assert of_tables == of_source
    assert of_tables["usedBy"] == {"environments": ["c50"], "roles": []}
    assert of_tables["hoursOn"] == 55
    assert len(of_tables["days"]) == 7


def test_exceptions_and_report_have_a_stable_shape(staging: Fleet) -> None:
    shown = as_json("schedule", "exceptions").json
    (always,) = shown["exceptions"]

    assert {name: always[name] for name in ("category", "ref", "team", "environmentType")} == {
        "category": "always on",
        "ref": "Environment/c60",
        "team": "Tango",
        "environmentType": "Staging",
    }
    assert (
        as_json("schedule", "exceptions", "--label", "purpose=performance").json["exceptions"] == []
    )
    assert envctl("schedule", "exceptions", "--label", "purpose").code == 64
    assert "always on: 1" in envctl("schedule", "exceptions").out
    report = as_json("schedule", "report", "--days", "1").json
    assert set(report) - set(ENVELOPE) == {
        "cost",
        "environments",
        "hoursOff",
        "hoursOn",
        "saved",
        "since",
        "unknown",
        "until",
    }
    assert "In total 0 h on" in envctl("schedule", "report").out


def test_a_plan_says_what_its_schedules_mean(staging: Fleet) -> None:
    staging.has({"estate.yaml": ESTATE.replace("to: 19:00", "to: 20:00")})

    text = staging.plan("--scope", "config").out
    meant = staging.plan("--scope", "config", "--format", "json").json["schedules"]

    assert "~ Schedules" in text
    assert "Environment c50  office-hours changes  on per week 55 h → 60 h" in text
    assert (meant["environmentHoursPerWeek"], meant["instanceHoursPerWeek"]) == (5, 15)
    assert meant["exchanges"][0]["environments"] == ["c50"]
