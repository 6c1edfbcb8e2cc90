"""The agenda knows when power has something to do, and nothing is due before."""

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.engine.live.observe import ScopeSetup
from controller.engine.reconcile.tick import POSTPONED_FOR, Asked, PowerAgenda, WhyDue
from controller.model.observed import ScopeState, ScopeStatus
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.live_account import FLEET, SCOPE, accepted_of
from tests.unit.decisions.looks import instance, look

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SETUPS = (ScopeSetup(SCOPE, None, None, "enforce"),)
EVENING = NOON.replace(hour=19)
HOURS = {"mode": "automatic", "expression": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"}


def fleet(environment: Any = HOURS, /, **role: Any) -> Any:
    documents = copy.deepcopy(FLEET)
    documents["Environment", "c50"]["schedule"] = environment
    documents["DeploymentMap", "web"]["roles"][0].update(role)
    return accepted_of(documents)


def looked_at_noon() -> PowerAgenda:
    """Return an agenda whose only scope was looked at at noon."""
    made = PowerAgenda()
    made.watch(fleet(), SETUPS, NOON)
    assert [*made.due(NOON)] == [SCOPE.name]
    made.learn(look(instance("i-1")), fleet(), NOON, waits=False)
    return made


@pytest.fixture
def agenda() -> PowerAgenda:
    return looked_at_noon()


def test_nothing_is_due_before_the_next_change(agenda: PowerAgenda) -> None:
    assert agenda.next_at() == EVENING
    assert not agenda.due(EVENING - timedelta(seconds=1))
    assert [*agenda.due(EVENING)] == [SCOPE.name]


def test_what_is_due_stays_due_until_it_was_looked_at(agenda: PowerAgenda) -> None:
    late = EVENING + timedelta(days=5)
    assert [*agenda.due(late)] == [*agenda.due(late)] == [SCOPE.name]
    agenda.learn(look(instance("i-1")), fleet(), late, waits=False)
    assert not agenda.due(late)


def test_the_same_accepted_state_makes_nothing_due(agenda: PowerAgenda) -> None:
    agenda.watch(fleet(), SETUPS, NOON)
    assert not agenda.due(NOON)


@pytest.mark.parametrize("new", [fleet("on"), fleet(schedule="off"), fleet(HOURS, schedule="on")])
def test_another_schedule_makes_its_scope_due(agenda: PowerAgenda, new: Any) -> None:
    agenda.watch(new, SETUPS, NOON)
    assert [*agenda.due(NOON)] == [SCOPE.name]


def test_tags_of_the_last_look_count(agenda: PowerAgenda) -> None:
    found = look(
        instance("i-1", Schedule="stop: 0 15 * * *; start: 0 9 * * *"),
        instance("i-2", Schedule="no schedule at all"),
        instance("i-3", envctl__override="on until 2026-11-24T14:00Z"),
        instance("i-4", envctl__override="on until later"),
    )
    agenda.learn(found, fleet(), NOON, waits=False)
    assert agenda.next_at() == NOON.replace(hour=14)
    assert [*agenda.due(NOON.replace(hour=14))] == [SCOPE.name]
    agenda.learn(found, fleet(), NOON.replace(hour=14), waits=False)
    assert agenda.next_at() == NOON.replace(hour=15)


def test_the_end_of_an_override_is_due(agenda: PowerAgenda) -> None:
    until = NOON + timedelta(hours=1)
    override = Override("o1", ResourceRef("Environment", "c50"), "", "ada", NOON, "spec.schedule", "on", until)  # fmt: skip
    agenda.watch(replace(fleet(), overrides=(override,)), SETUPS, NOON)
    assert [*agenda.due(NOON)] == [SCOPE.name]
    agenda.learn(look(), fleet(), NOON, waits=False)
    assert agenda.next_at() == until


def test_what_waits_or_failed_is_looked_at_again_soon(agenda: PowerAgenda) -> None:
    agenda.learn(look(), fleet(), NOON, waits=True)
    assert agenda.next_at() == NOON + POSTPONED_FOR
    agenda.due(EVENING)
    agenda.failed(SCOPE.name, EVENING)
    assert not agenda.due(EVENING)
    assert [*agenda.due(EVENING + POSTPONED_FOR)] == [SCOPE.name]


def test_why_a_scope_is_due_is_the_same_whenever_the_tick_comes() -> None:
    both = [looked_at_noon(), looked_at_noon()]
    buckets = {
        one.due(EVENING + timedelta(seconds=late_s))[SCOPE.name].bucket
        for one, late_s in zip(both, (1, 59), strict=True)
    }
    assert buckets == {f"at-{EVENING.timestamp():.0f}"}
    for one in both:
        one.learn(look(), fleet(), EVENING + timedelta(minutes=1), waits=False)
        one.watch(replace(fleet("on"), sequence=7), SETUPS, EVENING)
    assert {one.due(EVENING)[SCOPE.name].bucket for one in both} == {"accepted-7"}


def test_what_somebody_else_worked_on_is_not_asked_for_again() -> None:
    status = ScopeStatus(scope=SCOPE.name, state=ScopeState.OK, since=NOON, tried_at=NOON)
    by_moment = Asked(WhyDue(at=NOON), NOON + timedelta(seconds=40))
    assert by_moment.is_answered(status)
    assert not by_moment.is_answered(None)
    assert not by_moment.is_answered(replace(status, tried_at=NOON - timedelta(seconds=1)))
    accepted = Asked(WhyDue(sequence=7), NOON + timedelta(seconds=40))
    assert accepted.is_answered(replace(status, planned_from=7))
    assert not accepted.is_answered(replace(status, planned_from=6))
    assert accepted.is_answered(replace(status, tried_at=accepted.at))


def test_what_is_due_for_two_reasons_is_due_by_the_later_moment() -> None:
    both = WhyDue(sequence=7).also(WhyDue(at=NOON)).also(WhyDue(at=EVENING, sequence=6))
    assert both == WhyDue(EVENING, 7)
