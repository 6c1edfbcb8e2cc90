"""What to type in place of an option that there is not: where it stands, how it is written, or what it is called here."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from controller.cli.terminal.words_of_others import HERE, option_here, with_two_dashes

Shape = Mapping[str, Any]
"""A command as completion knows it: ``options`` by their names, ``commands`` by theirs."""
Options = Mapping[str, Any]
"""Of a command by their names; None for one without a value."""


def command_of(arguments: Sequence[str], whole: Shape) -> tuple[list[str], Shape]:
    """Return the words of the command that arguments name, and its shape."""
    words: list[str] = []
    for argument in arguments:
        if argument in whole["commands"]:
            whole = whole["commands"][argument]
            words.append(argument)
    return words, whole


def right_option(wrong: Sequence[str], arguments: Sequence[str], whole: Shape) -> str | None:
    """Return what to type instead; None where that is not known.

    ``wrong`` are the names that the parser took a word for: ``-t`` where somebody typed ``-target=X``.
    """
    words, command = command_of(arguments, whole)
    known = command["options"]
    if dashed := dashed_option(wrong, arguments, whole):
        return dashed
    option = next(iter(_long(wrong, arguments)), wrong[0])
    if words and option in known:
        return f"behind the command: envctl {' '.join(words)} {option}"
    if words and option in whole["options"]:
        return f"before the command: envctl {option} … {' '.join(words)}"
    here = option_here(words[-1] if words else "", option, known)
    stands = next((at for at, one in enumerate(arguments) if one.startswith(wrong[0])), 0)
    if here and words and here.startswith(HERE) and stands < arguments.index(words[-1]):
        return f"{here}, behind the command: envctl {' '.join(words)}"
    other = next(
        (name for name in whole["commands"] if (here or "").startswith(f"envctl {name} ")), ""
    )
    if here and words and other:
        given = arguments[arguments.index(words[-1]) + 1 :]
        return with_options(here, other, given, known, whole["commands"][other]["options"])
    return here


def with_options(
    text: str, command: str, given: Sequence[str], there: Options, here: Options
) -> str:
    """Return a text that tells a command with the words that another one was given, as far as it takes them.

    ``there`` and ``here`` are the options of the one that was given them and of the one that is told.
    """
    kept, words = [], iter(given)
    for word in words:
        name, is_one, _ = word.partition("=")
        value = [next(words, "")] if there.get(name) is not None and not is_one else []
        if not word.startswith("-") or (name in here and name not in text.split()):
            kept += [word, *value]
    said = shlex.join((command, *kept))
    return text.replace(f"envctl {command} ", f"envctl {said} ", 1)


def dashed_option(wrong: Sequence[str], arguments: Sequence[str], whole: Shape) -> str | None:
    """Return how an option is written that stands there with one dash, of which the parser took the beginning for ``wrong``."""
    _, command = command_of(arguments, whole)
    found = [name for name in _long(wrong, arguments) if name in command["options"]]
    return f"with two dashes: {found[0]}" if found else None


def _long(wrong: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """Return the names, by two dashes, of words with one that begin as one of ``wrong`` and go on."""
    return [name for typed, name in with_two_dashes(arguments) if typed.startswith(tuple(wrong))]
