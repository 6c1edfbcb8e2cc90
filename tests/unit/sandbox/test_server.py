"""The sandbox's process: where it listens, what it exports, and that it leaves nothing behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

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


@pytest.mark.slow
def test_two_run_side_by_side_and_end_with_their_contexts(aws: AwsForTests) -> None:
    with embedded_aws(environment={"ENVCTL_CONFIG": "envctl.yaml"}) as other:
        assert other.address != aws.address
        assert other.environment["ENVCTL_CONFIG"] == "envctl.yaml"
        assert other.startup_s > 0
    assert not _is_alive(other.pid)
    assert not other.log.exists()


@pytest.mark.slow
def test_it_ends_even_if_its_starter_is_killed() -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT], capture_output=True, text=True, timeout=60, check=False
    )
    pid, port, log = parent.stdout.split()

    assert _gone(int(pid))
    assert not Path(log).exists()
    with pytest.raises(ConnectionRefusedError), socket.socket() as client:
        client.connect(("127.0.0.1", int(port)))


@pytest.mark.slow
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


def _asked(aws: AwsForTests, path: str, **headers: str) -> tuple[int, bytes]:
    """Ask as a browser might; header names have ``_`` for ``-``."""
    place = aws.environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(place, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", path, body=b"{}", headers=named)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/sandbox-api/health", "/sandbox-api/reset", "/moto-api/reset", "/"])  # fmt: skip
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "10.0.0.1"},
        {"Host": "[::2]:80"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_web_page_gets_no_answer(aws: AwsForTests, path: str, headers: dict[str, str]) -> None:
    """Somebody who has a sandbox looks at a page of somebody else, which tries to read it and to empty it."""
    aws.client("sns").create_topic(Name="still-there")
    status, said = _asked(aws, path, **headers)
    assert (status, said.startswith(b"The sandbox answers programs on this machine")) == (403, True)
    assert len(aws.client("sns").list_topics()["Topics"]) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:4566", "bucket.localhost", "[::1]:80", "LOCALHOST"])  # fmt: skip
def test_names_of_this_machine_are_answered(aws: AwsForTests, host: str) -> None:
    assert _asked(aws, "/sandbox-api/health", Host=host)[0] == 200
    assert _asked(aws, "/sandbox-api/health", Host=host, Sec_Fetch_Site="none")[0] == 200


@pytest.mark.parametrize(
    "endpoint",
    ["http://metadata.internal/", "https://10.0.0.1/admin", "http://127.0.0.1@evil.example/", "http://127.0.0.1.evil.example",
     "http://localhost:80@evil.example/", "http://evil.example\\@127.0.0.1/", "HTTP://169.254.169.254/", "http://0.0.0.0/", "ftp://x"],
)  # fmt: skip
def test_topics_send_to_no_other_machine(aws: AwsForTests, endpoint: str) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    with pytest.raises(ClientError, match="addresses of this machine alone"):
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_topics_send_to_this_machine_and_to_queues(aws: AwsForTests) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://localhost:8443/hook?x=1")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:q")
    assert len(sns.list_subscriptions()["Subscriptions"]) == 2


@pytest.mark.slow
def test_told_to_end_a_sandbox_leaves_nothing(tmp_path: Path) -> None:
    run = "from controller.cli.main import run; import sys; sys.exit(run(['sandbox']))"
    command = [sys.executable, "-c", run]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"export ENVCTL_CONFIG="):
                break
        assert list(tmp_path.glob("envctl-sandbox-*/envctl.yaml"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(GONE_WITHIN_S) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
