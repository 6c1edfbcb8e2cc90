"""`envctl init` at a terminal asks for what only its author knows, until each answer is right."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.engine.authoring.first_repository import QUESTIONS
from tests.support.command_line import envctl

pytestmark = pytest.mark.slow

ON_THIS_TERMINAL = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
# Who begins the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from controller.cli.main import main
sys.argv[0] = "envctl"
main()
"""
"""Runs envctl so that what Ctrl-C means at the terminal reaches it."""


class Asked:
    """A command at a terminal of its own."""

    def __init__(self, terminal: int, process: "subprocess.Popen[bytes]") -> None:
        self._terminal, self.process, self.said = terminal, process, ""
        self._read = 0

    def answers(self, question: str, keys: bytes) -> str:
        """Type keys once a question was asked after the last one; return what was said until then."""
        asked = re.compile(rf"{re.escape(question)}(?: \[[^]]*\])?: ")
        while not (found := asked.search(self.said, self._read)):
            ready, _, _ = select.select([self._terminal], [], [], 60)
            assert ready, f"{question!r} is not asked: {self.said}"
            self.said += os.read(self._terminal, 4096).decode(errors="replace")
        before, self._read = self.said[self._read : found.start()], found.end()
        os.write(self._terminal, keys)
        return before

    def rest(self, again: bytes = b"") -> str:
        """Return what was said after the last answer, until the command ended.

        Until then keys are typed ``again`` each second: a signal that comes just before Python reads is heard with the next.
        """
        for _ in range(1000):
            if not select.select([self._terminal], [], [], 1 if again else 60)[0]:
                if not again:
                    break
                os.write(self._terminal, again)
                continue
            try:
                text = os.read(self._terminal, 4096)
            except OSError:
                break
            if not text:
                break
            self.said += text.decode(errors="replace")
        self.process.wait(60)
        return self.said[self._read :]


@contextmanager
def begun(folder: Path) -> Iterator[Asked]:
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-c", ON_THIS_TERMINAL, "init", folder],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            try:
                yield Asked(ours, process)
            finally:
                process.kill()
    finally:
        os.close(ours)


def test_each_answer_is_asked_for_until_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ours"
    texts = {name: question.text for name, question in QUESTIONS.items()}
    with begun(folder) as asked:
        for name in ("region", "account"):
            asked.answers(texts[name], b"\n")
        asked.answers(texts["account_number"], b"12345670123\n")
        why = asked.answers(texts["account_number"], b' "012345670123" \n')
        asked.answers(texts["team"], b"T4\n")
        asked.answers(texts["email"], b"4you@acme.example\n")
        asked.answers(texts["type"], b"\n")
        asked.answers(texts["vpc"], b"vpc-0f1e2d3c\n")
        for name in ("subnet_a", "subnet_b"):
            asked.answers(texts[name], f"{name.replace('_', '-')}\n".encode())
        for name in ("map", "role"):
            asked.answers(texts[name], b"\n")
        asked.answers(texts["image"], b"web\n")
        asked.answers(texts["environment"], b"dev-1\n")
        hyphen = asked.answers(texts["environment"], b"\n")
        # Nobody chooses for its author when an environment runs.
        for _ in range(2):
            asked.answers(texts["schedule"], b"\n")
        asked.answers(texts["schedule"], b"offce-hours\n")
        schedule = asked.answers(texts["schedule"], b"office-hours\n")
        asked.answers(texts["timezone"], b"\n")
        said = asked.rest()

    assert asked.process.returncode == 0, asked.said
    assert "expected a quoted number of 12 digits" in why
    assert "but no '-'" in hyphen
    assert "no Schedule named 'offce-hours'" in schedule
    assert "envctl validate" in said
    monkeypatch.setenv("ENVCTL_CONFIG", str(folder / "envctl.yaml"))
    assert envctl("validate", "--strict").code == 0
    account = (folder / "fleet/accounts/staging.yaml").read_text(encoding="utf-8")
    assert "mode: observe" in account
    assert 'accountNumber: "012345670123"' in account


@pytest.mark.parametrize("keys", [b"\x03", b"\x04"], ids=["Ctrl-C", "end of input"])
def test_who_goes_away_leaves_nothing(tmp_path: Path, keys: bytes) -> None:
    with begun(tmp_path / "ours") as asked:
        asked.answers(QUESTIONS["region"].text, b"\n")
        asked.answers(QUESTIONS["account"].text, keys)
        said = asked.rest(again=keys)

    assert asked.process.returncode == 130
    assert said.split("\r\n")[-3:] == ["envctl: nothing was written", "envctl: interrupted", ""]
    assert list(tmp_path.iterdir()) == []
