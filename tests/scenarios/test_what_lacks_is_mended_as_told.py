"""What doctor, bootstrap and a plan say of tables that lack, or are not as they should be, mends them when it is typed there.

Covers: engine.installation.bootstrap.
"""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.dynamodb.models.table import Table

from controller.aws.table_setup import Patience
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.installation.bootstrap import BASELINE_ROW
from controller.engine.installation.installation import INSTALLATION_KEY
from controller.errors import Conflict
from tests.support.command_line import Fleet, envctl, use_settings
from tests.support.request_faults import request_faults
from tests.support.told import Told

pytestmark = pytest.mark.slow


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


@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "bootstrap")
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


@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "apply")
@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "plan")
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


@pytest.mark.tells("controller/engine/queries/schedules/preview.py", "apply")
@pytest.mark.tells("controller/engine/queries/schedules/preview.py", "plan")
def test_a_schedule_that_cannot_be_read_back_is_shown_and_healed(
    installed: Fleet, dynamodb: Any, told: Told
) -> None:
    named = "apiVersion: envctl/v1\nkind: Schedule\nmetadata: {name: late}\nspec: {timezone: UTC, periods: [{days: mon, from: 08:00, to: 19:00}]}\n"
    installed.has({"late.yaml": named})
    assert envctl("apply", "--yes").code == 0
    dynamodb.update_item(
        TableName="EnvctlConfig",
        Key={"Kind": {"S": "Schedule"}, "Name": {"S": "late"}},
        UpdateExpression="REMOVE Managed",
    )

    refused = envctl("schedule", "preview", "late").err

    assert "Schedule late  mark lost" in told.types(refused, "plan").out
    assert told.types(refused, "apply").code == 0
    assert envctl("schedule", "preview", "late").code == 0


@pytest.mark.tells("controller/aws/transactions.py", "bootstrap")
def test_a_table_that_goes_while_it_is_written_is_made(
    installed: Fleet, dynamodb: Any, told: Told
) -> None:
    with request_faults() as faults:
        faults.at("TransactWriteItems", before=lambda: deleted(dynamodb, "InfraConfigServices"))
        failed = envctl("apply", "--yes")
    assert failed.code == 5

    assert "created 1 table" in told.types(failed.out + failed.err, "bootstrap").out
    assert envctl("apply", "--yes").code == 0


@pytest.mark.tells("controller/aws/table_setup.py", "bootstrap")
def test_a_table_that_takes_long_is_waited_for_by_the_next(
    moto: None, fleet: Fleet, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    def coming(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
        described: dict[str, Any] = describe(table, base_key)
        described[base_key]["TableStatus"] = "CREATING"
        return described

    describe = Table.describe
    with monkeypatch.context() as patch:
        patch.setattr(Table, "describe", coming)
        once = partial(Patience, tries=1, interval_s=0)
        patch.setattr("controller.aws.table_setup.Patience", once)
        late = envctl("bootstrap")
    assert late.code == 5

    assert told.types(late.err, "bootstrap").code == 0
    assert fleet.plan().code == 2


@pytest.mark.tells("controller/engine/installation/bootstrap.py", "bootstrap")
def test_what_somebody_else_recorded_meanwhile_is_gone_on_from(
    moto: None, fleet: Fleet, dynamodb: Any, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    def meanwhile(*_: object) -> None:
        raise Conflict("it is there")

    assert envctl("bootstrap").code == 0
    rows: Any = boto3.resource("dynamodb", "eu-west-1")
    rows.Table("EnvctlState").delete_item(Key={"Id": BASELINE_ROW})
    rows.Table("InfraConfigServices").put_item(Item={"ServiceName": "Old"})
    with monkeypatch.context() as patch:
        patch.setattr(ScopeWriter, "append", meanwhile)
        refused = envctl("bootstrap")
    assert refused.code != 0

    assert "recorded 1 item" in told.types(refused.err, "bootstrap").out


def test_the_settings_that_were_named_are_named_again(
    moto: None, fleet: Fleet, tmp_path: Path, told: Told
) -> None:
    file = tmp_path / "of mine.yaml"
    file.write_text(
        f"resourcePrefix: mine-\nsource: {{folder: {fleet.folder}}}\n", encoding="utf-8"
    )
    named = ("--config", file)

    assert told.types(envctl(*named, "plan").err, "--config").code == 0
    assert envctl(*named, "plan").code == 2
    client: Any = boto3.client("dynamodb", "eu-west-1")
    client.update_table(TableName="mine-EnvctlState", DeletionProtectionEnabled=False)
    lacking = envctl(f"--config={file}", "doctor")
    assert lacking.code == 7
    assert "mended   mine-EnvctlState" in told.types(lacking.out, "--config").out
