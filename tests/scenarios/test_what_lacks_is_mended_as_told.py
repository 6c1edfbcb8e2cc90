"""What doctor, bootstrap and a plan say of tables that lack, or are not as they should be, mends them when it is typed there.

Covers: engine.installation.bootstrap.
"""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from controller.engine.installation.installation import INSTALLATION_KEY
from tests.support.command_line import Fleet, envctl, fleet, installed, moto, use_settings
from tests.support.told import Told, told

__all__ = ["fleet", "installed", "moto", "told"]

pytestmark = pytest.mark.slow

CHECKS = "controller/engine/queries/doctor/checks.py"


@pytest.fixture
def dynamodb(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """DynamoDB beside us; the settings name the fleet as the source."""
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {fleet.folder}}}\n")
    return boto3.client("dynamodb", "eu-west-1")


def deleted(dynamodb: Any, begins: str) -> None:
    """Delete the tables whose names begin so."""
    for name in dynamodb.list_tables()["TableNames"]:
        if name.startswith(begins):
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            dynamodb.delete_table(TableName=name)


@pytest.mark.tells(CHECKS, "bootstrap")
@pytest.mark.tells("controller/targets/tables.py", "bootstrap")
def test_tables_that_lack_are_made(moto: None, dynamodb: Any, told: Told) -> None:
    lacking = envctl("doctor")
    assert lacking.code == 7
    assert told.types(re.sub(r"→ (.*)creates it.*", "", lacking.out), "bootstrap").code == 0
    assert envctl("doctor").code == 0

    deleted(dynamodb, "InfraConfig")
    planned = envctl("plan")
    assert "nor do the tables of 5 more kinds" in planned.out
    assert "created 6 tables" in told.types(planned.out, "bootstrap").out
    assert envctl("plan").code == 2


@pytest.mark.tells("controller/engine/installation/installation.py", "bootstrap")
def test_a_set_up_that_was_cut_short_goes_on_and_an_id_that_is_lost_is_not_made_anew(
    installed: Fleet, dynamodb: Any, told: Told
) -> None:
    resource: Any = boto3.resource("dynamodb", "eu-west-1")
    rows = resource.Table("EnvctlState")
    rows.delete_item(Key=INSTALLATION_KEY)
    assert "(new)" in told.types(envctl("plan").err, "bootstrap").out
    assert envctl("apply", "--yes").code == 0

    rows.delete_item(Key=INSTALLATION_KEY)
    lost = told.types(envctl("plan").err, "bootstrap")

    assert lost.code == 7
    (row,) = re.findall(r"put-item --table-name EnvctlState --item '(.*)'", lost.err)
    (item,) = resource.Table("InfraConfigServices").scan()["Items"]
    made_again = json.loads(row.replace("ID", item["Managed"]["By"]))
    dynamodb.put_item(TableName="EnvctlState", Item=made_again)
    assert envctl("plan").code == 0


@pytest.mark.tells(CHECKS, "apply")
@pytest.mark.tells(CHECKS, "plan")
@pytest.mark.tells("controller/engine/desired/accepted.py", "apply")
def test_an_item_that_lost_its_mark_is_shown_and_healed(
    installed: Fleet, dynamodb: Any, told: Told
) -> None:
    envctl("apply", "--yes")
    dynamodb.update_item(
        TableName="InfraConfigServices",
        Key={"ServiceName": {"S": "Search"}},
        UpdateExpression="REMOVE Managed",
    )

    lacking = envctl("doctor").out

    assert "Service Search  mark lost" in told.types(lacking, "plan").out
    assert "1 applied" in told.types(lacking, "apply").out
    assert envctl("doctor").code == 0
