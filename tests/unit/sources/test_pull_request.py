"""The request a commit came by, in each form that is written, and not in any other text."""

import pytest

from controller.sources.pull_request import pull_request_of


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Merge pull request #17 from ada/topic\n\nSearch moves", "#17"),
        ("Search moves (#17)\n\n* one\n* two (#3)", "#17"),
        ("Search moves (#17)\r\n", "#17"),
        (
            "Merge branch 'topic' into 'main'\n\nSearch\n\nSee merge request acme/fleet!45",
            "acme/fleet!45",
        ),
        ("Merged in topic (pull request #12)\n\nSearch", "#12"),
        ("Merged PR 123: Search moves", "#123"),
        ("Search moves", ""),
        ("Fix (#17) for good", ""),
        ("Search moves\n\nlike before (#17)", ""),
        ("See merge request\x1b[31m!45", ""),
        ("See merge request " + "a" * 101 + "!45", ""),
        ("Merge pull request #" + "9" * 11 + " from x", ""),
        ("", ""),
    ],
)
def test_the_request_that_a_message_names(message: str, found: str) -> None:
    assert pull_request_of(message) == found


def test_a_long_message_is_no_work() -> None:
    assert pull_request_of("(#" * 100_000 + "\n" + "See merge request " * 50_000) == ""
