"""What a message tells to type has the settings and options that the command was given, and no others."""

import pytest

from controller.cli.terminal.as_asked import settings_of, with_options, with_settings

COMMANDS = {"plan", "apply"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan"], "run envctl plan"),
        (["--config", "of mine.yaml", "plan"], "run envctl --config 'of mine.yaml' plan"),
        (["--config=a.yaml", "plan"], "run envctl --config a.yaml plan"),
        (["--events", "--config", "plan"], "run envctl plan"),
        (["--events", "-", "--config", "a", "plan"], "run envctl --config a plan"),
        (["plan", "--config", "a"], "run envctl plan"),
        (["--config"], "run envctl --config '' plan"),
    ],
)
def test_settings_are_named_again(arguments: list[str], told: str) -> None:
    assert with_settings("run envctl plan", settings_of(arguments), COMMANDS) == told


def test_what_is_no_command_stays_as_it_is() -> None:
    text = "an envctl as new as that; see https://acme.example/envctl plan; envctl version"

    assert with_settings(text, "a", COMMANDS) == text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--dry-run"], "envctl plan shows"),
        (["--dry-run", "--yes", "--source", "a b"], "envctl plan --source 'a b' shows"),
        (["shows", "--dry-run"], "envctl plan shows shows"),
        (["--wait", "5m", "--adopt", "--source=a"], "envctl plan --adopt --source=a shows"),
        (["--source"], "envctl plan --source '' shows"),
    ],
)
def test_options_that_both_take_are_kept(given: list[str], told: str) -> None:
    there = {"--yes": False, "--wait": True, "--source": True, "--adopt": False}
    here = {"--source": True, "--adopt": False}

    assert with_options("envctl plan shows", "plan", given, there, here) == told
