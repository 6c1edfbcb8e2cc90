"""What people type who come from other tools works, or is told by our name for it."""

import pytest

from controller.cli.commands import COMMANDS, AllCommands
from controller.cli.terminal.words_of_others import (
    COMMANDS_OF_OTHERS,
    OPTIONS_OF_OTHERS,
    option_here,
)
from tests.support.command_line import envctl


def _options(name: str) -> set[str]:
    command = AllCommands().get_command(None, name)
    return {option for one in command.params for option in one.opts}


@pytest.mark.parametrize(("theirs", "ours"), COMMANDS_OF_OTHERS.items())
def test_a_command_of_others_is_told_by_the_one_there_is(theirs: str, ours: str) -> None:
    ended = envctl(theirs, "x")

    assert ended.code == 64
    assert ended.err == f"envctl: there is no command {theirs!r}\n  fix: here it is envctl {ours}\n"
    assert theirs not in COMMANDS
    assert envctl(*ours.split(), "--help").code == 0


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (["apply", "--dry-run"], "envctl plan shows what would be done"),
        (["apply", "--auto-approve"], "here it is --yes"),
        (["plan", "--auto-approve"], "envctl apply --yes does it without asking"),
        (["plan", "--dry-run"], "leave it out: plan changes nothing"),
        (["rollback", "--dry-run"], "here it is --plan"),
        (["plan", "--json"], "here it is --format json"),
        (["get", "services", "--selector", "a=b"], "here it is --label"),
        (["get", "services", "-n", "staging"], "here it is --account"),
        (["plan", "-n", "staging"], "here it is --scope"),
        (["validate", "--auto-approve"], "envctl validate --help shows what there is"),
    ],
)
def test_an_option_of_others_is_told_by_the_one_there_is(words: list[str], fix: str) -> None:
    ended = envctl(*words)

    assert ended.code == 64
    assert ended.err.startswith("envctl: No such option: -")
    assert ended.err.endswith(f"\n  fix: {fix}\n")


@pytest.mark.parametrize("theirs", OPTIONS_OF_OTHERS)
def test_our_option_is_one_of_some_command(theirs: str) -> None:
    known = {name: _options(name) for name in ("apply", "get", "plan", "rollback")}

    assert any(option_here(name, theirs, options) for name, options in known.items())
    assert all(theirs not in options for options in known.values())


def test_help_is_a_word_too() -> None:
    assert envctl("help").out == envctl("--help").out
    assert envctl("help", "audit", "list").out == envctl("audit", "list", "--help").out


def test_the_short_form_of_format_is_understood_where_the_rest_is_wrong() -> None:
    ended = envctl("plan", "-o", "json", "--nonsense")

    assert ended.code == 64
    assert ended.json["document"] == "error"
