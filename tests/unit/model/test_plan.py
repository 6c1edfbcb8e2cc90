"""What a plan says of itself."""

from datetime import UTC, datetime, timedelta

from controller.model.observed import ScopeState
from controller.model.plan import Lack, Note, NoteCategory, Plan, PlannedFrom, ScopePlan
from controller.model.ref import ResourceRef
from tests.unit.planning.worlds import change


def test_a_note_says_all_that_an_object_lacks() -> None:
    ref = ResourceRef("Group", "c50-ta-Web")
    note = Note.of_lacks(ref, Lack("no subnet", "make one"), Lack("no image"))
    assert (note.category, note.text) == (NoteCategory.MISSING, "no subnet: make one; no image")


def test_what_is_only_observed_is_not_to_be_applied() -> None:
    done, seen = change("A/a"), change("A/b")
    scopes = (
        ScopePlan("config", ScopeState.OK, (done,)),
        ScopePlan("acme/eu-west-1", ScopeState.OBSERVE, (seen,)),
    )
    plan = Plan("r1", "", scopes, "digest")
    assert plan.changes == (done, seen)
    assert plan.to_apply == (done,)
    assert plan.enforced == scopes[:1]


def test_a_plan_holds_until_a_record_is_written_or_the_clock_turns() -> None:
    now, soon = datetime(2026, 11, 24, tzinfo=UTC), timedelta(minutes=1)
    known = PlannedFrom(7, "r1", now + soon)
    assert known.holds(7, now)
    assert not known.holds(8, now)
    assert not known.holds(7, now + soon)
    assert PlannedFrom(7, "r1").holds(7, now + soon)
