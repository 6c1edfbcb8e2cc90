"""A command or option that documentation and messages tell people to type exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.cli.commands import COMMANDS, command

ROOT = Path(__file__).parents[3]
PAGES = ("README.md", "docs/tutorial/first-hour.md", "controller/cli/demo.py")
_CALL = re.compile(r"envctl ((?:audit|schedule) )?([a-z]+)((?: [^\s`]+)*)")
_OPTION = re.compile(r"--[a-z][a-z-]*")


def _calls(page: str) -> Iterator[tuple[str, str, str]]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for line in text.splitlines():
        for called in line.split("&&"):
            for group, name, rest in _CALL.findall(called):
                if group or name in COMMANDS:
                    yield group.strip(), name, rest


@pytest.mark.parametrize("page", PAGES)
def test_every_option_exists(page: str) -> None:
    calls = list(_calls(page))
    missing = []
    for group, name, rest in calls:
        found: Any = command(group or name)
        if group:
            found = found.commands.get(name)
        known = {text for one in found.params for text in one.opts} if found else set()
        missing += [f"{group} {name} {o}" for o in _OPTION.findall(rest) if o not in known]
        missing += [] if found else [f"{group} {name}"]

    assert calls
    assert missing == []
