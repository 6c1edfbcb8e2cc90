"""Several daemons share a queue: what is due is done once, whenever their ticks come, and by what is accepted by then."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from controller.aws.sqs_queue import SqsQueue
from controller.daemon.cadence import due_moment
from controller.engine.commit.lease import Claim
from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import accepted_now
from controller.model.observed import CONFIG_SCOPE
from controller.model.work import Job
from controller.sources.folder import FolderSource
from tests.support.daemons import DaemonByHand
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import EVENING, PERSON, PowerEstate
from tests.support.work_queues import make_queue

STAGING, TEST = "staging-eu/eu-west-1", "test-eu/eu-west-1"
STEP = timedelta(seconds=10)


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


class Daemons:
    """So many daemons with one SQS queue. Each ticks once a minute, at seconds of its own."""

    def __init__(self, estate: PowerEstate, count: int) -> None:
        queue = SqsQueue(
            estate.aws.client_of_controller("sqs"),
            make_queue(estate.aws.client("sqs"), uuid.uuid4().hex),
            lambda: datetime.now(UTC),
        )
        source = FolderSource(estate.folder)
        self.estate = estate
        self.each = [
            DaemonByHand(estate.accounts(), source, f"daemon-{number}", queue)
            for number in range(count)
        ]
        for daemon in self.each:
            daemon.tick()
        self.work()

    def work(self) -> None:
        """Do all that is on the queue, one work each in turn."""
        turns = cycle(self.each)
        idle = 0
        while idle < len(self.each):
            idle = 0 if next(turns).workers.do_next(0) else idle + 1

    def until(self, moment: datetime) -> None:
        """Let time pass."""
        clock, step = self.estate.clock, 0
        while clock.now < moment:
            clock.sleep(STEP.total_seconds())
            step += 1
            for number, daemon in enumerate(self.each):
                if step % 6 == number * 6 // len(self.each):
                    daemon.tick()
                    self.work()

    def worked(self) -> Counter[tuple[Job, str, str]]:
        """Return how often each job was taken for a scope, by what asked for it, since this was asked last."""
        found = Counter(
            (work.job, work.scope, work.trigger) for daemon in self.each for work in daemon.worked
        )
        for daemon in self.each:
            daemon.worked.clear()
        return found


def moments(job: Job, scope: str, every_s: int, since: datetime, until: datetime) -> int:
    """Return how often what recurs is due."""
    found = 0
    while (at := due_moment(f"{job} {scope}", every_s, since, until)) is not None:
        found, until = found + 1, at - timedelta(seconds=1)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_every_scope_is_handled_once_whenever_ticks_come(estate: PowerEstate, count: int) -> None:
    members = estate.group("c50-ta-Web")
    daemons = Daemons(estate, count)
    estate.at(EVENING - timedelta(minutes=1))
    for daemon in daemons.each:
        daemon.tick()
    daemons.work()
    daemons.worked()

    daemons.until(EVENING + timedelta(minutes=6))

    worked = daemons.worked()
    assert set(estate.states().values()) == {"stopped"}
    assert {worked[Job.POWER, scope, "tick"] for scope in (STAGING, TEST)} == {1}
    since, every_s = EVENING - timedelta(minutes=1), estate.settings.intervals.resync_seconds
    for scope in (STAGING, TEST):
        expected = moments(Job.LOOK, scope, every_s, since, estate.clock.now)
        assert worked[Job.LOOK, scope, "tick"] == expected

    # A commit, and an override that ends: each once for all.
    estate.environment("c52")
    daemons.until(estate.clock.now + timedelta(minutes=2))
    worked = daemons.worked()
    assert worked[Job.RECONCILE, CONFIG_SCOPE, "source"] == 1
    assert "c52" in {ref.key for ref in estate.accepted().of_kind("Environment")}

    now = estate.clock.now
    overrides = Overrides(accepted_now(estate.installation, now, estate.accounts()), now, PERSON)
    night = OverrideAsked(
        what="c50", assignments=("schedule=on",), until="+6m", until_git=False, reason="release"
    )
    overrides.carry_out(overrides.prepare(night, lambda _: ""))
    daemons.until(now + timedelta(minutes=5, seconds=50))
    assert estate.states() == dict.fromkeys(members, "running")
    daemons.worked()
    daemons.until(now + timedelta(minutes=9))
    assert set(estate.states().values()) == {"stopped"}
    worked = daemons.worked()
    assert worked[Job.POWER, STAGING, "tick"] == 1
    assert not [row for row in estate.rows() if row.startswith("override#")]


def test_a_look_goes_by_what_is_accepted_when_it_begins(estate: PowerEstate) -> None:
    """The daemon that takes the work has not ticked since another one took a commit in."""
    estate.group("c50-ta-Web")
    daemons = Daemons(estate, 2)
    first, second = daemons.each
    estate.clock.sleep(60)
    estate.environment("c50", schedule='"off"')
    first.jobs.tick_source()
    assert first.workers.do_next(0)

    second.work()

    assert set(estate.states().values()) == {"stopped"}
    assert {work.scope for work in second.worked} == {STAGING, TEST}


def test_ticks_on_both_sides_of_a_minute_ask_once(estate: PowerEstate) -> None:
    estate.group("c50-ta-Web")
    first, second = Daemons(estate, 2).each
    estate.at(EVENING + timedelta(seconds=29))
    assert set(first.tick_and_work()) >= {f"power {STAGING}", f"power {TEST}"}
    estate.at(EVENING + timedelta(seconds=31))
    assert not [what for what in second.tick_and_work() if what.startswith("power")]


@pytest.mark.slow
def test_a_commit_waits_for_who_owns_the_tables_and_is_not_forgotten(estate: PowerEstate) -> None:
    (daemon,) = Daemons(estate, 1).each
    leases = estate.installation.leases
    head = leases.take(CONFIG_SCOPE, Claim("ada"))
    estate.clock.sleep(60)
    leases.renew(head)
    estate.environment("c52")
    daemon.tick_and_work()
    assert "c52" not in {ref.key for ref in estate.accepted().of_kind("Environment")}

    leases.release(head)
    estate.clock.sleep(70)
    daemon.tick_and_work()
    assert "c52" in {ref.key for ref in estate.accepted().of_kind("Environment")}
