"""What a message tells to type, with the settings that the command was given which says it."""

import re
import shlex
from collections.abc import Collection, Sequence
from typing import Final

_COMMAND: Final = re.compile(r"(?<![\w/:.-])envctl (?=([a-z-]+))")
_WITH_VALUE: Final = ("--config", "--events")
"""Options before a command that have a value."""


def with_settings(text: str, settings: str | None, commands: Collection[str]) -> str:
    """Return a text in which each of our commands has the ``--config`` that was given: without it another installation is meant."""
    if settings is None:
        return text

    def told(found: re.Match[str]) -> str:
        return f"{found[0]}--config {shlex.quote(settings)} " if found[1] in commands else found[0]

    return _COMMAND.sub(told, text)


def settings_of(arguments: Sequence[str]) -> str | None:
    """Return what ``--config`` before the command says; None without one."""
    found, words = None, iter(arguments)
    for word in words:
        name, is_one, value = word.partition("=")
        if not name.startswith("-"):
            break
        if name in _WITH_VALUE:
            value = value if is_one else next(words, "")
            found = value if name == "--config" else found
    return found
