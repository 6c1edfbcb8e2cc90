"""The plan file of the run before is fetched where there is one; what a fork kept under its name, or a broken one, is not taken."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pull_requests import earlier_plan
from tests.support.code_host import CodeHostStandIn

PLAN = b'{"formatVersion": 1}'
HEAD = "refs%2Fmerge-requests%2F17%2Fhead/raw/plan-reports/plan.json"
MERGE = "refs%2Fmerge-requests%2F17%2Fmerge/raw/plan-reports/plan.json"


def packed(name: str = "plan.json", data: bytes = PLAN) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return made.getvalue()


def artifact(number: int, *, of: int | None = 3, expired: bool = False) -> dict[str, Any]:
    run = None if of is None else {"head_repository_id": of, "repository_id": 3}
    return {"id": number, "expired": expired, "workflow_run": run}


def fetch(host: CodeHostStandIn, folder: Path) -> tuple[int, bytes | None]:
    name, to = "github" if host.github else "gitlab", folder / "since.json"
    code = earlier_plan.main([name, "--pull-request", "17", "--to", str(to)])
    return code, to.read_bytes() if to.exists() else None


def keep(host: CodeHostStandIn, archive: bytes) -> None:
    host.kept, host.files = [artifact(4)], {"/artifacts/4/zip": archive, HEAD: PLAN}


def test_the_newest_that_the_repository_itself_kept(host: CodeHostStandIn, tmp_path: Path) -> None:
    keep(host, packed())
    host.kept = [artifact(2), artifact(4), artifact(9, of=8), artifact(7, expired=True)]
    host.kept.append(artifact(8, of=None))

    assert fetch(host, tmp_path) == (0, PLAN)
    assert all("canary-token" in token for token in host.tokens)


def test_none_is_no_failure(host: CodeHostStandIn, tmp_path: Path) -> None:
    host.kept = [artifact(9, of=8)]

    assert fetch(host, tmp_path) == (0, None)


@pytest.mark.parametrize("host", [False], ids=["gitlab"], indirect=True)
def test_a_pipeline_of_the_merged_result_has_it_there(
    host: CodeHostStandIn, tmp_path: Path
) -> None:
    host.files = {MERGE: PLAN}

    assert fetch(host, tmp_path) == (0, PLAN)


def test_a_busy_host_is_asked_again_and_a_broken_one_is_told(
    host: CodeHostStandIn, tmp_path: Path, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    host.failing = [("GET", 403, {})]
    keep(host, packed())
    assert fetch(host, tmp_path) == (5, None)
    said = capsys.readouterr()
    assert "403 try later" in said.err
    assert "canary" not in said.out + said.err

    host.failing = [("GET", 503, {})]
    assert fetch(host, tmp_path) == (0, PLAN)
    assert waits == [1]


@pytest.mark.parametrize("host", [True], ids=["github"], indirect=True)
@pytest.mark.parametrize(
    "archive", [b"no archive", packed("other.json"), packed()[:-9], packed("../plan.json")]
)
def test_a_broken_artifact_is_none(
    host: CodeHostStandIn, tmp_path: Path, archive: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(host, archive)

    assert fetch(host, tmp_path) == (5, None)
    assert "no plan.json that can be read" in capsys.readouterr().err


def test_no_more_is_taken_than_envctl_reads(
    host: CodeHostStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_plan, "MOST_BYTES", 300)
    keep(host, packed(data=b" " * 9_999))
    host.files[HEAD] = b" " * 301

    assert fetch(host, tmp_path) == (5, None)
