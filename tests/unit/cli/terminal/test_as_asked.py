"""What a message tells to type has the settings that the command was given, and no others."""

import pytest

from controller.cli.terminal.as_asked import settings_of, with_settings

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
