"""What a text of the code tells to type is typed in the state it is told in: a test is marked with the texts that it follows.

    @pytest.mark.tells("controller/aws/table_setup.py", "bootstrap")
    def test_where_tables_lack_they_are_made(told: Told, fleet: Fleet) -> None:
        assert told.types(fleet.plan().err, "bootstrap").code == 0

A test that does not follow what its marks say fails at its end, and a text that no mark names fails
``tests/unit/cli/test_what_is_told_can_be_typed.py``.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.support.command_line import Ended, envctl
from tests.support.hints import FILLED, ROOT, form, texts, told_in

_FILLED = re.compile(rf"{FILLED}|\{{\w*\}}")
"""Where a run fills in what it knows, in texts as ``hints.texts`` gives them."""
ASKS = {"apply", "restore", "rollback", "override"}
"""Commands that ask before they begin; in a test nobody answers."""
SHOWS = {"list", "yaml"}
"""What some of them have besides, which asks nothing."""


class Told:
    """Types what texts tell, and remembers which text of the code told it."""

    def __init__(self) -> None:
        self.followed: set[tuple[str, str]] = set()

    def types(
        self, text: str, begins: str = "", *more: object, filling: Mapping[str, object] = {}
    ) -> Ended:
        """Run the one command that a text tells which begins so, with words for its capitals, and with more words."""
        (words,) = {one for one in told_in(text) if f"{' '.join(one)} ".startswith(begins)}
        self.is_typed(text, *words)
        typed = [str(filling.get(word, word)) for word in words]
        asked = typed[0] in ASKS and not SHOWS & {*typed[1:2]} and "--yes" not in typed
        return envctl(*typed, *more, *["--yes"] * asked)

    def is_typed(self, text: str, *words: str) -> None:
        """Remember that a text was followed with a command whose words are these, however it is typed."""
        said = " ".join(text.split())
        for file, told, pattern in _told_by():
            if told == form(words) and pattern.search(said):
                self.followed.add((file, told))


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    """Types what is told; at the end each text that the test is marked with was followed."""
    one = Told()
    yield one
    assert {mark.args for mark in request.node.iter_markers("tells")} <= one.followed


@cache
def _told_by() -> list[tuple[str, str, re.Pattern[str]]]:
    """Return each text of the code that tells a command: its file, the command's form, and how an output that has it reads."""
    found: list[tuple[str, str, re.Pattern[str]]] = []
    for path in sorted((ROOT / "controller").rglob("*.py")):
        for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            parts = (" ".join(part.split()) for part in _FILLED.split(text))
            reads = re.compile(".*?".join(rf" ?{re.escape(part)} ?" for part in parts))
            file = str(path.relative_to(ROOT))
            found.extend((file, form(words), reads) for words in told_in(text))
    return found


def marked() -> dict[tuple[str, str], list[str]]:
    """Return the files of tests that are marked so, by the text that they follow: its file and the command's form."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(Path(ROOT, "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.tells(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.tells":
                file, command = map(ast.literal_eval, node.args)
                found.setdefault((file, command), []).append(str(path.relative_to(ROOT)))
    return found
