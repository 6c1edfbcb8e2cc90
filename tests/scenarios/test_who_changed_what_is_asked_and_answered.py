"""Questions to the ledger by the commands alone: lists by what and whom, each field's origin, any moment of the past, and an export.

Covers: engine.queries.blame, engine.queries.past_state, engine.queries.recorded_kinds, engine.queries.export.
"""

import csv
import io
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.command_line import TEAMS, Fleet, envctl, installation, service, use_settings
from tests.support.request_faults import request_faults
from tests.support.told import Told


@pytest.fixture
def changed(installed: Fleet) -> Fleet:
    """Two clusters and two services made, then one service edited and the other taken away."""
    installed.has({"cart.yaml": service("Cart", 40001)})
    assert installed.apply().code == 0
    installed.has({"search.yaml": service("Search", 40000, description="d"), "cart.yaml": None})
    assert installed.apply().code == 0
    return installed


def listed(*words: str) -> list[tuple[str, str]]:
    """Return what was done to what, newest first."""
    ended = envctl("audit", "list", *words, "--format", "json")
    assert ended.code == 0, ended.err
    return [(one["changeType"], one["key"]) for one in ended.json["records"]]


def test_lists_by_kind_name_and_type(changed: Fleet) -> None:
    updated, search = ("Updated", "Search"), ("Created", "Search")

    assert set(listed("--kind", "Cluster")) == {("Created", "Tango"), ("Created", "Infra")}
    assert listed("--name", "Search") == [updated, search]
    of_services = listed("--kind", "Service", "--type", "updated", "--when", "1h")
    assert set(of_services) == {updated, ("Updated", "Cart")}
    assert listed("--entity", "Service/Search", "--type", "created") == [search]
    assert listed("--environment", "c50") == []
    assert listed("--when", "..yesterday") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "Servise"), "did you mean Service"),
        (("--when", "7d", "--since", "1h"), "from when to when"),
        (("--when", "soon"), "no moment"),
        (("--commit", "9"), "give 7 digits"),
    ],
)
def test_what_cannot_be_asked(changed: Fleet, words: tuple[Any, ...], said: str) -> None:
    ended = envctl("audit", "list", *words)

    assert ended.code == 64
    assert said in ended.err


def test_each_field_leads_to_who_set_it(changed: Fleet) -> None:
    fields = {
        one["path"]: one
        for one in envctl("audit", "blame", "Service/Search", "--format", "json").json["fields"]
    }
    told = envctl("audit", "blame", "Service/Search")

    assert fields["Value.Description"]["record"]["changeType"] == "Updated"
    assert fields["Value.BluePort"]["record"]["changeType"] == "Created"
    assert fields["Value.BluePort"]["value"] == 40000
    assert fields["Value.BluePort"]["record"]["origin"] == "search.yaml:1"
    assert told.code == 0
    assert "search.yaml:1" in told.out


def test_a_field_that_others_changed_is_outside(changed: Fleet) -> None:
    resource: Any = boto3.resource("dynamodb", "eu-west-1")
    resource.Table("InfraConfigServices").update_item(
        Key={"ServiceName": "Search"},
        UpdateExpression="SET OwningCluster = :other",
        ExpressionAttributeValues={":other": "Infra"},
    )

    fields = {
        one["path"]: one
        for one in envctl("audit", "blame", "Service/Search", "--format", "json").json["fields"]
    }

    assert fields["OwningCluster"]["isOutside"]
    assert not fields["ServiceName"]["isOutside"]
    assert "not by envctl" in envctl("audit", "blame", "Service/Search").out


