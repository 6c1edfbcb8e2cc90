"""What a message tells to type, with what the command that says it was asked for: the settings, and the options both take."""

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

_COMMAND: Final = re.compile(r"(?<![\w/:.-])envctl (?=([a-z-]+))")
_WITH_VALUE: Final = ("--config", "--events")
"""Options before a command that have a value."""

Takes = Mapping[str, bool]
"""The options of a command, and whether each has a value."""


def takes(command: Any) -> Takes:
    """Return the options of a command of the parser's."""
    return {
        name: not one.is_flag
        for one in command.params
        if hasattr(one, "is_flag")
        for name in one.opts
    }


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


def with_options(text: str, command: str, given: Sequence[str], there: Takes, here: Takes) -> str:
    """Return a text that tells a command with the words that another one was given, as far as it takes them.

    ``there`` and ``here`` are the options of the one that was given them and of the one that is told.
    """
    kept, words = [], iter(given)
    for word in words:
        name, is_one, _ = word.partition("=")
        value = [next(words, "")] if there.get(name) and not is_one else []
        if not word.startswith("-") or (name in here and name not in text.split()):
            kept += [word, *value]
    said = shlex.join((command, *kept))
    return text.replace(f"envctl {command} ", f"envctl {said} ", 1)
