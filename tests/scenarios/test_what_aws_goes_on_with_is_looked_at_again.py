"""A live change that AWS goes on with: whoever applies waits and goes on, or is told when to look again and is free.

Covers: engine.live.apply_changes, engine.live.apply_scope.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest
from controller.engine.live.apply_scope import MAX_TIME, ScopeOutcome
from controller.model.ledger_record import Actor
from controller.model.plan import Change, Status
from controller.ports import ActResult, LiveActs
from tests.support.embedded_aws import AwsForTests
from tests.support.extension_targets.owners import OwnerParameters
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate
from tests.support.power_estate import EVENING, PowerEstate

AGAIN_S = 30.0


class Slow(OwnerParameters):
    """A target whose acts AWS goes on with, so many times."""

    def __init__(self) -> None:
        self.times = 1
        self.takes_s = 0.0

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        self.times -= 1
        acts.sleep(self.takes_s)
        again_s = AGAIN_S if self.times >= 0 else None
        return replace(super().act(change, acts), look_again_s=again_s)


@pytest.fixture
def target() -> Slow:
    return Slow()


@pytest.fixture
def estate(tmp_path: Path, target: Slow) -> Iterator[LiveEstate]:
    with mock_aws():
        made = LiveEstate(tmp_path / "fleet", targets=(target,))
        made.has({"c50.yaml": environment("c50")}).applied("config")
        yield made


def act(estate: LiveEstate, *, wait: bool) -> ScopeOutcome:
    accounts = estate.live()
    planned = estate.planned(SCOPE, live=accounts).live
    assert planned is not None
    actor = Actor("", "", "ada", "apply")
    request = ApplyRequest(actor=actor, transaction="run-1")
    (outcome,) = accounts.act(
        planned,
        Claim("worker-a"),
        request,
        wait=wait,
        accepted_now=lambda: pytest.fail("nothing moved"),
    )
    assert [done.status for done in outcome.outcomes] == [Status.APPLIED]
    return outcome


def test_without_waiting_the_scope_is_free_and_its_next_look_is_told(estate: LiveEstate) -> None:
    began = estate.clock.now

    outcome = act(estate, wait=False)

    assert outcome.again_at == began + timedelta(seconds=AGAIN_S)
    assert estate.clock.now == began
    assert estate.installation.leases.take(SCOPE, Claim("worker-b")).owner == "worker-b"


def test_who_waits_goes_on_until_nothing_is_under_way(estate: LiveEstate) -> None:
    began = estate.clock.now

    outcome = act(estate, wait=True)

    assert outcome.again_at is None
    assert estate.clock.now == began + timedelta(seconds=AGAIN_S)


def test_what_takes_too_long_is_left_to_the_next_run(estate: LiveEstate, target: Slow) -> None:
    target.takes_s = MAX_TIME.total_seconds() + 1

    outcome = act(estate, wait=True)

    assert outcome.again_at == estate.clock.now + timedelta(seconds=AGAIN_S)


def test_what_is_not_off_within_the_time_a_run_may_wait_is_left_to_the_next_and_says_so(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet", power={"withinSeconds": 10})
    estate.tick()
    estate.group("c50-ta-Web")
    estate.aws.controls.delays(standby=3600)
    began = estate.at(EVENING).clock.now

    (staging, _) = estate.tick().outcomes

    assert staging.exit_code == 7
    assert "still" in staging.finding.reason
    assert "after 10 s" in staging.finding.reason
    assert staging.again_at is None
    assert estate.clock.now - began <= timedelta(seconds=10)
