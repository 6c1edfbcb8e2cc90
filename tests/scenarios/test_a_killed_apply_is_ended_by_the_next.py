"""``envctl apply`` is killed with SIGKILL between two of its transactions; the next apply ends what it began."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command_line import Fleet, envctl, service
from tests.support.embedded_aws import AwsForTests

COUNT = 150
WITHIN_S = 60.0


def _records(aws: AwsForTests) -> int:
    found: int = aws.client("dynamodb").scan(TableName="InfraChangeAudit", Select="COUNT")["Count"]
    return found


@pytest.mark.slow
def test_and_the_ledger_has_no_gap_and_no_double(
    sandbox: AwsForTests, fleet: Fleet, tmp_path: Path
) -> None:
    fleet.has({f"s{n:03}.yaml": service(f"S{n:03}", 40100 + n) for n in range(COUNT)})
    assert envctl("bootstrap").code == 0
    sandbox.controls.slow_down(1.0, operation="TransactWriteItems")
    apply = ["apply", "--source", str(fleet.folder), "--yes"]
    with subprocess.Popen(
        [sys.executable, "-m", "controller.cli", *apply],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        give_up_at = time.monotonic() + WITHIN_S
        while not _records(sandbox) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        assert process.wait(WITHIN_S) == -signal.SIGKILL
    sandbox.controls.no_faults()
    left_behind = _records(sandbox)

    busy = fleet.apply()
    ended = fleet.apply("--take-over")

    assert 0 < left_behind < COUNT
    assert busy.code == 5
    assert "--take-over" in busy.err
    assert ended.code == 0
    assert fleet.plan().code == 0
    verified = envctl("audit", "verify", "--replay")
    assert (verified.code, _records(sandbox)) == (0, COUNT + 3), verified.out
