"""A restore is a plan: guarded, recorded, and held against the source that says otherwise until Git changes its mind.

Covers: engine.snapshots.restore, engine.snapshots.source, engine.snapshots.service, engine.overrides.held,
engine.overrides.put_back, engine.desired.stored_objects.
"""

import json
from pathlib import Path

import boto3
import pytest

from tests.support.accidents import (
    SERVICES,
    applied,
    back_up,
    overrides,
    restored,
    services,
)
from tests.support.command_line import Fleet, envctl, installation, service, use_settings


@pytest.fixture
def backed_up(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return back_up(installed, tmp_path, monkeypatch)


def test_nothing_changed_nothing_to_restore(backed_up: Fleet) -> None:
    ended = envctl("restore", "latest", "--plan")

    assert ended.code == 0, ended.out


def test_a_field_gets_its_value_back_and_keeps_it(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})

    ended = restored()

    assert services()["Search"] == "finds things"
    assert "held until Git changes" in ended.out
    (held,) = overrides()
    assert (held["ref"], held["path"], held["untilGit"]) == ("Service/Search", "description", True)
    again = envctl("plan")
    assert again.code == 0, again.out


@pytest.mark.slow
def test_git_changing_the_document_ends_what_was_held(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})
    restored()

    applied(backed_up, {"search.yaml": service("Search", 40000, description="on purpose")})

    assert services()["Search"] == "on purpose"
    assert overrides() == []


@pytest.mark.slow
def test_what_git_deleted_comes_back_and_stays(backed_up: Fleet) -> None:
    applied(backed_up, {"checkout.yaml": None})
    assert envctl("restore", "latest", "--plan").code == 2

    restored()

    assert services().keys() == {"Search", "Auth", "Checkout"}
    again = envctl("plan")
    assert again.code == 0, again.out


def test_what_somebody_changed_by_hand_needs_no_override(backed_up: Fleet) -> None:
    installation().master.client.update_item(
        TableName=SERVICES,
        Key={"ServiceName": {"S": "Search"}},
        UpdateExpression="SET #v.Description = :d",
        ExpressionAttributeNames={"#v": "Value"},
        ExpressionAttributeValues={":d": {"S": "by hand"}},
    )

    restored()

    assert services()["Search"] == "finds things"
    assert overrides() == []


@pytest.mark.slow
def test_merge_leaves_what_the_snapshot_has_not_and_replace_takes_it_away(
    backed_up: Fleet,
) -> None:
    applied(backed_up, {"new.yaml": service("New", 40003)})

    restored()
    assert "New" in services()

    restored("--mode", "replace")
    gone = next(
        item for item in installation().master.store.scan(SERVICES) if item["ServiceName"] == "New"
    )
    assert gone["Deleted"] == "true"
    again = envctl("plan")
    assert again.code == 0, again.out


def test_only_what_is_named_is_restored(backed_up: Fleet) -> None:
    applied(
        backed_up,
        {
            "search.yaml": service("Search", 40000, description="an accident"),
            "auth.yaml": service("Auth", 40001, description="wanted"),
        },
    )

    restored("--kind", "Service", "--key", "Search")

    assert services() == {
        "Search": "finds things",
        "Auth": "wanted",
        "Checkout": "takes money",
    }


@pytest.mark.slow
def test_records_say_who_restored_from_what(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})
    restored("--kind", "Service")

    shown = envctl("audit", "list", "--entity", "Service/Search", "--format", "json").json
    newest = shown["records"][0]

    assert newest["cause"] == "restored"
    assert newest["appliedBy"] == "ada"
    verified = envctl("audit", "verify", "--replay")
    assert verified.code == 0, verified.out


@pytest.mark.slow
def test_a_second_restore_replaces_what_the_first_holds(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="second")})
    assert envctl("snapshot", "create").code == 0
    second = envctl("snapshot", "list", "--format", "json").json["snapshots"][-1]["id"]
    first = envctl("snapshot", "list", "--format", "json").json["snapshots"][0]["id"]
    assert envctl("restore", first, "--yes").code == 0
    assert services()["Search"] == "finds things"

    ended = envctl("restore", second, "--yes")

    assert ended.code == 0, ended.err
    assert services()["Search"] == "second"
    assert overrides() == []


@pytest.mark.slow
def test_a_wrong_name_or_kind_is_told(backed_up: Fleet) -> None:
    assert envctl("restore", "latest", "--kind", "Servic", "--plan").code == 64
    assert "nothing" not in envctl("restore", "latest", "--key", "Nobody", "--plan").out
    assert envctl("restore", "20000101", "--plan").code == 64


@pytest.mark.slow
def test_a_broken_source_does_not_stand_in_the_way_of_a_restore_with_an_end(
    backed_up: Fleet,
) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})
    backed_up.has({"search.yaml": "kind: Nothing\n"})

    refused = envctl("restore", "latest", "--yes")
    restored("--until", "+2h")

    assert refused.code == 64
    assert "--until TIME" in refused.err
    assert services()["Search"] == "finds things"


