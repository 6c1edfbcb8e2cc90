"""Every command that a message names is one the command line takes, and is typed by a test in the state it is told in."""

import pytest

from tests.support.hints import Hint, hints, refused, told_in
from tests.support.told import marked

NOT_TOLD = {
    "controller/cli/terminal/examples.py": "each is typed by test_examples.py",
    "controller/planning/guards.py": "it is hashed",
    "controller/views/documents/schemas.py": "names of commands",
}
"""Files whose texts tell nobody what to type."""
SPOKEN_OF = {
    ("controller/cli/put_back/restore.py", "override yaml"): "an option's help says what goes on",
    ("controller/cli/snapshot.py", "restore"): "an option's help says whom it is for",
    (
        "controller/cli/tour/demo.py",
        "run",
    ): "it goes on until it is ended: pages that are followed begin it",
    (
        "controller/cli/tour/demo.py",
        "sandbox",
    ): "it goes on until it is ended: pages that are followed begin it",
    ("controller/cli/tour/story.py", "run"): "the tour tells what it does itself",
}
"""A file and the command's form: what is named, and not to be typed as it stands."""


@pytest.fixture(scope="module")
def told_hints() -> list[Hint]:
    """What is told to somebody."""
    return [hint for hint in hints() if hint.file not in NOT_TOLD]


def test_the_command_line_takes_each(told_hints: list[Hint]) -> None:
    wrong = {(hint.file, hint.form): said for hint in told_hints if (said := refused(hint))}

    assert len(told_hints) > 100
    assert wrong.keys() <= SPOKEN_OF.keys()


def test_each_is_typed_by_a_test_that_is_told_it(told_hints: list[Hint]) -> None:
    told, followed = {(hint.file, hint.form) for hint in told_hints}, marked()

    assert sorted(told - SPOKEN_OF.keys() - followed.keys()) == []
    assert sorted((followed.keys() | SPOKEN_OF.keys()) - told) == [], "names nothing that is told"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("envctl bootstrap creates it; check the region", ["bootstrap"]),
        ("fix: envctl audit recover VALUE makes it again", ["audit recover VALUE"]),
        ("`envctl plan --exit-zero --out plan.json` and", ["plan --exit-zero --out plan.json"]),
        ("envctl plan --out a.json && envctl apply a.json", ["plan --out a.json", "apply a.json"]),
        ("aws --stack-name envctl --s3-bucket BUCKET", []),
        ("see https://acme.example/envctl plan", []),
    ],
)
def test_a_command_ends_where_the_sentence_goes_on(text: str, words: list[str]) -> None:
    assert [" ".join(one) for one in told_in(text)] == words


@pytest.mark.parametrize(
    "words", [("plan", "--nothing"), ("nothing",), ("audit", "show"), ("bootstrap", "again")]
)
def test_what_the_command_line_does_not_take_is_found(words: tuple[str, ...]) -> None:
    assert refused(Hint(words, ""))
