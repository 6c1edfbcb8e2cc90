"""The tour runs the real commands and checks their exit codes itself; here its landmarks are looked for."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import envctl
from tests.support.told import Told

LANDMARKS = (
    "created ",
    "did you mean 'Infra'?",
    "1 problem",
    "config: 42 applied: ",
    "create Group/prod-eu/eu-west-1/pr1-ta-Web applied (edited)",
    "staging-eu/eu-west-1: 10 applied: 9 create Group",
    "owningCluster  Tango → Infra",
    "desiredCapacity  4 → 5",
    "update Service/Search applied (drifted)",
    "update Group/staging-eu/eu-west-1/c49-ta-Web applied (drifted)",
    "c50 on until ",
    "11 applied: 11 stop Instance",
    "release night",
    " has 1 problem: what was accepted last stays in force",
    "config  stalled",
    "6 applied: 6 stop Instance",
    "config: refused by maxDeletes",
    "8 of 11 Permissions would be deleted",
    "--approve maxDeletes@",
    "git revert",
    "takes back commit ",
    "reverts 1 commit; next: git push origin rollback/commit-",
    "no overrides",
    "took and verified",
    "A restore is a plan like any other",
    "description  see wiki → Finds things",
    "override of 2 services as put back (",
    "Nothing to do.",
    "WHEN (UTC)",
    "outside envctl",
    "records, intact",
    "tables against the ledger: as it says",
    "What to try next",
)


@pytest.mark.slow
@pytest.mark.tells("controller/cli/tour/demo.py", "new --source")
@pytest.mark.tells("controller/cli/tour/demo.py", "render --source")
@pytest.mark.tells("controller/cli/tour/demo.py", "validate")
def test_from_the_first_table_to_the_last_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setattr("controller.cli.tour.demo.which", lambda _: None)
    before = dict(os.environ)

    ended = envctl("demo")

    text = ended.out + ended.err
    assert ended.code == 0, text
    assert [landmark for landmark in LANDMARKS if landmark not in text] == []
    assert dict(os.environ) == before
    assert list(tmp_path.iterdir()) == []

    tips = ended.out[ended.out.index("That was the tour") :]
    (copied,) = re.findall(r"cp -r \S+ fleet", tips)
    subprocess.run(shlex.split(copied), cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    for command, code in {"validate": 0, "render": 0, "new": 0}.items():
        assert told.types(tips, command).code == code, command
    assert 'export PATH="' in ended.out
