"""The tour runs the real commands and checks their exit codes itself; here its landmarks are looked for."""

import os
from pathlib import Path

import pytest

from tests.support.command_line import envctl

LANDMARKS = (
    "created ",
    "did you mean 'Infra'?",
    "1 problem",
    " applied   envctl audit show ",
    "Nothing to do.",
    "owningCluster  Tango → Infra",
    "lifecycle  (absent) → retired",
    "changed outside envctl",
    "the plan went stale",
    "8 of 11 Permissions would be deleted",
    "--override maxDeletes@",
    "git revert",
    "took and verified",
    "A restore is a plan like any other",
    "takes back commit ",
    "reverts 1 commit; next: git push origin rollback/commit-",
    "no overrides",
    "WHEN (UTC)",
    "records, intact",
    "since overcome",
    "What to try next",
)


@pytest.mark.slow
def test_from_the_first_table_to_the_last_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    before = dict(os.environ)

    told = envctl("demo")

    text = told.out + told.err
    assert told.code == 0, text
    assert [landmark for landmark in LANDMARKS if landmark not in text] == []
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == []
