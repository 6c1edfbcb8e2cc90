"""A command or option that documentation tells people to type exists, and so does every page a page leads to."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.cli.commands import COMMANDS, AllCommands

ROOT = Path(__file__).parents[3]
MADE = ROOT / "docs" / "reference"
"""Made from the code, with a check of its own."""
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    if MADE not in path.parents
)
_FENCE = re.compile(r"^\s*```(\w*)\n(.*?)^\s*```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(envctl [^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_OPTION = re.compile(r"--[a-z][a-z-]*")
_GLOBAL = {"--config", "--events", "--version", "--help"}


def _typed(text: str) -> Iterator[list[str]]:
    """Yield the words of every command line of ours in a page's code."""
    lines = list(_INLINE.findall(text))
    for language, block in _FENCE.findall(text):
        if language in ("", "sh", "bash"):
            lines += block.replace("\\\n", " ").splitlines()
    for line in lines:
        for part in re.split(r"&&|\|\||;| \| |  (?:→|or) ", line.partition(" #")[0]):
            words = part.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if words.startswith("envctl ") and not words.startswith("envctl:"):
                yield _split(words)[1:]


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words)
    except ValueError:
        return words.split()


def _options(found: Any) -> set[str]:
    """Return the options of a command and, where a word may be left out, of what is below it."""
    own = {text for one in found.params for text in (*one.opts, *one.secondary_opts)}
    return own.union(*(_options(one) for one in getattr(found, "commands", {}).values()), _GLOBAL)


def _wrong(words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        # Options before the command; those with a value take the next word along.
        words = words[1:] if words[0] == "--version" else words[2:]
    if not words or not re.fullmatch(r"[a-z][a-z-]*", words[0]):
        return []
    name, *rest = words
    if name not in COMMANDS:
        return [f"envctl {name}: no such command"]
    found = AllCommands().get_command(None, name)
    below = getattr(found, "commands", {})
    later = getattr(found, "later", {})
    if rest and rest[0] in {*below, *later}:
        found = found.get_command(None, rest[0])
    known = _options(found)
    given = [one for one in rest if _OPTION.match(one)]
    return [f"envctl {name}: {one}" for one in given if one.partition("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_tells_to_type_what_there_is(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert [wrong for words in _typed(text) for wrong in _wrong(words)] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_to_pages_that_exist(page: str) -> None:
    path = ROOT / page
    links = _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))

    assert [one for one in links if not (path.parent / one).exists()] == []
