"""The sandbox's process: where it listens, what it exports, and that it leaves nothing behind."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.errors import Unreachable
from controller.sandbox.controls import SandboxRefused
from controller.sandbox.server import embedded_aws
from tests.support.embedded_aws import AwsForTests

PARENT = """
import os, sys
from controller.sandbox.server import embedded_aws
with embedded_aws() as aws:
    print(aws.pid, aws.address.rsplit(":", 1)[1], aws.log, flush=True)
    os.kill(os.getpid(), 9)
"""
GONE_WITHIN_S = 10.0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _gone(pid: int) -> bool:
    until = time.monotonic() + GONE_WITHIN_S
    while _is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not _is_alive(pid)


def test_it_listens_on_loopback_alone_and_says_what_to_export(aws: AwsForTests) -> None:
    assert aws.environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"} < set(
        aws.environment
    )
    assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_two_run_side_by_side_and_end_with_their_contexts(aws: AwsForTests) -> None:
    with embedded_aws(environment={"ENVCTL_CONFIG": "envctl.yaml"}) as other:
        assert other.address != aws.address
        assert other.environment["ENVCTL_CONFIG"] == "envctl.yaml"
        assert other.startup_s > 0
    assert not _is_alive(other.pid)
    assert not other.log.exists()


def test_it_ends_even_if_its_starter_is_killed() -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT], capture_output=True, text=True, timeout=60, check=False
    )
    pid, port, log = parent.stdout.split()

    assert _gone(int(pid))
    assert not Path(log).exists()
    with pytest.raises(ConnectionRefusedError), socket.socket() as client:
        client.connect(("127.0.0.1", int(port)))


def test_a_taken_port_is_said_at_once_with_what_the_process_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(Unreachable, match="ended as it started") as error,
            embedded_aws(port=port),
        ):
            pass
    assert "in use" in str(error.value)


def test_an_unknown_switch_is_refused_by_name(aws: AwsForTests) -> None:
    with pytest.raises(SandboxRefused, match="KeyError: 'sleep'"):
        aws.controls.delays(sleep=3)
