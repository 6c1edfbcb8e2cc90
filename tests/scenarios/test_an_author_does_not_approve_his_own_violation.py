"""Whoever writes a change writes its commits too: their lines approve nothing until somebody trusted has merged them.

Covers: engine.config.planner, engine.reconcile.reconciler.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import TEAMS, Ended, Fleet, envctl, use_settings
from tests.support.git_repository import Repository

ALERTS = """apiVersion: envctl/v1
kind: NotificationSettings
metadata: {name: %s}
spec: {ticketing: queue}
"""
NAMES = [f"a{n}" for n in range(6)]
MERGER = {"GIT_COMMITTER_NAME": "Merge Bot", "GIT_COMMITTER_EMAIL": "merge@acme.example"}
MERGED = "approvals: {inCommits: merged, committers: [Merge Bot <merge@acme.example>]}"


class Review:
    """A repository whose ``topic`` removes four of six objects, more than may go unasked."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.main, self.topic = (f"git+{repository.url}@{ref}" for ref in ("main", "topic"))
        files = {f"{name}.yaml": ALERTS % name for name in NAMES}
        repository.commit({"teams.yaml": TEAMS, **files})
        assert envctl("apply", "--yes").code == 0
        repository.git("checkout", "--quiet", "-b", "topic")
        repository.commit({f"{name}.yaml": None for name in NAMES[:4]}, "four go")
        self.token: str = violation(envctl("plan", "--source", self.topic, "--format", "json"))[
            "token"
        ]

    def says(self, token: str, by: dict[str, str]) -> None:
        """Let whoever commits write an approval into the newest commit of this branch."""
        message = f"four go\n\n* Envctl-Approve: {token}"
        self.repository.git("commit", "--quiet", "--amend", "-m", message, env=by)

    def merges(self, token: str, by: dict[str, str]) -> None:
        """Squash the topic into main, with an approval."""
        self.repository.git("checkout", "--quiet", "main")
        self.repository.git("merge", "--squash", "--quiet", "topic")
        self.repository.git("commit", "-qm", f"Four go (#7)\n\nEnvctl-Approve: {token}", env=by)


def violation(ended: Ended) -> Any:
    (found,) = ended.json["scopes"][0]["violations"]
    return found


def the_note(ended: Ended) -> str:
    (note,) = [note for note in ended.json["scopes"][0]["notes"] if note["category"] == "approval"]
    return str(note["text"])


@pytest.fixture
def settings(tmp_path: Path) -> str:
    return f'source: {{git: {{url: "file://{tmp_path / "repository"}", ref: main}}}}\n'


@pytest.fixture
def review(
    installed: Fleet, tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> Review:
    use_settings(tmp_path, monkeypatch, settings)
    return Review(Repository.at(tmp_path / "repository"))


@pytest.fixture
def trusting(
    review: Review, tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> Review:
    """Settings that trust the lines of who merges."""
    use_settings(tmp_path, monkeypatch, settings + MERGED)
    return review


def test_a_line_of_a_commit_approves_nothing_unless_the_settings_say_so(review: Review) -> None:
    review.says(review.token, {})
    refused = envctl("plan", "--source", review.topic)

    assert refused.code == 3
    assert "does not approve: the settings say approvals.inCommits: never" in refused.out
    review.merges(review.token, MERGER)
    assert envctl("plan").code == 3
    assert envctl("apply", "--yes").code == 3


@pytest.mark.slow
def test_the_check_of_a_pull_request_takes_no_line_of_it_whoever_committed(
    trusting: Review,
) -> None:
    trusting.says(trusting.token, MERGER)

    judged = envctl("plan", "--source", trusting.topic, "--format", "json")

    assert judged.code == 3
    assert violation(judged)["approved"] is False
    commit = trusting.repository.head[:7]
    assert the_note(judged) == (
        f"a line of commit {commit} does not approve: this is a plan of a source that is not the settings' own"
    )
    markdown = envctl("plan", "--source", trusting.topic, "--format", "markdown")
    assert "does not approve" in markdown.out
    assert envctl("apply", "--source", trusting.topic, "--yes").code == 3


@pytest.mark.slow
def test_whoever_merges_approves_and_the_plan_says_so(trusting: Review) -> None:
    trusting.merges(trusting.token, MERGER)
    by = f"a line of commit {trusting.repository.head[:7]} of Merge Bot <merge@acme.example>"

    approved = envctl("plan")

    assert approved.code == 2
    assert f"Approved by: {by}" in approved.out
    assert "--approve" not in approved.out, "the line approves it for whoever applies that commit"
    assert violation(envctl("plan", "--format", "json"))["approvedBy"] == by
    assert envctl("apply", "--yes").code == 0


@pytest.mark.slow
def test_an_author_who_pushes_past_the_merger_approves_nothing(trusting: Review) -> None:
    trusting.merges(trusting.token, {})

    refused = envctl("plan", "--format", "json")

    assert refused.code == 3
    assert the_note(refused).endswith(
        "its committer Ada Author <ada@example.com> is not among approvals.committers"
    )


@pytest.mark.slow
def test_where_something_else_stands_in_for_the_tables_no_line_counts(
    trusting: Review, tmp_path: Path
) -> None:
    seen, before = tmp_path / "seen.json", trusting.repository.git("rev-parse", "main")
    envctl("plan", "--save-observed", seen)
    trusting.merges(trusting.token, MERGER)
    base = f"git+{trusting.repository.url}@{before}"

    from_file = envctl("plan", "--observed", seen, "--format", "json")
    from_base = envctl("plan", "--base", base, "--format", "json")

    assert (from_file.code, from_base.code) == (3, 3)
    assert "does not approve: this is a plan of what may be merged" in the_note(from_file)
    assert "does not approve: this is a plan of what may be merged" in the_note(from_base)


def test_a_plan_against_another_source_prints_no_approval_and_says_why(review: Review) -> None:
    compared = ("plan", "--source", review.topic, "--base", review.main)

    told = envctl(*compared)
    as_json = envctl(*compared, "--format", "json", "--approve", review.token)

    assert told.code == as_json.code == 3
    assert "--approve" not in told.out
    assert "only a plan against the tables can tell what approves its changes" in told.out
    assert violation(as_json)["token"] == ""
    assert "approves nothing here: only a plan against the tables can tell" in as_json.err


def test_an_approval_by_hand_names_who_gave_it(review: Review) -> None:
    asked = ("plan", "--source", review.topic, "--approve", review.token)

    assert "Approved by: --approve by ada" in envctl(*asked).out
    assert violation(envctl(*asked, "--format", "json"))["approvedBy"] == "--approve by ada"


def test_an_approval_cut_to_six_digits_is_told_and_approves_nothing(trusting: Review) -> None:
    guard, _, digits = trusting.token.partition("@")
    assert len(digits) == 16
    short = f"{guard}@{digits[:6]}"

    by_hand = envctl("plan", "--source", trusting.topic, "--approve", short)
    trusting.merges(short, MERGER)
    by_line = envctl("plan", "--format", "json")

    assert (by_hand.code, by_line.code) == (3, 3)
    assert f"--approve {short} approves nothing here: its digest is too short" in by_hand.err
    assert f"{short}: its digest is too short, expected at least 16 digits" in the_note(by_line)
