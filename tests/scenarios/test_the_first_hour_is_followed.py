"""docs/tutorial/first-hour.md, followed command by command."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.followed_pages import ROOT, Shell, as_shown, commands_of

SANDBOX = "envctl sandbox"


@pytest.fixture
def sandbox_of_the_page() -> Iterator[str]:
    """Start the sandbox as the page says, in a second terminal; return what it prints to export."""
    command = [sys.executable, "-m", "controller.cli", "sandbox"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("export ENVCTL_CONFIG="):
                break
        assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in "".join(printed)
        yield "".join(printed)
        process.terminate()


@pytest.mark.slow
def test_what_is_typed_does_what_the_page_says(tmp_path: Path, sandbox_of_the_page: str) -> None:
    said = ""
    with Shell(tmp_path, {"XDG_CACHE_HOME": str(tmp_path / "cache")}) as shell:
        shell.type(f"cd {ROOT}")
        for command in commands_of(ROOT / "docs/tutorial/first-hour.md"):
            if command.typed == SANDBOX:
                shell.type(sandbox_of_the_page)
                continue
            listed = re.findall(r"\b[0-9A-Z]{26}$", said, re.MULTILINE)
            typed = command.typed.replace(" ID", f" {listed[0]}") if listed else command.typed
            said = shell.follow(replace(command, typed=typed))


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("took 20261129T051930Z-26d676 at 05:19\n\n3 applied", True),
        ("took 20261129T051930Z-26d676 at 05:19\n…", True),
        ("took 20261129T051930Z-26d676 at noon\n…", False),
        ("…\n3 applied", True),
        ("…\n4 applied", False),
        ("took …\n…\n3 applied", True),
        ("took …", False),
        ("3 applied", False),
    ],
)
def test_what_a_page_shows_is_what_is_said(shown: str, same: bool) -> None:
    said = "took 20270101T000000Z-ffffff at 23:59\n\n3 applied\n\n"

    assert as_shown(shown, said) is same
