"""Who reads and who plans pull requests gets along with the policies of deploy/master.yaml, and these allow nothing that nobody asks."""

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.command_line import Fleet, envctl, use_settings
from tests.support.iam_policies import ACCOUNT, Call, allows
from tests.support.master_stack import BACKUPS, LOOKS, READER, master_stack, may, policy
from tests.support.recorded_calls import recording
from tests.unit.aws.test_master_role import listed

pytestmark = pytest.mark.slow

MOTOS = "123456789012"
STACK = master_stack(TablePrefix="")
BUCKETS = {"backups": BACKUPS, "looks": LOOKS}
SETTINGS = "snapshots: {bucket: backups}\nobserved: {bucket: looks}\n"
READS = (
    "get environments", "status", "explain Service/Search", "audit list", "audit verify --replay", "audit blame Service/Search",
    "audit state --at 2026-01-01", "audit export", "override list", "snapshot list", "snapshot show latest", "snapshot diff latest",
    "schedule exceptions", "items export services",
)  # fmt: skip


@pytest.fixture
def worked(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """An installation with records, a snapshot and a published look."""
    for name in BUCKETS:
        client: Any = boto3.client("s3", "eu-west-1")
        client.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
    use_settings(tmp_path, monkeypatch, SETTINGS)
    assert installed.apply().code == 0
    assert envctl("snapshot", "create").code == 0
    return installed


def asked_of(*command: str) -> set[tuple[str, str]]:
    """Run a command; return what IAM was asked, as if it were in the account of the template."""
    with recording() as calls:
        ended = envctl(*command)
    assert ended.code in {0, 2}, ended.err
    return {(call.action, here(call.resource)) for call in calls}


def here(resource: str) -> str:
    for name, arn in BUCKETS.items():
        resource = re.sub(rf"^arn:aws:s3:::{name}(?=/|$)", arn, resource)
    return resource.replace(f":{MOTOS}:", f":{ACCOUNT}:")


def unasked(name: str, asked: set[tuple[str, str]]) -> set[str]:
    """Return the actions of a policy's statements that nothing asked for on what they are about."""
    return {
        action
        for statement in policy(STACK, name)
        for action in listed(statement["Action"])
        if not any(allows([{**statement, "Action": action}], Call(*one)) for one in asked)
    }


def test_readers_may_ask_all_that_is_answered_from_tables_and_backups(worked: Fleet) -> None:
    asked = {one: command for command in READS for one in asked_of(*command.split())}

    denied = [(one, why) for one, why in asked.items() if not may(STACK, READER, Call(*one))]
    assert denied == []
    assert unasked("ReadPolicy", set(asked)) == set()


def test_a_pull_request_is_planned_with_the_right_to_read_looks(worked: Fleet) -> None:
    asked = asked_of("plan", "--source", str(worked.folder), "--observed", "s3://looks/observed")

    allowed = policy(STACK, "PlanPolicy")
    assert [one for one in asked if not allows(allowed, Call(*one))] == []
    assert unasked("PlanPolicy", asked) == set()
