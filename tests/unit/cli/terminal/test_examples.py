"""Every command has examples below its help, and each of them is a line that the command takes."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from controller.cli.commands import COMMANDS, AllCommands
from controller.cli.main import app
from controller.cli.terminal.examples import EXAMPLES
from tests.support.command_line import envctl


def _commands(found: Any, words: tuple[str, ...]) -> Iterator[str]:
    """Yield the words of every command that does something itself."""
    if not hasattr(found, "list_commands"):
        yield " ".join(words)
        return
    for name in found.list_commands(None):
        yield from _commands(found.get_command(None, name), (*words, name))


def test_every_command_has_examples() -> None:
    there = {
        words
        for name in COMMANDS
        for words in _commands(AllCommands().get_command(None, name), (name,))
    }

    assert set(EXAMPLES) == there
    assert all(EXAMPLES.values())


@pytest.mark.parametrize(
    ("words", "line"), [(words, line) for words, lines in EXAMPLES.items() for line in lines]
)
def test_an_example_is_what_its_command_takes(words: str, line: str) -> None:
    program, *arguments = shlex.split(line.partition(" <")[0].partition(" >")[0])
    context = typer.main.get_command(app).make_context(program, arguments)
    assert program == "envctl"
    reached: list[str] = []
    while hasattr(context.command, "resolve_command"):
        given = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, given)
        assert command is not None
        # The word of the subcommand that is meant where none is typed.
        reached.append(str(command.name or name))
        context = command.make_context(name, list(rest), parent=context)

    assert " ".join(reached) == words


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("get", "envctl get [OPTIONS] WHAT [NAME]..."),
        ("render", "envctl render [OPTIONS] [REF] [SOURCE]"),
        ("audit show", "envctl audit show [OPTIONS] ID|REF"),
        ("schema", "envctl schema [OPTIONS]"),
    ],
)
def test_help_says_what_is_typed(words: str, usage: str) -> None:
    assert envctl(*words.split(), "--help").out.startswith(f"Usage: {usage}\n")


def test_help_ends_in_them() -> None:
    ended = envctl("plan", "--help")

    assert ended.out.endswith("\n".join(["Examples:", *(f"  {x}" for x in EXAMPLES["plan"]), ""]))
    assert "  envctl audit list --since 7d\n" in envctl("audit", "list", "-h").out
