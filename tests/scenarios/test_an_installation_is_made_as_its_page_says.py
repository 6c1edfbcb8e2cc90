"""docs/how-to/install.md, done: stack, settings into the bucket, doctor, first commit, observe, enforce.

CloudFormation, load balancer and instances are AWS's; what the stack keeps data in is made from the template's properties.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.cli.process import environment_instead
from controller.sandbox.seed import seed
from tests.support.command_line import envctl
from tests.support.embedded_aws import AwsForTests
from tests.support.git_repository import Repository
from tests.support.made_stack import make_buckets, make_queue, make_tables, make_topic
from tests.support.master_stack import ROOT, master_stack

pytestmark = pytest.mark.slow

FLEET = ROOT / "examples" / "fleet"
PAGE = (ROOT / "docs/how-to/install.md").read_text()
STAGING = "012345670123"
NOT_IN_MEMORY = {"takes requests in plain text", "is read by whoever may read buckets"}
"""What doctor says of buckets whose policies are left out here."""


class Administrator:
    """Somebody with an empty master account, who follows the page."""

    def __init__(self, aws: AwsForTests, folder: Path) -> None:
        self.aws, self.stack = aws, master_stack(TablePrefix="")
        self.git = Repository.at(folder / "fleet")
        self.bucket = self.stack.properties("ConfigurationBucket")["BucketName"]
        script = self.stack.properties("LaunchTemplate")["LaunchTemplateData"]["UserData"]
        told = dict(re.findall(r"^([A-Z_]+)=(.*)$", script["Fn::Base64"], re.MULTILINE))
        self.environment = {**told, **aws.environment, "XDG_CACHE_HOME": str(folder / "cache")}

    def deploy(self) -> None:
        make_tables(self.stack, self.aws.client("dynamodb"))
        make_buckets(self.stack, self.aws.client("s3"), "eu-west-1")
        # Here they are in another account than the template is worked out for.
        queue, topic = make_queue(self.stack, self.aws.client("sqs")), make_topic(self.stack, self.aws.client("sns"))  # fmt: skip
        self.environment |= {"ENVCTL_QUEUE_SQS": queue, "ENVCTL_NOTIFY_TOPIC": topic}

    def put(self, name: str, text: str) -> None:
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=name, Body=text.encode())

    def settle(self, mode: str) -> None:
        targets = f"targets: {{groups: {mode}, power: {mode}, scaling-schedules: {mode}}}"
        source = f"source: {{git: {{url: {self.git.url}, ref: main}}}}"
        self.put("settings.yaml", f"{source}\n{targets}\n")


def lacking() -> list[tuple[str, str, str]]:
    """Return what doctor finds to lack: of, what, fix."""
    checks: list[dict[str, Any]] = envctl("doctor", "--format", "json").json["checks"]
    assert all(check["fix"] for check in checks if check["health"] == "lacks")
    return [(check["of"], check["what"], check["fix"]) for check in checks if check["health"] == "lacks"]  # fmt: skip


@pytest.fixture
def administrator(aws: AwsForTests, tmp_path: Path) -> Iterator[Administrator]:
    seed(aws.address, fleet=FLEET)
    found = Administrator(aws, tmp_path)
    with environment_instead(found.environment):
        yield found


def test_from_an_empty_account_to_groups_that_are_kept(administrator: Administrator) -> None:
    # Nothing is there yet, and doctor says what to do about it.
    ((of, _, fix),) = lacking()
    assert (of, fix) == ("settings", f"aws s3 cp settings.yaml s3://{administrator.bucket}/settings.yaml")  # fmt: skip

    administrator.deploy()
    administrator.settle("observe")
    administrator.put("credentials.yaml", "tokens: {}\n")
    files = {str(path.relative_to(FLEET)): path.read_text() for path in FLEET.rglob("*.yaml")}
    administrator.git.commit(files, "The fleet as it is")
    with environment_instead(administrator.environment):
        assert "`envctl bootstrap`" in PAGE
        assert "envctl bootstrap" in lacking()[-1][2]
        made = envctl("bootstrap", "--format", "json").json
        assert made["created"] == made["remaining"] == []

        # The first commit: tables are kept, accounts only looked at.
        assert envctl("apply", "--scope", "config", "--yes").code == 0
        assert envctl("snapshot", "nightly").code == 0
        left = [(of, what) for of, what, _ in lacking() if not any(map(what.endswith, NOT_IN_MEMORY))]  # fmt: skip
        assert [of for of, _ in left] == ["topic of alerts"], "nobody has subscribed yet"
        assert envctl("apply", "--scope", "staging-eu/eu-west-1", "--yes").code in {0, 2}
        assert groups(administrator) == []

        administrator.settle("enforce")
        assert envctl("apply", "--scope", "staging-eu/eu-west-1", "--yes").code == 0
        assert groups(administrator)
        assert envctl("status").code == 0


def groups(administrator: Administrator) -> list[str]:
    client = administrator.aws.client("autoscaling", STAGING)
    return [one["AutoScalingGroupName"] for one in client.describe_auto_scaling_groups()["AutoScalingGroups"]]  # fmt: skip
