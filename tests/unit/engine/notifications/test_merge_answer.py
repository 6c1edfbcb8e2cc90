"""What a merged request is answered, as the controller's own rows say it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.notifications.merge_answer import SHOWN, Answer, answer_of
from controller.engine.state.outcome_rows import (
    OUTCOME_KEY,
    Answered,
    OutcomeKind,
    RevisionOutcome,
    answered_of_row,
    outcome_of_row,
    row_of_answered,
    write_outcome,
)
from controller.engine.state.rows import row_of_status
from controller.model.observed import ScopeState, ScopeStatus
from controller.model.ref import Reason
from tests.support.estate import PREFIX, Estate

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OLD, NEW = "1" * 40, "2" * 40
LIVE = "111111111111/eu-west-1"
APPLIED = RevisionOutcome(
    revision=NEW, kind=OutcomeKind.APPLIED, at=NOW, transaction="run-7", sequence=9
)
TABLE = f"{PREFIX}EnvctlState"


def kept(found: RevisionOutcome, *statuses: ScopeStatus) -> dict[str, Mapping[str, Any]]:
    estate = Estate()
    write_outcome(estate.store, TABLE, found)
    row = estate.store.get(TABLE, {"Id": OUTCOME_KEY})
    assert row is not None
    return {OUTCOME_KEY: row} | {
        str(made["Id"]): made for made in (row_of_status(status) for status in statuses)
    }


def status(scope: str, state: ScopeState = ScopeState.OK, **more: Any) -> ScopeStatus:
    return ScopeStatus(scope=scope, state=state, since=NOW, tried_at=NOW, **more)


def told(found: RevisionOutcome, *statuses: ScopeStatus) -> Answer:
    answer = answer_of(kept(found, *statuses), {"config", LIVE})
    assert answer is not None
    return answer


def test_nothing_is_answered_before_anything_came_to_something() -> None:
    assert answer_of({}, {"config"}) is None
    assert answer_of({OUTCOME_KEY: {"Id": OUTCOME_KEY, "Revision": 3}}, {"config"}) is None


def test_what_is_applied_names_its_transaction_and_how_each_account_follows() -> None:
    before = told(APPLIED, status(LIVE, planned_from=8))
    after = told(APPLIED, status(LIVE, planned_from=9))

    assert before.text.startswith("### Applied: 2222222\n")
    assert "`envctl audit list --transaction run-7`" in before.text
    assert f"{LIVE}  follows with its next look" in before.text
    assert f"{LIVE}  as accepted" in after.text
    assert (before.is_final, after.is_final) == (False, True)


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        (ScopeState.OK, {"changes": 3}, "goes on, 3 changes are left"),
        (ScopeState.REFUSED, {"reason": Reason("too many")}, "refused: too many"),
        (ScopeState.OBSERVE, {}, "observe"),
    ],
)
def test_an_account_that_is_not_as_accepted_says_why(
    state: ScopeState, more: dict[str, Any], said: str
) -> None:
    answer = told(APPLIED, status(LIVE, state, planned_from=9, **more))

    assert f"{LIVE}  {said}" in answer.text
    assert answer.is_final


def test_what_changed_nothing_says_so() -> None:
    answer = told(replace(APPLIED, transaction=""))

    assert "Nothing in the tables had to be changed for it." in answer.text
    assert not answer.is_news


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (OutcomeKind.REFUSED, "Not applied: refused"),
        (OutcomeKind.WRONG, "Not applied: nothing is planned from it"),
        (OutcomeKind.FAILED, "Applied in part"),
    ],
)
def test_what_is_not_applied_says_why_and_what_to_do(kind: OutcomeKind, said: str) -> None:
    answer = told(RevisionOutcome(revision=NEW, kind=kind, at=NOW, why="first\nsecond"))

    assert said in answer.text
    assert "```text\nfirst\nsecond\n```" in answer.text
    assert "`envctl " in answer.text
    assert answer.is_news
    assert not answer.is_final


def test_nothing_of_others_ends_the_fence_or_is_endless() -> None:
    why = "````\n# Approved @acme/all\n</details> \u202e\n" + "x" * 10_000 + "\ny" * 100
    answer = told(RevisionOutcome(revision=NEW, kind=OutcomeKind.WRONG, at=NOW, why=why))

    head, fence, rest = answer.text.partition("`````text\n")
    inside, end, _ = rest.partition("\n`````\n")
    assert fence
    assert end
    assert "@acme" not in head
    assert "\u202e" not in inside
    assert len(inside.splitlines()) == SHOWN + 1
    assert len(answer.text) < 20_000


def test_requests_are_looked_for_behind_what_was_told_to_the_end() -> None:
    refused = Answer(NEW, "no", is_final=False, is_applied=False, is_news=True, accepted=OLD)
    applied = Answer(
        "3" * 40, "yes", is_final=True, is_applied=True, is_news=True, accepted="3" * 40
    )

    first = refused.after(None)
    second = applied.after(first)
    third = replace(refused, revision="4" * 40).after(second)

    assert (first.base, second.base, third.base) == (OLD, OLD, "3" * 40)
    assert refused.after(first) == first
    assert applied.after(None).base == ""


def test_what_was_applied_stays_what_the_revision_came_to() -> None:
    estate = Estate()

    def there() -> RevisionOutcome | None:
        return outcome_of_row(estate.store.get(TABLE, {"Id": OUTCOME_KEY}))

    refused = RevisionOutcome(revision=NEW, kind=OutcomeKind.REFUSED, at=NOW, why="no")
    write_outcome(estate.store, TABLE, refused)
    assert there() == refused
    write_outcome(estate.store, TABLE, APPLIED)
    write_outcome(estate.store, TABLE, replace(APPLIED, transaction=""))
    write_outcome(estate.store, TABLE, refused)
    assert there() == APPLIED
    later = replace(refused, revision=OLD)
    write_outcome(estate.store, TABLE, later)
    assert there() == later


def test_who_was_held_up_writes_over_nothing_that_is_later(monkeypatch: pytest.MonkeyPatch) -> None:
    estate, read = Estate(), Estate().store.get
    earlier = replace(APPLIED, revision=OLD, sequence=8)
    write_outcome(estate.store, TABLE, APPLIED)
    write_outcome(estate.store, TABLE, earlier)
    after = estate.store.get(TABLE, {"Id": OUTCOME_KEY})
    assert outcome_of_row(after) == APPLIED

    for seen in (
        read(TABLE, {"Id": OUTCOME_KEY}),
        {**(after or {}), "Revision": OLD, "Sequence": 7},
    ):
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(estate.store, "get", lambda _table, _key, seen=seen: seen)
            write_outcome(estate.store, TABLE, replace(APPLIED, revision="3" * 40))
        assert estate.store.get(TABLE, {"Id": OUTCOME_KEY}) == after


def test_a_damaged_outcome_is_written_anew() -> None:
    estate = Estate()
    estate.store.write(PutWrite(TABLE, to_wire({"Id": OUTCOME_KEY, "Revision": 3})))

    write_outcome(estate.store, TABLE, APPLIED)

    assert outcome_of_row(estate.store.get(TABLE, {"Id": OUTCOME_KEY})) == APPLIED


def test_a_row_of_what_was_told_is_read_back() -> None:
    known = Answered(NEW, OLD, "d", is_final=False)

    assert answered_of_row(row_of_answered(known)) == known
    assert answered_of_row({"Id": "answered#source"}) is None
    assert answered_of_row(None) is None


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (OutcomeKind.REFUSED, "envctl plan"),
        (OutcomeKind.WRONG, "envctl validate"),
        (OutcomeKind.FAILED, "envctl plan"),
    ],
)
def test_lines_that_are_left_out_are_shown_by_what_shows_all(kind: OutcomeKind, typed: str) -> None:
    why = "\n".join(f"problem {number}" for number in range(SHOWN + 2))
    answer = told(RevisionOutcome(revision=NEW, kind=kind, at=NOW, why=why))

    assert f"\n… and 2 more lines: {typed}\n" in answer.text
