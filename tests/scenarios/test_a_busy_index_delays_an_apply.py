"""An apply of hundreds of items against a ledger whose indexes take a quarter of what it writes: it takes longer, and ends as any other."""

from pathlib import Path
from typing import Any

import pytest

from controller.aws.clients import Retries, RetryLimits
from tests.support.command_line import Fleet, commands_in, envctl, service
from tests.support.embedded_aws import AwsForTests

SERVICES = 500
LEDGER = "InfraChangeAudit"
TAKES = 24.0
"""Units that a key takes with each transaction, of which those of this apply need a hundred and more."""


@pytest.fixture
def unpaused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries that cost their budget and no time, which brings none of it back: in the sandbox time passes by transactions."""
    pause_of = Retries.pause_before_retry_s

    def unpaused(self: Retries, *args: Any) -> float | None:
        self.clock = lambda: 0.0
        return None if pause_of(self, *args) is None else 0.0

    monkeypatch.setattr(Retries, "pause_before_retry_s", unpaused)


@pytest.mark.slow
@pytest.mark.usefixtures("unpaused")
def test_an_apply_that_waits_for_its_indexes_writes_everything_once(
    sandbox: AwsForTests, tmp_path: Path, fleet: Fleet
) -> None:
    texts = [service(f"Service{number}", 20000 + number) for number in range(SERVICES)]
    fleet.has({"search.yaml": None, "many.yaml": "---\n".join(texts)})
    with commands_in(sandbox, tmp_path):
        assert envctl("bootstrap").code == 0
        sandbox.controls.send("settings", {"index_writes": {LEDGER: TAKES}})

        ended = fleet.apply("--format", "json")

        assert ended.code == 0, ended.json["stopped"]
        outcomes = ended.json["outcomes"]
        assert {one["status"] for one in outcomes} == {"applied"}
        assert len(outcomes) == SERVICES + 2
        assert envctl("audit", "verify", "--replay").code == 0
        assert fleet.plan().code == 0
    sent, made = (sandbox.controls.calls()["dynamodb.TransactWriteItems"], len(outcomes) // 40)
    assert sent - made > RetryLimits().budget, "more is refused than retries may be spent at once"
