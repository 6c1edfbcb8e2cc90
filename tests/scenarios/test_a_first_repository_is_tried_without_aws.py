"""What `envctl init` makes is tried in the sandbox: its accounts are made, one of them is connected, and the tables are as it says."""

from dataclasses import asdict
from pathlib import Path

import pytest

from controller.cli.process import environment_instead
from controller.sandbox.seed import seed
from tests.support.command_line import envctl
from tests.support.embedded_aws import AwsForTests

pytestmark = pytest.mark.slow

GIVEN = (
    *("--account-number", "012345670123", "--email", "platform@acme.example"),
    *("--vpc", "vpc-0f1e2d3c", "--subnet-a", "subnet-0aaa", "--subnet-b", "subnet-0bbb"),
    *("--image", "web", "--schedule", "office-hours"),
)


def test_its_account_is_made_and_connected(aws: AwsForTests, tmp_path: Path) -> None:
    assert envctl("init", tmp_path / "ours", *GIVEN).code == 0
    (account,) = (path.stem for path in (tmp_path / "ours/fleet/accounts").iterdir())

    seeded = seed(aws.address, fleet=tmp_path / "ours/fleet", unconnected=[account])

    config = {"ENVCTL_CONFIG": str(tmp_path / "ours/envctl.yaml")}
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with environment_instead({**aws.environment, **config, **cache}):
        assert envctl("bootstrap").code == 0
        assert envctl("apply", "--scope", "config", "--yes").code == 0
        lacking = envctl("doctor", account)
        assert lacking.code == 7
        assert "aws cloudformation deploy" in lacking.out

        aws.controls.send("accounts", {"accounts": [asdict(seeded.unconnected[account])]})

        assert envctl("doctor", account).code == 0
        assert envctl("apply", "--yes").code == 0
        assert envctl("plan").code == 0
