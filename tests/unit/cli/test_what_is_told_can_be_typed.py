"""Every command that a message names is one the command line takes, and is typed by a page that is followed or by a test."""

from pathlib import Path

import pytest

from tests.support.followed_pages import ROOT, commands_of
from tests.support.hints import Hint, form, hints, refused, told_in
from tests.support.page_stories import STORIES

NOT_TOLD = {
    "controller/cli/terminal/examples.py": "each is typed by test_examples.py",
    "controller/planning/guards.py": "it is hashed",
    "controller/views/documents/schemas.py": "names of commands",
}
"""Files whose texts tell nobody what to type."""
SPOKEN_OF = {
    "override yaml": "controller/cli/put_back/restore.py",
    "restore": "controller/cli/snapshot.py",
}
"""What is named to say what an option does, and not to be typed as it stands."""
TYPED = {
    "apply --adopt": "scenarios/test_each_fix_of_a_replay_ends_its_line.py",
    "apply --ref": "scenarios/test_guards_hold_through_git.py",
    "apply --yes": "scenarios/test_what_is_told_to_type_does_it.py",
    "audit list --transaction": "scenarios/test_a_commit_becomes_tables_and_records.py",
    "audit verify": "scenarios/test_a_lost_head_is_made_again.py",
    "bootstrap --upgrade": "scenarios/test_a_commit_becomes_tables_and_records.py",
    "init": "unit/cli/installation/test_init.py",
    "new": "scenarios/test_the_whole_day_is_walked.py",
    "new --source": "unit/cli/installation/test_init.py",
    "plan --expand": "scenarios/test_overrides_by_the_commands_alone.py",
    "plan --format": "scenarios/test_what_is_told_to_type_does_it.py",
    "plan --format --out": "scenarios/test_what_is_told_to_type_does_it.py",
    "plan --observed": "scenarios/test_a_plan_needs_no_aws_when_told_what_is_there.py",
    "plan --save-observed": "scenarios/test_a_plan_needs_no_aws_when_told_what_is_there.py",
    "render": "unit/cli/test_commands.py",
    "render --source": "unit/cli/test_commands.py",
    "status --watch": "scenarios/test_words_of_other_tools_lead_on.py",
    "validate --config": "unit/cli/installation/test_init.py",
    "version": "scenarios/test_what_status_and_alerts_tell_to_type_helps.py",
}
"""A command with its options, and the test that types it; what is not here is typed by a page."""
PAGES = [*ROOT.glob("docs/how-to/*.md"), *ROOT.glob("docs/tutorial/*.md")]
HINTS = [hint for hint in hints() if hint.file not in NOT_TOLD]


@pytest.fixture(scope="module")
def typed_by_pages() -> set[str]:
    texts = [command.typed for page in PAGES for command in commands_of(page)]
    for story in STORIES.values():
        texts += [story.before, *story.first.values()]
    return {form(words) for text in texts for words in told_in(text)}


def test_the_command_line_takes_each() -> None:
    wrong = {hint: said for hint in HINTS if (said := refused(hint))}

    assert len(HINTS) > 100
    assert {(hint.form, hint.file) for hint in wrong} == set(SPOKEN_OF.items())


def test_each_is_typed_by_a_page_or_a_test(typed_by_pages: set[str]) -> None:
    told = {hint.form for hint in HINTS} - SPOKEN_OF.keys()

    assert sorted(told - typed_by_pages - TYPED.keys()) == []
    assert sorted(TYPED.keys() & typed_by_pages | TYPED.keys() - told) == [], "needs no row"


@pytest.mark.parametrize(("form", "file"), TYPED.items())
def test_the_test_that_is_named_types_it(form: str, file: str) -> None:
    text = (Path(ROOT, "tests", file)).read_text(encoding="utf-8")

    assert [word for word in form.split() if word not in text] == []


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
