"""An estate of the old product becomes a folder of YAML, is adopted as it is, and from then on planned empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Ended, commands_in, envctl
from tests.support.embedded_aws import AwsForTests
from tests.support.old_estate import (
    ACCOUNT,
    NEEDS,
    make_group,
    make_network,
    make_older_table,
    put_all,
)


@dataclass
class Adoption:
    """What came of it, step by step."""

    folder: Path
    validated: Ended
    before: list[dict[str, Any]]
    applied: Ended
    after: list[dict[str, Any]]
    asked_again: list[dict[str, Any]]


@pytest.fixture(scope="module")
def adoption(
    tmp_path_factory: pytest.TempPathFactory, embedded_server: AwsForTests
) -> Iterator[Adoption]:
    """Seed the old product's tables and an account with two of the groups its map asks for; import and adopt all that."""
    place = tmp_path_factory.mktemp("old")
    embedded_server.controls.reset()
    embedded_server.controls.send("accounts", {"accounts": [NEEDS]})
    embedded_server.controls.settings(launch_configurations=True)
    child = embedded_server.client("ec2", ACCOUNT), embedded_server.client("autoscaling", ACCOUNT)
    with commands_in(embedded_server, place):
        vpc, subnets = make_network(child[0])
        assert envctl("bootstrap").code == 0
        make_older_table(embedded_server.client("dynamodb"))
        put_all(embedded_server.client("dynamodb"), subnets, vpc)
        tags = {"Environment": "c50", "ContactEmail": "tango@acme.example", "Schedule": ""}
        make_group(*child, "c50-ta-Web", ",".join(subnets), 1, 2, 4, **tags)
        make_group(*child, "c51-ta-Web", subnets[0], 1, 1, 2, **{**tags, "Schedule": "247"})
        make_group(*child, "other-thing", subnets[0], 0, 0, 0)
        folder = place / "fleet"
        imported = envctl("import", "--out", folder)
        assert imported.code == 0, imported.err
        assert "wrote 14 objects" in imported.out
        yield Adoption(
            folder,
            envctl("validate", folder),
            changes(folder, "--adopt"),
            envctl("apply", "--source", folder, "--scope", "config", "--adopt", "--yes"),
            changes(folder),
            changes(folder, "--adopt"),
        )


@pytest.fixture
def folder(adoption: Adoption) -> Path:
    """Return what was imported."""
    return adoption.folder


def changes(folder: Path, *options: str) -> list[dict[str, Any]]:
    """Plan from the folder and return the changes to the tables."""
    planned = envctl("plan", "--source", folder, "--scope", "config", "--format", "json", *options)
    assert planned.code in (0, 2), planned.err
    (scope,) = planned.json["scopes"]
    found: list[dict[str, Any]] = scope["changes"]
    return found


def test_from_the_old_tables_to_an_empty_plan(adoption: Adoption) -> None:
    assert adoption.validated.code == 0

    made = {(one["kind"], one["key"]) for one in adoption.before if one["action"] == "create"}
    assert made == {("Schedule", "mon-fri-0800-1900-london"), ("Service", "Old")}
    adopted = [one for one in adoption.before if one["action"] != "create"]
    assert {one["cause"] for one in adopted} == {"adopted"}
    assert {one["action"] for one in adopted} == {"update"}
    notes = (adoption.folder / "IMPORT-NOTES.md").read_text()
    for one in adopted:
        for field in one["fields"]:
            assert f"`{one['kind']}/{one['key']}`" in notes, field

    assert adoption.applied.code == 0, adoption.applied.out + adoption.applied.err
    assert adoption.after == []
    assert adoption.asked_again == []


def test_groups_that_differ_from_the_map_are_written_where_they_differ(folder: Path) -> None:
    def document(name: str) -> str:
        return (folder / f"staging/{name}/environment.yaml").read_text()

    assert "Web: {ami: " in document("c50").replace("Web:\n      ami: ", "Web: {ami: ")
    assert "instanceType: m3.large" in document("c50")
    assert "autoScalingSettings: {desiredCapacity: 2, maxCapacity: 4}" in document("c50")
    assert "Db: {enabled: false}" in document("c50")
    assert "availabilityZoneName: A" in document("c51")
    assert 'scheduleTag: "247"' in document("c51")
    assert "c51-ta-Web" not in document("c52")
    assert "no group c52-ta-Web" in document("c52")
    notes = (folder / "IMPORT-NOTES.md").read_text()
    assert "belong to no environment and stay as they are: other-thing" in notes


def test_every_oddity_is_told_and_secrets_are_not(folder: Path) -> None:
    notes = (folder / "IMPORT-NOTES.md").read_text()

    for told in (
        "AccountNumber 12345670123: a number, which lost its leading zeros",
        "AWSAccountNumber 12345670123: not the 12 digits it should be",
        'bluePort "40000": stored as text',
        "Version 7 in InfraConfigServices",
        "roles[0].services[1].serviceName: no Service named 'Gone'",
        "a deleted service: its item stays",
        "InfraConfigServices holds it with __Deleted",
        "only in ConfigServices, with the older key",
        "no item in InfraOpsEnvironment",
        "DefaultSchedule 'every day, I think'",
        "`Environment/eu-c54`",
    ):
        assert told in notes, told
    assert "n0t-for-notes" not in notes
    assert "n0t-for-notes" in (folder / "types/Staging.yaml").read_text()
    assert (folder / "staging/eu-c54/environment.yaml.left-out").is_file()
