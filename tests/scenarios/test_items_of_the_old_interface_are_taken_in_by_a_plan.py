"""What the old product's export gave is given as it gave it, and what its import took is taken by a plan: checked, guarded, recorded.

Covers: engine.snapshots.old_items.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from controller import catalog
from controller.catalog import kind_tables
from controller.engine.commit.lease import Claim
from controller.engine.snapshots.old_items import RESOURCES
from tests.support.command_line import Ended, Fleet, envctl, installation, service, use_settings
from tests.support.fleet_yaml import EMPTY_MAP, account, environment, one_file
from tests.support.told import Told

SERVICES = "InfraConfigServices"
FILES = {
    "search.yaml": service("Search", 40000, description="finds things"),
    "auth.yaml": service("Auth", 40001, description="knows who"),
}


@pytest.fixture
def applied(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Two services, applied from the settings' own source."""
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    installed.has(FILES)
    ended = envctl("apply", "--scope", "config", "--yes")
    assert ended.code == 0, ended.err
    return installed


def exported(resource: str) -> list[dict[str, Any]]:
    ended = envctl("items", "export", resource)
    assert ended.code == 0, ended.err
    return list(json.loads(ended.out))


def imported(folder: Path, resource: str, items: list[Any], *options: object) -> Ended:
    file = folder / "items.json"
    file.write_text(json.dumps(items))
    return envctl("items", "import", resource, file, *options)


def descriptions() -> dict[str, Any]:
    found = installation().master.store.scan(SERVICES)
    return {item["ServiceName"]: item["Value"].get("Description") for item in found}


def named(name: str) -> dict[str, Any]:
    (found,) = (item for item in exported("services") if item["ServiceName"] == name)
    return found


def test_every_table_of_the_old_product_has_one_resource() -> None:
    tables = {table.name for table in kind_tables(catalog.kinds().values())}

    assert sorted(RESOURCES.values()) == sorted(tables - {"EnvctlConfig"})


def test_an_export_has_what_the_table_has_and_changes_nothing_taken_back(
    applied: Fleet, tmp_path: Path
) -> None:
    found = exported("services")

    assert [item["ServiceName"] for item in found] == ["Auth", "Search"]
    assert found[0]["Audit"]["Version"] == 1
    assert "Managed" not in found[0]
    assert envctl("items", "export", "services", "--out", tmp_path / "out.json").code == 0
    assert json.loads((tmp_path / "out.json").read_text()) == found
    assert exported("environments") == []
    again = imported(tmp_path, "services", found, "--mode", "replace", "--plan")
    assert again.code == 0, again.out + again.err


def test_all_resources_are_given_and_taken_at_once_each_by_its_own_table(
    applied: Fleet, tmp_path: Path
) -> None:
    folder = tmp_path / "all"
    assert envctl("items", "export", "all", "--out", folder).code == 0
    assert sorted(file.stem for file in folder.iterdir()) == sorted(RESOURCES)
    services = json.loads((folder / "services.json").read_text())
    assert services == exported("services")
    assert envctl("items", "import", "all", folder, "--mode", "replace", "--plan").code == 0
    services[0]["Value"]["Description"] = "imported"
    (folder / "services.json").write_text(json.dumps(services))
    clusters = json.loads((folder / "clusters.json").read_text())
    clusters[0]["Value"]["GroupEmailAddress"] = "infra@example.com"
    (folder / "clusters.json").write_text(json.dumps(clusters))
    # What there is no file of stays, whatever the mode.
    (folder / "permissions.json").unlink()

    ended = envctl("items", "import", "all", folder, "--mode", "replace", "--yes")

    assert ended.code == 0, ended.err
    assert descriptions()["Auth"] == "imported"
    assert exported("clusters")[0]["Value"]["GroupEmailAddress"] == "infra@example.com"
    assert envctl("plan", "--scope", "config").code == 0


def test_all_resources_are_files_in_a_folder(applied: Fleet, tmp_path: Path) -> None:
    without = envctl("items", "export", "all")
    none = envctl("items", "import", "all", tmp_path, "--plan")

    assert (without.code, none.code) == (64, 64)
    assert "--out DIR" in without.err
    assert "it has no file of a resource" in none.err


def test_an_item_is_taken_in_with_a_new_version_and_who_did_it_and_held(
    applied: Fleet, tmp_path: Path
) -> None:
    item = named("Search")
    item["Value"]["Description"] = "imported"
    item["Audit"] = {"User": "mallory", "Version": 99}

    ended = imported(tmp_path, "services", [item], "--yes")

    assert ended.code == 0, ended.err
    assert descriptions() == {"Search": "imported", "Auth": "knows who"}
    written = named("Search")["Audit"]
    assert (written["User"], written["Version"]) == ("ada", 2)
    listed = envctl("audit", "list", "--entity", "Service/Search", "--format", "json").json
    assert listed["records"][0]["changedBy"] == "ada"
    assert envctl("plan", "--scope", "config").code == 0
    assert envctl("audit", "verify", "--replay").code == 0


@pytest.mark.slow
def test_merge_leaves_what_the_file_lacks_and_replace_takes_it_away(
    applied: Fleet, tmp_path: Path
) -> None:
    kept = [named("Search")]
    assert imported(tmp_path, "services", kept, "--plan").code == 0

    ended = imported(tmp_path, "services", kept, "--mode", "replace", "--yes")

    assert ended.code == 0, ended.err
    # A service is never deleted, but marked: that was so in the old product.
    assert {found["ServiceName"]: found.get("Deleted") for found in exported("services")} == {
        "Auth": "true",
        "Search": None,
    }
    again = imported(tmp_path, "services", exported("services"), "--mode", "replace", "--plan")
    assert again.code == 0, again.out + again.err


