"""What an error tells to type names the settings again that its command was given."""

import pytest

from controller.cli.main import settings_named
from controller.cli.terminal.with_settings import with_settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("envctl plan shows it; envctl apply heals", "envctl CONFIG plan shows it; envctl CONFIG apply heals"),
        ("run envctl bootstrap again", "run envctl CONFIG bootstrap again"),
        ("`envctl audit verify`", "`envctl CONFIG audit verify`"),
        ("envctl --config b.yaml apply", "envctl --config b.yaml apply"),
        ("by envctl itself, or envctl planned it", "by envctl itself, or envctl planned it"),
        ("see https://acme.example/envctl plan", "see https://acme.example/envctl plan"),
    ],
)  # fmt: skip
def test_commands_of_ours_name_them(text: str, named: str) -> None:
    assert with_settings(text, "my settings.yaml") == named.replace(
        "CONFIG", "--config 'my settings.yaml'"
    )
    assert with_settings(text, None) == text


@pytest.mark.parametrize(
    ("typed", "named"),
    [("--config a.yaml plan", "a.yaml"), ("--config=a.yaml plan", "a.yaml"), ("plan", None)],
)
def test_they_are_those_of_the_command_line(typed: str, named: str | None) -> None:
    assert settings_named(typed.split()) == named
