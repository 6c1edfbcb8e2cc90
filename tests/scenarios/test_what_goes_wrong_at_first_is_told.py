"""The table of docs/how-to/install.md on what goes wrong at first: each is said so, with what to type, and no traceback."""

import re
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from tests.support.command_line import Ended, Fleet, envctl, use_settings
from tests.support.iam_policies import RefusedParameters
from tests.support.master_stack import ROOT, master_stack
from tests.support.request_faults import add, request_faults

pytestmark = pytest.mark.slow

PAGE: Final = (ROOT / "docs/how-to/install.md").read_text().partition("## What goes wrong")[2]
ROWS: Final = re.findall(r"^\| `(.+?)`.*?\| .+? \| (.+?) \|$", PAGE, re.MULTILINE)
SETTINGS: Final = "s3://envctl-configuration/settings.yaml"


def row(beginning: str) -> tuple[re.Pattern[str], str]:
    """Return what is said, as the page has it, and what it says to do."""
    (found,) = (one for one in ROWS if one[0].startswith(beginning))
    parts = (re.escape(part) for part in found[0].split("…"))
    return re.compile(".*?".join(parts), re.DOTALL), found[1]


def told(ended: Ended, beginning: str) -> None:
    assert ended.code != 0
    said = ended.out + ended.err
    assert row(beginning)[0].search(said), said
    assert "Traceback" not in said


def make_bucket(name: str, region: str) -> None:
    more: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client: Any = boto3.client("s3", region)
    client.create_bucket(Bucket=name, **(more if region != "us-east-1" else {}))


def test_no_certificate() -> None:
    with pytest.raises(RefusedParameters) as refused:
        master_stack(CertificateArn="")

    assert row("Give CertificateArn")[0].fullmatch(str(refused.value))


@pytest.mark.parametrize(
    ("beginning", "fault"),
    [("s3: read", {}), ("access denied", {"operation": "GetObject", "do": "fail AccessDenied"})],
)
def test_settings_that_cannot_be_read(
    moto: None, beginning: str, fault: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bucket("envctl-configuration", "eu-west-1")
    monkeypatch.setenv("ENVCTL_CONFIG", SETTINGS)
    with request_faults() as faults:
        if fault:
            add(faults, fault)
        ended = envctl("status")

    told(ended, beginning)
    assert "fix:" in ended.err


def test_a_bucket_in_another_region(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_settings(tmp_path, monkeypatch, "snapshots: {bucket: backups}\n")
    make_bucket("backups", "us-east-1")

    ended = envctl("doctor")

    told(ended, "backups …")
    assert "name one of eu-west-1 in snapshots.bucket" in ended.out


def test_a_table_of_another_shape(moto: None, fleet: Fleet) -> None:
    client: Any = boto3.client("dynamodb", "eu-west-1")
    client.create_table(
        TableName="InfraConfigClusters",
        AttributeDefinitions=[{"AttributeName": "Name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Name", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )

    ended = envctl("bootstrap")

    assert row("wanted …")[0].search(ended.out), ended.out
    assert "make a new table by hand and move its items" in ended.out + ended.err


def test_no_tables(moto: None, fleet: Fleet) -> None:
    ended = fleet.plan()

    told(ended, "tables: …")
    assert row("tables: …")[1] == "`envctl bootstrap`"
    assert "envctl bootstrap" in ended.err