def test_what_is_new_comes_to_be_ours_and_what_is_nobodys_is_adopted_when_asked(
    applied: Fleet, tmp_path: Path
) -> None:
    new = {**named("Search"), "ServiceName": "New"}
    new["Value"] = {"SchemaVersion": 1, "Description": "made"}
    theirs = {**new, "ServiceName": "Theirs"}
    installation().master.client.put_item(
        TableName=SERVICES,
        Item={
            "ServiceName": {"S": "Theirs"},
            "OwningCluster": {"S": "Tango"},
            "Value": {"M": {"SchemaVersion": {"N": "1"}}},
        },
    )

    assert imported(tmp_path, "services", [new], "--yes").code == 0
    assert descriptions()["New"] == "made"
    imported(tmp_path, "services", [theirs], "--yes")
    assert descriptions()["Theirs"] is None
    ended = imported(tmp_path, "services", [theirs], "--adopt", "--yes")
    assert ended.code == 0, ended.err
    assert descriptions()["Theirs"] == "made"


@pytest.mark.slow
def test_the_two_tables_of_environments_and_their_types_are_taken_each_by_its_own(
    applied: Fleet, tmp_path: Path
) -> None:
    estate = one_file(
        account(environment_type="Staging"),
        EMPTY_MAP,
        environment("c50", kind="Staging", more=", schedule: 'on'"),
        environment("c51", kind="Staging", more=", schedule: 'on'"),
    )
    applied.has({"estate.yaml": estate})
    assert envctl("apply", "--scope", "config", "--yes").code == 0
    (described, _), (run, _) = exported("environments"), exported("opsenvironments")
    described["Value"]["Description"] = "imported"
    run["Value"]["ManualScheduleUp"] = False
    types = exported("environmenttypes")
    assert [found["EnvironmentType"] for found in types] == ["Staging"]

    for resource, item in (("environments", described), ("opsenvironments", run)):
        ended = imported(tmp_path, resource, [item], "--yes")
        assert ended.code == 0, ended.err

    (c50, _), (ops, _) = exported("environments"), exported("opsenvironments")
    assert (c50["Value"]["Description"], ops["Value"]["ManualScheduleUp"]) == ("imported", False)
    gone = imported(tmp_path, "environments", [c50], "--mode", "replace", "--plan")
    assert "Environment/c51" in gone.out
    assert "Environment/c50" not in gone.out
    assert imported(tmp_path, "environmenttypes", types, "--mode", "replace", "--plan").code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"OwningCluster": "Nobody"}, "Nobody"),
        ({"Value": {"BluePort": 7}}, "40000"),
    ],
)
def test_what_no_document_could_say_is_refused(
    applied: Fleet, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    ended = imported(tmp_path, "services", [{**named("Search"), **change}], "--yes")

    assert ended.code == 1, ended.out
    assert said in ended.err
    assert descriptions()["Search"] == "finds things"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([{"ServiceName": "A"}, {"ServiceName": "A"}], "two items have the key A"),
        ([{}], "item 1 is no item of its table"),
    ],
)
def test_a_file_of_no_items_is_refused(
    applied: Fleet, tmp_path: Path, items: list[Any], said: str
) -> None:
    ended = imported(tmp_path, "services", items, "--yes")

    assert ended.code == 64
    assert said in ended.err


@pytest.mark.slow
@pytest.mark.tells("controller/engine/snapshots/old_items.py", "items export --out")
def test_what_is_no_export_is_exported_and_taken_in(
    applied: Fleet, tmp_path: Path, told: Told
) -> None:
    folder, file = tmp_path / "all", tmp_path / "services.json"
    none = envctl("items", "import", "all", folder, "--plan")
    assert none.code == 64
    assert told.types(none.err, "items export all", filling={"DIR": folder}).code == 0
    assert envctl("items", "import", "all", folder, "--plan").code == 0

    shown = {**named("Search"), "Value": {"Description": "***"}}
    hidden = imported(tmp_path, "services", [shown], "--plan")
    assert hidden.code == 64
    assert told.types(hidden.err, "items export services", filling={"FILE": file}).code == 0
    assert envctl("items", "import", "services", file, "--plan").code == 0


def test_a_resource_there_is_none_of_is_told(applied: Fleet, tmp_path: Path) -> None:
    assert envctl("items", "export", "sessions").code == 64
    ended = imported(tmp_path, "sessions", [])

    assert ended.code == 64
    assert "notificationsettings, opsenvironments" in ended.err


@pytest.mark.slow
def test_a_scope_that_another_works_on_asks_for_a_reason_and_an_end(
    applied: Fleet, tmp_path: Path
) -> None:
    item = named("Search")
    item["Value"]["Description"] = "imported"
    leases = installation().leases
    head = leases.take("config", Claim("the-daemon"))

    refused = imported(tmp_path, "services", [item], "--yes", "--reason", "an incident")
    planned = imported(
        tmp_path, "services", [item], "--plan", "--reason", "an incident", "--until", "+2h"
    )

    assert refused.code == 64
    assert "worked on by the-daemon" in refused.err
    assert planned.code == 2, planned.err
    leases.release(head)
    assert imported(tmp_path, "services", [item], "--yes").code == 0
