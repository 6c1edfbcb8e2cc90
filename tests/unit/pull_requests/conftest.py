"""Reports in a folder, and a code host to say them on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pull_requests import code_host as asked
from pull_requests.reports import MARKER
from tests.support.code_host import CodeHostStandIn, code_host

REPORT = f"{MARKER}\n### Plan `d`\n"


def write_reports(folder: Path, code: int, **files: Any) -> Path:
    """Write what plan.sh leaves: files by their name without suffix; values are JSON."""
    (folder / "exit-code").write_text(f"{code}\n")
    (folder / "report.md").write_text(REPORT)
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(asked.CodeHost.__init__, "__defaults__", (made.append,))
    return made


@pytest.fixture(params=[True, False], ids=["github", "gitlab"])
def host(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> Iterator[CodeHostStandIn]:
    """GitHub, then GitLab."""
    with code_host(github=request.param) as made:
        for name, value in {
            "GITHUB_TOKEN": "canary-token",
            "GITHUB_API_URL": made.url,
            "GITHUB_REPOSITORY": "acme/fleet",
            "PLAN_GITLAB_TOKEN": "canary-token",
            "CI_API_V4_URL": made.url,
            "CI_PROJECT_ID": "3",
            "CI_MERGE_REQUEST_IID": "17",
            "CI_COMMIT_SHA": "a" * 40,
        }.items():
            monkeypatch.setenv(name, value)
        yield made