@pytest.mark.slow
def test_the_document_says_what_was_done(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})

    found = envctl("restore", "latest", "--yes", "--format", "json").json

    assert [held["ref"] for held in found["held"]] == ["Service/Search"]
    assert found["restored"]["applied"] is True
    assert json.dumps(found["restored"]["outcomes"]).count("applied") == 1


CLUSTER = "apiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: Rhino}\nspec: {shortName: rh}\n"


@pytest.mark.slow
def test_what_an_accident_left_dangling_stops_neither_a_comparison_nor_a_part_of_a_restore(
    backed_up: Fleet,
) -> None:
    applied(
        backed_up, {"rhino.yaml": CLUSTER, "new.yaml": service("New", 40003, owningCluster="Rhino")}
    )
    assert envctl("snapshot", "create").code == 0
    client = installation().master.client
    client.delete_item(TableName="InfraConfigClusters", Key={"ClusterName": {"S": "Rhino"}})
    client.delete_item(TableName=SERVICES, Key={"ServiceName": {"S": "Search"}})

    told = envctl("snapshot", "diff", "latest")
    restored("--key", "Search")

    assert told.code == 2
    assert "Rhino" in told.out
    assert "Next:" not in told.out, "a comparison is carried out by nobody, and refused by nothing"
    assert "Refused" not in told.out
    assert "Search" in services()


@pytest.mark.slow
def test_two_snapshots_are_compared(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="other")})
    assert envctl("snapshot", "create").code == 0
    first, second = envctl("snapshot", "list", "--format", "json").json["snapshots"]

    told = envctl("snapshot", "diff", first["id"], second["id"])

    assert told.code == 2
    assert "finds things → other" in told.out
    assert envctl("snapshot", "diff", second["id"]).code == 0


@pytest.mark.slow
def test_a_snapshot_is_a_source_of_plan_and_apply_as_a_folder_is(backed_up: Fleet) -> None:
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})
    assert envctl("plan", "--source", "snapshot:latest").code == 2

    ended = envctl("apply", "--source", "snapshot:latest", "--yes")

    assert ended.code == 0, ended.err
    assert services()["Search"] == "finds things"
    # Nothing holds it: that is what restore is for.
    assert overrides() == []
    assert envctl("plan").code == 2
    changed = envctl("audit", "list", "--entity", "Service/Search", "--format", "json").json
    assert changed["records"][0]["cause"] == "restored"


def test_a_source_of_a_snapshot_that_there_is_none_of_is_told(backed_up: Fleet) -> None:
    ended = envctl("plan", "--source", "snapshot:20200101T000000Z-000000")

    assert ended.code == 64, ended.err
    assert "snapshot 20200101T000000Z-000000: there is none in" in ended.err


@pytest.mark.slow
def test_the_yaml_of_a_snapshot_is_written_as_it_was_then(backed_up: Fleet, tmp_path: Path) -> None:
    snapshot = (
        f"snapshot:{envctl('snapshot', 'list', '--format', 'json').json['snapshots'][0]['id']}"
    )
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})

    ended = envctl("import", "--from", snapshot, "--out", tmp_path / "then")

    assert ended.code == 0, ended.err
    written = "".join(path.read_text() for path in (tmp_path / "then").rglob("*.yaml"))
    assert "finds things" in written
    assert "an accident" not in written
    assert envctl("plan", "--source", tmp_path / "then", "--base", snapshot).code == 0
    refused = envctl("import", "--from", snapshot, "--scope", "config", "--out", tmp_path / "no")
    assert refused.code == 64


@pytest.mark.slow
def test_the_yaml_of_a_night_of_the_old_product_is_written(
    backed_up: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights, out = tmp_path / "nights", tmp_path / "then"
    kept = f"snapshots: {{folder: {nights}, environmentManagerNames: true}}\n"
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {backed_up.folder}}}\n{kept}")
    assert envctl("snapshot", "create").code == 0
    applied(backed_up, {"search.yaml": service("Search", 40000, description="an accident")})
    (maps,) = nights.glob("*_environmentmanager_ConfigDeploymentMaps.json")
    maps.unlink()

    ended = envctl("import", "--from", nights, "--out", out)

    assert ended.code == 0, ended.err
    assert "not looked at: ConfigDeploymentMaps: the backup has no file of it" in ended.err
    written = "".join(path.read_text() for path in out.rglob("*.yaml"))
    assert "finds things" in written
    assert "an accident" not in written
    bucket = boto3.client("s3", "us-east-1")
    bucket.create_bucket(Bucket="old-backups")
    for path in nights.glob("*_environmentmanager_*.json"):
        bucket.put_object(Bucket="old-backups", Key=f"nights/{path.name}", Body=path.read_bytes())
    from_bucket = envctl("import", "--from", "s3://old-backups/nights", "--out", tmp_path / "there")
    assert from_bucket.code == 0, from_bucket.err
    there = "".join(path.read_text() for path in (tmp_path / "there").rglob("*.yaml"))
    assert there == written
    (services,) = nights.glob("*_environmentmanager_InfraConfigServices.json")
    services.write_text("[{}]")
    damaged = envctl("import", "--from", nights, "--out", tmp_path / "no")
    assert damaged.code == 64
    assert "item 1 is no item of its table" in damaged.err