@pytest.mark.parametrize("ref", ["Service/Nobody", "Servise/Search", "Serch", "Group/c50-ta-Web"])
def test_nothing_to_blame(changed: Fleet, ref: str) -> None:
    assert envctl("audit", "blame", ref).code == 64


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("render", "Nobody", "--source", "fleet"),
        ("get", "services", "Nobody", "--team", "Tango"),
        ("audit", "state", "Nobody", "--at", "0s", "--kind", "Service"),
    ],
)
def test_without_the_name_that_is_not_there_all_are_shown_as_they_were_asked_for(
    changed: Fleet, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(changed.folder.parent)
    refused = envctl(*words)
    assert refused.code == 64
    assert "fix: without a name all" in refused.err

    shown = envctl(*(word for word in words if word != "Nobody"))
    assert shown.code == 0
    assert "Search" in shown.out


@pytest.fixture
def moment(installed: Fleet) -> str:
    """A moment between two applies: one changed a service, took a cluster away, and made another."""
    assert installed.apply().code == 0
    time.sleep(0.01)
    then = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    later = TEAMS.replace("Infra", "Later").replace("shortName: in", "shortName: la")
    changed = service("Search", 40000, description="later")
    installed.has({"search.yaml": changed, "teams.yaml": later})
    assert installed.apply().code == 0
    return then


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/blame.py", "audit list --entity")
@pytest.mark.tells("controller/engine/queries/blame.py", "audit state --at")
@pytest.mark.tells("controller/engine/queries/audit.py", "audit list")
@pytest.mark.tells("controller/engine/queries/rollback_asked.py", "rollback")
def test_what_is_told_where_nothing_is_found_leads_on(
    moment: str, installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    gone = envctl("audit", "blame", "Cluster/Infra").err
    assert "deleted" in told.types(gone, "audit list").out
    was = told.types(gone, "audit state", filling={"TIME": moment})
    assert "Cluster/Infra" in was.out

    never = envctl("rollback", "Service/Nobody").err
    assert "3 created in InfraConfigClusters, InfraConfigServices" in told.types(never).out
    last, *_ = envctl("audit", "list", "--format", "json").json["records"]
    which = {"TRANSACTION": last["transaction"]}
    back = told.types(envctl("rollback").err, "rollback", "--plan", filling=which)
    assert "Search" in back.out


@pytest.mark.slow
def test_any_moment_of_the_past_is_shown(moment: str, installed: Fleet) -> None:
    was = envctl("audit", "state", "--at", moment, "--format", "json")
    found = {one["ref"]: one for one in was.json["objects"]}
    text = envctl("audit", "state", "--at", moment, "--kind", "Cluster").out

    assert was.code == 0, was.err
    assert set(found) == {"Cluster/Tango", "Cluster/Infra", "Service/Search"}
    assert found["Cluster/Infra"]["isGone"]
    assert found["Cluster/Tango"]["isAsNow"]
    assert "description" not in found["Service/Search"]["document"]["spec"]
    assert found["Service/Search"]["items"]["InfraConfigServices"]["Value"]["BluePort"] == 40000
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["Cluster/Infra", "Cluster/Tango"]


@pytest.mark.slow
def test_a_past_state_as_yaml_is_what_was_applied(
    moment: str, installed: Fleet, tmp_path: Path
) -> None:
    as_yaml = envctl("audit", "state", "--at", moment, "--format", "yaml")
    folder = Fleet(tmp_path / "past", {}).has({"all.yaml": as_yaml.out})

    assert envctl("validate", folder.folder).code == 0, as_yaml.out
    plan = json.loads(folder.plan("--format", "json", "--scope", "config").out)
    assert {change["key"] for change in plan["scopes"][0]["changes"]} == {
        "Search",
        "Infra",
        "Later",
    }


def test_a_moment_to_come_has_no_state(installed: Fleet) -> None:
    ended = envctl("audit", "state", "--at", "2999-01-01")

    assert ended.code == 64
    assert "yet to come" in ended.err


PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "find-who-changed-what.md"


def checked_by_the_page(
    folder: Path, text: str, *anchors: Path
) -> subprocess.CompletedProcess[str]:
    """Run the script that the page prints, without our packages, on an export."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(script.splitlines()) <= 30
    (folder / "check.py").write_text(script, encoding="utf-8")
    (folder / "export.jsonl").write_text(text, encoding="utf-8")
    words = [sys.executable, "-I", "-S", "check.py", "export.jsonl", *map(str, anchors)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def exported(changed: Fleet, tmp_path: Path) -> str:
    ended = envctl("audit", "export", "--format", "proof")
    assert ended.code == 0, ended.err
    return ended.out


@pytest.mark.slow
def test_an_export_is_proven_without_us(exported: str, tmp_path: Path) -> None:
    ended = checked_by_the_page(tmp_path, exported)
    head = installation().leases.read("config")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert head is not None
    assert f"config: up to #{head.sequence}, {head.last_hash}" in ended.stdout


@pytest.mark.slow
def test_what_was_done_to_an_export_is_found(exported: str, tmp_path: Path) -> None:
    lines = exported.splitlines(keepends=True)
    altered = exported.replace("search.yaml:1", "search.yaml:2", 1)
    anchor = tmp_path / "anchor.json"
    anchor.write_text(json.dumps({"heads": {"config": [2, "f" * 64]}}), encoding="utf-8")

    for text in (
        altered,
        "".join(lines[:1] + lines[2:]),
        "".join([lines[1], lines[0], *lines[2:]]),
    ):
        ended = checked_by_the_page(tmp_path, text)
        assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "not as anchored" in checked_by_the_page(tmp_path, exported, anchor).stdout


@pytest.mark.slow
def test_an_export_is_of_a_period(exported: str) -> None:
    middle = json.loads(exported.splitlines()[2])["ISOTimestamp"]["S"]
    later = envctl("audit", "export", "--from", middle, "--format", "proof").out
    earlier = envctl("audit", "export", "--to", middle, "--format", "proof").out

    assert set(later.splitlines()) | set(earlier.splitlines()) == set(exported.splitlines())
    assert envctl("audit", "export", "--to", "2020-01-01", "--format", "proof").out == ""


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/export.py", "audit verify")
def test_a_record_that_only_the_index_has_ends_an_export(changed: Fleet, told: Told) -> None:
    ledger: Any = boto3.resource("dynamodb", "eu-west-1").Table("InfraChangeAudit")
    (lost,) = [row for row in ledger.scan()["Items"] if row.get("Sequence") == 5]
    with request_faults() as faults:
        key = {"AuditID": lost["AuditID"]}
        faults.at("BatchGetItem", before=lambda: ledger.delete_item(Key=key))
        refused = envctl("audit", "export", "--format", "proof")

    assert refused.code == 7
    verified = told.types(refused.err, "audit verify")
    assert verified.code == 7
    assert "5" in verified.out
    before = envctl("audit", "export", "--to", lost["ISOTimestamp"], "--format", "proof")
    assert before.code == 0


def test_an_export_for_spreadsheets_has_no_formula(installed: Fleet) -> None:
    installed.has({"search.yaml": service("Search", 40000, description="d,\n=1+1")})
    assert installed.apply().code == 0
    told = envctl("audit", "export").out
    headings, *rows = csv.reader(io.StringIO(told))

    assert headings[:4] == ["when", "who", "done", "object"]
    assert len(rows) == 3
    assert all(len(row) == len(headings) for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
