"""A scope's conditions: Ready, Reconciling and Stalled, and the reason for each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.queries.status.view import ScopeLine
from controller.model.ledger_record import Head
from controller.model.observed import Remark, ScopeCounts, ScopeState, ScopeStatus
from controller.model.ref import Reason
from controller.views.conditions import Condition, conditions_of, leading

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=7)
COUNTED = ScopeCounts(at=NOW)
LACKING = replace(COUNTED, missing=(Remark("there is no key pair", 2, ("c50-ta-Web",)),))


def line(state: ScopeState = ScopeState.OK, **fields: object) -> ScopeLine:
    made = ScopeStatus(scope="a/r", state=state, since=NOW, tried_at=NOW, reason=Reason("why"))
    return ScopeLine(name="a/r", status=replace(made, **fields))  # type: ignore[arg-type] # fields of a test's table


def owned_until(moment: datetime) -> ScopeLine:
    head = Head("a/r", 3, "worker-a", int(moment.timestamp() * 1000), 9, "aa")
    return replace(line(), head=head)


@pytest.mark.parametrize(
    ("scope", "ready", "reconciling", "stalled"),
    [
        (line(), "True AsAccepted", "False NothingToDo", "False GoesOn"),
        (line(changes=2), "False ChangesLeft", "True ChangesLeft", "False GoesOn"),
        (line(changes=2, blocked=1), "False ChangesBlocked", "True ChangesLeft", "False GoesOn"),
        (line(blocked=1), "False ChangesBlocked", "False NothingToDo", "False GoesOn"),
        (line(seen=LACKING), "False AccountLacks", "False NothingToDo", "False GoesOn"),
        (line(seen=replace(COUNTED, on_the_way=3)), "True AsAccepted", "True InstancesOnTheWay", "False GoesOn"),
        (replace(line(), open_records=1), "False LeftOpen", "True LeftOpen", "False GoesOn"),
        (replace(line(), known=False), "False NotNamed", "False NothingToDo", "False GoesOn"),
        (owned_until(SOON), "True AsAccepted", "True WorkedOn", "False GoesOn"),
        (owned_until(NOW), "True AsAccepted", "False NothingToDo", "False GoesOn"),
        (line(ScopeState.OBSERVE), "True OnlyObserved", "False OnlyObserved", "False GoesOn"),
        (line(ScopeState.OBSERVE, changes=1), "False OnlyObserved", "False OnlyObserved", "False GoesOn"),
        (line(ScopeState.REFUSED, changes=1), "False GuardRefused", "False GuardRefused", "True GuardRefused"),
        (line(ScopeState.WAITING, failures=5, retry_at=SOON), "False WaitsForAccount", "True TriedAgain", "False GoesOn"),
        (line(ScopeState.UNKNOWN, failures=1, retry_at=SOON), "Unknown NotSeen", "True TriedAgain", "False GoesOn"),
        (line(ScopeState.UNKNOWN, failures=2, retry_at=SOON), "Unknown NotSeen", "True TriedAgain", "True NotSeen"),
        (line(ScopeState.STALLED, failures=1, retry_at=SOON), "False RunStopped", "True TriedAgain", "True RunStopped"),
        (ScopeLine(name="a/r", status=None), "Unknown NotLookedAt", "Unknown NotLookedAt", "False GoesOn"),
        (replace(line(), damaged="its head"), "Unknown Damaged", "False NothingToDo", "True Damaged"),
        (replace(line(), newer="2.0.0"), "Unknown NewerController", "False NothingToDo", "True NewerController"),
    ],
)  # fmt: skip
def test_each_has_its_reason(scope: ScopeLine, ready: str, reconciling: str, stalled: str) -> None:
    found = conditions_of(scope, NOW)

    assert [one.type for one in found] == ["Ready", "Reconciling", "Stalled"]
    assert [f"{one.status} {one.reason}" for one in found] == [ready, reconciling, stalled]
    assert not scope.in_order or found[0].status == "True", "what is in order is ready"


def test_messages_say_why_and_when_it_is_tried_again() -> None:
    ready, reconciling, stalled = conditions_of(line(ScopeState.STALLED, retry_at=SOON), NOW)

    assert (ready.message, stalled.message) == ("why", "why")
    assert reconciling.message == "next try 2026-11-24 10:07 UTC"


@pytest.mark.parametrize(
    ("scope", "leads"),
    [
        (line(ScopeState.STALLED, retry_at=SOON), "Stalled"),
        (line(ScopeState.WAITING, retry_at=SOON), "Reconciling"),
        (line(seen=LACKING), "Ready"),
        (line(), "Ready"),
    ],
)
def test_the_one_that_says_most_is_shown_first(scope: ScopeLine, leads: str) -> None:
    found: Condition = leading(conditions_of(scope, NOW))

    assert found.type == leads
