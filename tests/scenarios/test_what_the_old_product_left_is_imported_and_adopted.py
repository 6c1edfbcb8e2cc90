"""An estate of the old product becomes a folder of YAML, is adopted as it is, and from then on planned empty."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.command_line import envctl
from tests.support.old_estate import (
    ACCOUNT,
    REGION,
    make_group,
    make_network,
    make_older_table,
    put_all,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Seed the old product's tables and an account with two of the groups its map asks for, and import all that."""
    place = tmp_path_factory.mktemp("old")
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        patch.setenv("ENVCTL_USER", "ada")
        child = _child()
        vpc, subnets = make_network(child("ec2"))
        assert envctl("bootstrap").code == 0
        dynamodb: Any = boto3.client("dynamodb", REGION)
        make_older_table(dynamodb)
        put_all(dynamodb, subnets, vpc)
        tags = {"Environment": "c50", "ContactEmail": "tango@acme.example", "Schedule": ""}
        groups = child("ec2"), child("autoscaling")
        make_group(*groups, "c50-ta-Web", ",".join(subnets), 1, 2, 4, **tags)
        make_group(*groups, "c51-ta-Web", subnets[0], 1, 1, 2, **{**tags, "Schedule": "247"})
        make_group(*groups, "other-thing", subnets[0], 0, 0, 0)
        imported = envctl("import", "--out", place / "fleet")
        assert imported.code == 0, imported.err
        assert "wrote 14 objects" in imported.out
        yield place / "fleet"


def _child() -> Any:
    role = f"arn:aws:iam::{ACCOUNT}:role/somebody"
    given = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
    session: Any = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION
    )
    return session.client


def changes(folder: Path, *options: str) -> list[dict[str, Any]]:
    """Plan from the folder and return the changes to the tables."""
    planned = envctl("plan", "--source", folder, "--scope", "config", "--format", "json", *options)
    assert planned.code in (0, 2), planned.err
    (scope,) = planned.json["scopes"]
    found: list[dict[str, Any]] = scope["changes"]
    return found


def test_from_the_old_tables_to_an_empty_plan(folder: Path) -> None:
    assert envctl("validate", folder).code == 0

    before = changes(folder, "--adopt")

    made = {(one["kind"], one["key"]) for one in before if one["action"] == "create"}
    assert made == {("Schedule", "mon-fri-0800-1900-london"), ("Service", "Old")}
    adopted = [one for one in before if one["action"] != "create"]
    assert {one["cause"] for one in adopted} == {"adopted"}
    assert {one["action"] for one in adopted} == {"update"}
    notes = (folder / "IMPORT-NOTES.md").read_text()
    for one in adopted:
        for field in one["fields"]:
            assert f"`{one['kind']}/{one['key']}`" in notes, field

    applied = envctl("apply", "--source", folder, "--scope", "config", "--adopt", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert changes(folder) == []
    assert changes(folder, "--adopt") == []


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


def test_a_folder_that_holds_something_is_left_alone_unless_forced(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("mine")

    refused = envctl("import", "--out", tmp_path, "--scope", "config")
    forced = envctl("import", "--out", tmp_path, "--scope", "config", "--force", "--format", "json")

    assert refused.code == 64
    assert "is not empty" in refused.err
    assert json.loads(forced.out)["others"] == ["mine.yaml"]
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert folder.is_dir()


@pytest.mark.usefixtures("folder")
def test_a_scope_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    assert envctl("import", "--out", tmp_path, "--scope", "nowhere/eu-west-1").code == 64
