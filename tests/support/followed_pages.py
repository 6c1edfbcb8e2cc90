"""A page of docs as its reader follows it: its commands are typed into one shell, and what it shows is compared with what is said.

A block without a language, or of ``sh``, is commands, one ending with 0 unless ``# exit code N`` stands behind it; a block of ``text`` below
is what the last of them says, where a line ``…`` is any lines and one at the end of a line the rest of it. Blocks of other languages are not typed, nor
those below a line ``<!-- not typed: REASON -->``, which readers do not see.
"""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Final, NamedTuple, Self

from tests.support.typed_commands import SENDER, answer, waiting

ROOT: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(
    r"(?:^ *<!-- not typed: (?P<reason>[^\n]*) -->\n\s*)?^(?P<fence> *```)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
_CODE: Final = re.compile(r"# exit code (\d+)")
_VARYING: Final = (
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "DIGEST"),
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{6}\b"), "SNAPSHOT"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]|\b)|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d? \w{3} "), "DAY "),
    (re.compile(r"\b\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?\b"), "TIME"),
    (re.compile(r"\b(?:GMT|BST)\b"), "ZONE"),
    (re.compile(r" {2,}"), "  "),
)  # fmt: skip
"""What is another each time: ids, digests, days, times; and the width of columns, which follows from them."""
_SHELL: Final = """
envctl() { "$PYTHON" -IS "$SENDER" "$CALLS" envctl "$@"; }
aws() { "$PYTHON" -IS "$SENDER" "$CALLS" aws "$@"; }
"""
NOWHERE: Final = "http://127.0.0.1:9"
"""Where AWS is until a page exports where it is."""
_OVER: Final = "-- over:"


@dataclass(frozen=True)
class Command:
    """A command of a page, with the code it is said to end with, and what it is shown to say, if it is."""

    typed: str
    code: int
    shown: str | None


class Block(NamedTuple):
    """A block of a page: its language, what is in it, and why nobody types it here, which is empty where somebody does."""

    language: str
    text: str
    reason: str

    @property
    def is_commands(self) -> bool:
        """Whether it is to be typed, be it here or elsewhere."""
        return self.language in ("", "sh")


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page of the docs, in its order."""
    return [
        Block(found["language"], dedent(found["text"]), found["reason"] or "")
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))
    ]


def commands_of(page: Path) -> Iterator[Command]:
    """Read what a page tells to type, in its order."""
    blocks = blocks_of(page)
    for block, below in zip(blocks, [*blocks[1:], Block("", "", "")], strict=True):
        if block.reason or not block.is_commands:
            continue
        lines = list(_commands(block.text))
        for number, typed in enumerate(lines, 1):
            last = number == len(lines) and below.language == "text"
            code = _CODE.search(typed)
            yield Command(typed, int(code[1]) if code else 0, below.text if last else None)


def _commands(text: str) -> Iterator[str]:
    """Split a block where a shell would: a command goes on behind a backslash, and to the end of what is written into it."""
    lines: list[str] = []
    for line in text.splitlines():
        lines.append(line)
        typed = "\n".join(lines)
        asked = subprocess.run(["bash", "-n", "-c", typed], capture_output=True, check=False)
        if line.strip() and not line.endswith("\\") and not asked.stderr:
            yield typed
            lines = []
    assert "".join(lines).strip() == "", lines


def as_shown(shown: str, said: str) -> bool:
    """Tell whether a command says what a page shows, but for what is another each time."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else re.escape(line.removesuffix("…")) + r".*" * line.endswith("…") + r"\n"
        for line in _same(shown).splitlines()
    )  # fmt: skip
    return re.fullmatch(pattern, f"{_same(said)}\n") is not None


def _same(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


class Shell:
    """A shell in a folder, which goes on from command to command. Where a page says ``/tmp`` it is that folder. Use it as a context.

    ``envctl`` and ``aws`` are answered by this process; it says yes to what is asked.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Start it; nothing is asked of whoever sits before it."""
        self.folder = folder
        own = folder / ".shell"
        own.mkdir()
        (own / "sender.py").write_text(SENDER, encoding="utf-8")
        self._calls = waiting(own)
        told = {"PYTHON": sys.executable, "SENDER": str(own / "sender.py"), "CALLS": str(own / "calls")}  # fmt: skip
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env={**os.environ, "PATH": programs, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "AWS_ENDPOINT_URL": NOWHERE, **told, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self.type(_SHELL)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and what still runs in it."""
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGTERM)
            self._bash.kill()
            self._bash.communicate()
            for _tenth in range(100):
                os.killpg(self._bash.pid, 0)
                time.sleep(0.1)
            os.killpg(self._bash.pid, signal.SIGKILL)
        self._calls.close()

    def type(self, command: str) -> tuple[int, str]:
        """Return how a command ended, and what it said."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        over = f"{{\n{command}\n}} < /dev/null\nprintf '\\n%s %s\\n' '{_OVER}' $?\n"
        self._bash.stdin.write(over.encode())
        self._bash.stdin.flush()
        said = b""
        with selectors.DefaultSelector() as ready:
            ready.register(self._calls, selectors.EVENT_READ)
            ready.register(self._bash.stdout, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is self._calls:
                        with self._calls.accept()[0] as connection:
                            answer(connection)
                        continue
                    more = os.read(self._bash.stdout.fileno(), 65536)
                    assert more, f"the shell ended at {command!r}: {said.decode()}"
                    said += more
                    text, over, code = said.decode(errors="replace").rpartition(f"\n{_OVER} ")
                    if over and code.endswith("\n"):
                        return int(code), text

    def follow(self, command: Command) -> str:
        """Type a command of a page; return what it said. Fails where that, or how it ended, is not as the page has it."""
        code, said = self.type(command.typed.replace("/tmp/", f"{self.folder}/"))
        said = said.replace(f"{self.folder}/", "/tmp/")
        assert code == command.code, (
            f"{command.typed}\nended with {code}, not {command.code}:\n{said}"
        )
        if command.shown is not None:
            assert as_shown(command.shown, said), (
                f"{command.typed}\nsaid:\n{said}\nnot:\n{command.shown}"
            )
        return said
