"""What people type who come from other tools works, or is told by our name for it."""

import pytest

from controller.cli.commands import COMMANDS, AllCommands
from controller.cli.terminal.words_of_others import (
    COMMANDS_OF_OTHERS,
    NO_COMMAND,
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
        (["validate", "-f", "."], "here it is --source"),
        (["plan", "--target", "X"], "here it is --scope"),
        (["plan", "-target=X"], "here it is --scope"),
        (["plan", "-json"], "here it is --format json"),
        (["plan", "-detailed-exitcode"], "leave it out: where there are changes it ends with 2"),
        (
            ["plan", "-v"],
            "--events - before the command tells each step, as JSON on standard error",
        ),
        (["plan", "-no-color"], "NO_COLOR=1 in the environment"),
        (["-V"], "here it is envctl --version"),
        (["status", "-w"], "here it is --watch"),
        (["--json", "plan"], "here it is --format json, behind the command: envctl plan"),
        (["--format", "json", "plan"], "behind the command: envctl plan --format"),
        (["audit", "--limit", "3", "list"], "behind the command: envctl audit list --limit"),
        (["plan", "--config", "x"], "before the command: envctl --config … plan"),
    ],
)
def test_an_option_of_others_is_told_by_the_one_there_is(words: list[str], fix: str) -> None:
    ended = envctl(*words)

    assert ended.code == 64
    assert ended.err.startswith("envctl: No such option: -")
    assert ended.err.endswith(f"\n  fix: {fix}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "-out=x"], "fix: with two dashes: --out"),
        (["plan", "--out"], "fix: envctl plan --help shows what there is"),
        (["status", "--watch=1"], "fix: envctl status --help shows what there is"),
        (["get"], "'WHAT': What to list: environments, "),
        (["plan", "--scoep"], "(Possible options: --scope"),
    ],
)
def test_an_option_that_is_written_otherwise_is_told_too(words: list[str], said: str) -> None:
    ended = envctl(*words)

    assert ended.code == 64
    assert said in ended.err


@pytest.mark.parametrize(("theirs", "instead"), NO_COMMAND.items())
def test_what_no_command_does_is_told_by_what_is_done_instead(theirs: str, instead: str) -> None:
    ended = envctl(theirs, "x")

    assert ended.code == 64
    assert ended.err == f"envctl: there is no command {theirs!r}\n  fix: {instead}\n"
    assert theirs not in COMMANDS


@pytest.mark.parametrize("theirs", OPTIONS_OF_OTHERS)
def test_our_option_is_one_of_some_command(theirs: str) -> None:
    known = {name: _options(name) for name in ("apply", "get", "plan", "rollback", "status")}

    assert any(option_here(name, theirs, options) for name, options in known.items())
    assert all(theirs not in options for options in known.values())


def test_help_is_a_word_too() -> None:
    assert envctl("help").out == envctl("--help").out
    assert envctl("help", "audit", "list").out == envctl("audit", "list", "--help").out


def test_the_short_form_of_format_is_understood_where_the_rest_is_wrong() -> None:
    ended = envctl("plan", "-o", "json", "--nonsense")

    assert ended.code == 64
    assert ended.json["document"] == "error"
