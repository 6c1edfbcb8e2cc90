"""What is told in place of an option that there is not has the words that were typed, as far as they are taken."""

import pytest

from controller.cli.terminal.wrong_options import with_options


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
    there = {"--yes": None, "--wait": "", "--source": "", "--adopt": None}
    here = {"--source": "", "--adopt": None}

    assert with_options("envctl plan shows", "plan", given, there, here) == told
