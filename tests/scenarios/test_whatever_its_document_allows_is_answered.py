"""The HTTP interface, asked whatever its OpenAPI document allows: no answer is a bug of ours, and none writes without a token."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.support.command_line import Fleet, envctl, use_settings
from tests.support.http_interface import ADA, InterfaceByHand, bearer, serving
from tests.support.master_stack import ROOT

pytestmark = pytest.mark.slow

SCHEMATHESIS: Final = ROOT / ".venv-openapi/bin/schemathesis"
OPENAPI: Final = "/api/v1/openapi.json"
CASES: Final = 8
"""Of each route, beside those that stand at the bounds of its parameters."""


@pytest.fixture
def interface(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InterfaceByHand:
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    assert installed.apply("--scope", "config").code == 0
    return InterfaceByHand.of_commands()


@pytest.fixture
def client(interface: InterfaceByHand) -> Iterator[httpx.Client]:
    with serving(interface.app) as made:
        yield made


def asked(client: httpx.Client, folder: Path, *options: str) -> str:
    """Ask for whatever the document allows, and for what it does not; return what is told of it."""
    address = str(client.base_url).rstrip("/")
    ended = subprocess.run(
        [SCHEMATHESIS, "run", f"{address}{OPENAPI}", "--url", address, "--no-color",
         "--workers", "1", "--phases", "coverage,fuzzing", "--max-examples", str(CASES),
         "--seed", "11", "--generation-database", "none", "--continue-on-failure", *options],
        check=False, capture_output=True, text=True, cwd=folder, env={"PATH": "/usr/bin:/bin", "NO_PROXY": "*"}, timeout=900,
    )  # fmt: skip
    assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
    return ended.stdout if ended.returncode else ""


def test_whoever_has_a_token_is_told_what_is_wrong_with_what_they_ask(
    interface: InterfaceByHand, client: httpx.Client, tmp_path: Path
) -> None:
    header = f"Authorization: {bearer(ADA)['Authorization']}"

    told = asked(client, tmp_path, "--header", header, "--checks", "not_a_server_error")

    assert told == ""
    assert interface.bugs == []


def test_nobody_writes_without_a_token(
    interface: InterfaceByHand, client: httpx.Client, tmp_path: Path
) -> None:
    before = envctl("audit", "list", "--format", "json").json["records"]

    # On this machine alone reading needs none.
    told = asked(client, tmp_path, "--exclude-method", "GET", "--checks", "ignored_auth")

    assert told == ""
    assert envctl("audit", "list", "--format", "json").json["records"] == before
    assert interface.queue.backlog().waiting == 0
