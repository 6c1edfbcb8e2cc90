"""One answer to "what blocks this?"."""

from dataclasses import replace

from controller.model.observed import ScopeState
from controller.model.plan import Cause, Note, NoteCategory, ScopePlan, Violation
from controller.planning.scope_plan import blocks
from tests.unit.planning.worlds import change, ref

SEARCH, OTHER = ref("Service/Search"), ref("Service/Other")
OWN = Violation("maxDeletes", "config", "m", "d", (SEARCH,))
FOREIGN_TO_IT = Violation("maxUpdateShare", "config", "m", "d", (OTHER,))
APPROVED = Violation("maxDeletes", "config", "m", "d", (SEARCH,), overridden=True)
NOTE = Note(NoteCategory.SUSPENDED, SEARCH, "left")
SCOPE = ScopePlan(
    "config",
    ScopeState.REFUSED,
    (change("Service/Search"),),
    (FOREIGN_TO_IT, OWN, APPROVED),
    (NOTE, Note(NoteCategory.BLOCKED, OTHER, "x"), Note(NoteCategory.LEAVING, SEARCH, "waits")),
)


def test_its_own_violations_come_first_then_those_that_stop_the_scope_then_notes() -> None:
    assert blocks(SCOPE, SEARCH) == (OWN, FOREIGN_TO_IT, NOTE)


def test_what_goes_on_in_a_live_scope_is_blocked_by_nothing() -> None:
    healed = replace(change("Service/Search"), cause=Cause.DRIFTED)
    scope = replace(
        SCOPE, scope="test-eu/eu-west-1", changes=(healed,), violations=(FOREIGN_TO_IT,)
    )
    assert blocks(scope, SEARCH) == (NOTE,)


def test_what_does_not_change_is_not_blocked_by_others() -> None:
    assert blocks(SCOPE, ref("Service/Third")) == ()
