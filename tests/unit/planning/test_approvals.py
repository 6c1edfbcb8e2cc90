"""An approval is for exactly the changes it was given for; a commit's line is one only where the settings trust its committer."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from controller.model.canonical import DIGEST_DIGITS
from controller.model.plan import NoteCategory, Violation
from controller.model.ref import Origin
from controller.planning.approvals import (
    NOT_OF_THE_FORM,
    NOT_THE_TABLES,
    OTHERS_NOW,
    TOO_SHORT,
    ApprovalSettings,
    Commit,
    CommitLines,
    approvals_in,
    approve,
    is_too_short,
    lines_of,
    unused_lines,
    why_unused,
)
from tests.unit.planning.guarded import (
    MAPS,
    PROTECTED,
    gone,
    judge,
)
from tests.unit.planning.worlds import by_hand, change, found


def nine_of_nine(**more: Any) -> Violation:
    (violation,) = judge(MAPS, gone(MAPS, **more))
    return violation


def test_an_approval_holds_for_exactly_the_changes_it_was_given_for() -> None:
    violation = nine_of_nine()
    (other,) = judge(MAPS, gone(MAPS[:8]))
    given = by_hand(violation.token)

    (judged,) = approve((violation,), given)

    assert (judged.overridden, judged.approved_by) == (True, "--approve by ann")
    assert approve((other,), given) == (other,)
    assert why_unused((other,), violation.token) == OTHERS_NOW
    assert why_unused((violation,), violation.token) == ""


def test_an_approval_does_not_hold_when_the_state_it_was_planned_from_has_changed() -> None:
    assert nine_of_nine().token != nine_of_nine(base=b'{"version":2}').token


def test_an_approval_holds_after_a_squash_merge() -> None:
    moved = [replace(one, origin=Origin("elsewhere.yaml", 9)) for one in gone(MAPS)]
    (violation,) = judge(MAPS, moved[::-1])

    message = f"Merge (#12)\n\n* drop maps\n\n  Envctl-Approve: {nine_of_nine().token}\n"

    assert approve((violation,), by_hand(*approvals_in(message)))[0].overridden


def test_what_is_protected_cannot_be_approved() -> None:
    (violation,) = judge([found("Service/a", extra=PROTECTED)], [change("Service/a", "delete")])

    assert approve((violation,), by_hand(violation.token)) == (violation,)


@pytest.mark.parametrize(
    ("digits", "approves"),
    [(5, False), (6, False), (DIGEST_DIGITS - 1, False), (DIGEST_DIGITS, True), (64, True)],
)
def test_an_approval_has_enough_digits_to_mean_one_violation(digits: int, approves: bool) -> None:
    violation = nine_of_nine()
    token = f"{violation.guard}@{violation.digest[:digits]}"

    assert len(violation.token.partition("@")[2]) == DIGEST_DIGITS == 16
    assert approve((violation,), by_hand(token))[0].overridden is approves
    assert is_too_short(token) is not approves
    assert approvals_in(f"Envctl-Approve: {token}") == (token,), "what is too short is told"
    assert why_unused((violation,), token) == ("" if approves else TOO_SHORT)


@pytest.mark.parametrize(
    "token", ["maxDeletes", "@3f9c1a77d0e2b415", "maxDeletes@3F9C1A77D0E2B415", ""]
)
def test_what_is_no_approval_is_told_as_that(token: str) -> None:
    assert why_unused((nine_of_nine(),), token) == NOT_OF_THE_FORM


def test_where_another_source_stands_in_for_the_tables_nothing_is_known_to_approve() -> None:
    violation = nine_of_nine()

    (judged,) = approve((violation,), None)

    assert (judged.token, judged.overridden) == ("", False)
    assert approve((judged,), by_hand(violation.token)) == (judged,)
    assert why_unused((judged,), violation.token) == NOT_THE_TABLES


MERGER = "Merge Bot <merge@acme.example>"
TOKEN = "maxDeletes@3f9c1a77d0e2b415"
MERGED = ApprovalSettings(in_commits="merged", committers=(MERGER,))
NEVER = ApprovalSettings(committers=(MERGER,))
SOURCE = "a source that is not the settings' own"


def committed(*tokens: str, by: str = MERGER) -> Commit:
    return Commit("abc1234" + "0" * 33, by, f"Merge (#7)\n\nEnvctl-Approve: {' '.join(tokens)}\n")


def test_a_line_of_a_listed_committer_approves_and_says_whose_it_is() -> None:
    lines = lines_of(committed(TOKEN, "freeze@3f"), MERGED)

    assert [approval.token for approval in lines.approvals] == [TOKEN, "freeze@3f"]
    assert {approval.by for approval in lines.approvals} == {
        f"a line of commit abc1234 of {MERGER}"
    }
    assert lines.notes == ()


def test_a_line_that_counts_and_was_given_for_other_changes_is_told() -> None:
    violation = nine_of_nine()
    stale = lines_of(committed(violation.token, TOKEN), MERGED)

    (note,) = unused_lines(stale, (violation,))

    assert note.text == f"a line of commit abc1234 does not approve: {TOKEN}: {OTHERS_NOW}"
    assert unused_lines(lines_of(committed(violation.token), MERGED), (violation,)) == ()


@pytest.mark.parametrize(
    ("commit", "settings", "judges", "why"),
    [
        (committed(TOKEN), NEVER, "", "the settings say approvals.inCommits: never"),
        (
            committed(TOKEN),
            ApprovalSettings(),
            SOURCE,
            "the settings say approvals.inCommits: never",
        ),
        (committed(TOKEN), MERGED, SOURCE, f"this is a plan of {SOURCE}"),
        (
            committed(TOKEN, by="Mallory <m@acme.example>"),
            MERGED,
            "",
            "its committer Mallory <m@acme.example> is not among approvals.committers",
        ),
        (committed("maxDeletes@3f9c1a"), MERGED, "", f"maxDeletes@3f9c1a: {TOO_SHORT}"),
    ],
)
def test_a_line_that_does_not_count_is_told(
    commit: Commit, settings: ApprovalSettings, judges: str, why: str
) -> None:
    lines = lines_of(commit, settings, judges)

    assert lines.approvals == ()
    (note,) = lines.notes
    assert (note.category, str(note.ref)) == (NoteCategory.APPROVAL, "Commit/abc1234")
    assert note.text == f"a line of commit abc1234 does not approve: {why}"


@pytest.mark.parametrize(
    ("words", "approvals", "said"),
    [
        (("maxDeletes",), (), f"maxDeletes: {NOT_OF_THE_FORM}"),
        ((TOKEN, "and", "so"), (TOKEN,), f"and: {NOT_OF_THE_FORM}"),
        ((), (), NOT_OF_THE_FORM),
        (("x" * 70,), (), f"{'x' * 60}…: {NOT_OF_THE_FORM}"),
    ],
)
def test_a_word_that_is_no_approval_is_named(
    words: tuple[str, ...], approvals: tuple[str, ...], said: str
) -> None:
    lines = lines_of(committed(*words), MERGED)

    assert tuple(approval.token for approval in lines.approvals) == approvals
    (note,) = lines.notes
    assert note.text == f"a line of commit abc1234 does not approve: {said}"


def test_every_line_for_other_changes_is_told() -> None:
    stale = lines_of(committed(TOKEN, "freeze@3f9c1a77d0e2b415"), MERGED)

    assert len(unused_lines(stale, (nine_of_nine(),))) == 2


@pytest.mark.parametrize("settings", [NEVER, MERGED])
def test_of_a_commit_without_such_a_line_nothing_is_said(settings: ApprovalSettings) -> None:
    assert (
        lines_of(Commit("abc1234", "Mallory <m@x>", "Retire c07"), settings, SOURCE)
        == CommitLines()
    )


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"inCommits": "merged"}, "nobody's commits count"),
        ({"inCommits": "always"}, "never' or 'merged"),
        ({"committers": ["merge@acme.example"]}, "expected committers as NAME <EMAIL>"),
        ({"committers": ["<merge@acme.example>"]}, "expected committers as NAME <EMAIL>"),
        ({"signed": "s3://acme/approvals"}, "signers go together"),
        ({"signers": [f"ada ssh-ed25519 {'A' * 68}"]}, "signers go together"),
        (
            {"signed": "approvals", "signers": [f"ada ssh-ed25519 {'A' * 68}"]},
            "should match pattern",
        ),
    ],
)
def test_settings_that_trust_nobody_or_anybody_are_refused(settings: Any, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ApprovalSettings.model_validate(settings)
