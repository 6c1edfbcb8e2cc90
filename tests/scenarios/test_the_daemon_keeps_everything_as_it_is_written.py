"""The daemon: a commit becomes tables and accounts, evenings come, and a bad commit stops nothing."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from controller.engine.installation.installation import find_installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.audit import verify_installation
from controller.engine.snapshots.places import list_snapshots, open_store
from controller.engine.state.rows import statuses_in
from controller.events import DesiredRejected, WorkFailed
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.work import Job, Work
from controller.place_settings import LedgerSettings, SnapshotSettings
from controller.sources.folder import FolderSource
from tests.support.daemons import DaemonByHand
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import ACCOUNTS, EVENING, MORNING, PERSON, PowerEstate

WEB = "c50-ta-Web"
STAGING, TEST = "staging-eu/eu-west-1", "test-eu/eu-west-1"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


@pytest.fixture
def daemon(estate: PowerEstate) -> DaemonByHand:
    """A daemon that has just started, and has looked once."""
    made = DaemonByHand(estate.accounts(), FolderSource(estate.folder))
    made.tick_and_work()
    return made


def status(estate: PowerEstate, scope: str) -> tuple[ScopeState, str]:
    found = statuses_in(estate.rows().values())[scope]
    return found.state, found.revision


def test_the_evening_comes_and_the_morning(estate: PowerEstate, daemon: DaemonByHand) -> None:
    members = estate.group(WEB)
    assert daemon.tick_and_work() == []

    estate.at(EVENING)
    assert {f"power {STAGING}", f"power {TEST}"} <= set(daemon.tick_and_work())
    estate.clock.sleep(2)
    daemon.tick_and_work()

    assert estate.lifecycles(WEB) == ["Standby"] * 3
    assert set(estate.states().values()) == {"stopped"}

    estate.at(MORNING)
    daemon.tick_and_work()
    estate.clock.sleep(2)
    daemon.tick_and_work()
    assert estate.states() == dict.fromkeys(members, "running")


@pytest.mark.slow
def test_what_aws_goes_on_with_holds_no_worker(estate: PowerEstate, daemon: DaemonByHand) -> None:
    estate.group(WEB)
    estate.aws.controls.delays(stop=1, standby=1)
    before = estate.at(EVENING).clock.now

    done = daemon.tick_and_work()

    assert f"power {STAGING}" in done
    assert estate.clock.now - before < timedelta(seconds=10), "nobody waited to its end"
    for _ in range(6):
        estate.clock.sleep(2)
        daemon.tick_and_work()
    assert set(estate.states().values()) == {"stopped"}


def test_a_commit_becomes_what_the_tables_hold_and_every_account_is_looked_at(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    estate.environment("c52")
    estate.clock.sleep(60)

    done = daemon.tick_and_work()

    # What recurs may be due at that moment, too: it is asked for beside it, and found done.
    assert set(done) >= {f"look {STAGING}", f"look {TEST}", "reconcile config"}
    assert "c52" in {ref.key for ref in estate.accepted().of_kind("Environment")}
    assert "reconcile config" not in daemon.tick_and_work()


@pytest.mark.slow
def test_a_bad_commit_is_refused_and_nothing_stops(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    estate.group(WEB)
    (estate.folder / "c52.yaml").write_text("kind: [")
    estate.at(EVENING)

    done = daemon.tick_and_work()

    assert "reconcile config" in done
    assert status(estate, "config")[0] is ScopeState.STALLED
    assert [event for event in daemon.events if isinstance(event, DesiredRejected)]
    assert set(estate.states().values()) == {"stopped"}, "schedules go on"

    (estate.folder / "c52.yaml").unlink()
    estate.clock.sleep(60)
    daemon.tick_and_work()
    assert status(estate, "config")[0] is ScopeState.OK


@pytest.mark.slow
def test_an_override_is_heard_of_and_its_end_too(estate: PowerEstate, daemon: DaemonByHand) -> None:
    members = estate.group(WEB)
    now = estate.at(EVENING - timedelta(minutes=1)).clock.now
    overrides = Overrides(accepted_now(estate.installation, now, estate.accounts()), now, PERSON)
    night = OverrideAsked(
        what="c50", assignments=("schedule=on",), until="+6m", until_git=False, reason="release"
    )
    overrides.carry_out(overrides.prepare(night, lambda _: ""))
    estate.at(EVENING)
    daemon.tick_and_work()
    assert estate.states() == dict.fromkeys(members, "running")

    estate.at(EVENING + timedelta(minutes=6))
    daemon.tick_and_work()
    estate.clock.sleep(2)
    daemon.tick_and_work()
    assert set(estate.states().values()) == {"stopped"}
    assert not [row for row in estate.rows() if row.startswith("override#")], "its end is recorded"


@pytest.mark.slow
def test_a_scope_that_cannot_be_seen_is_tried_again_with_growing_pauses(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    estate.at(EVENING)
    estate.aws.controls.fail_next(
        "DescribeInstances", "UnauthorizedOperation", account=ACCOUNTS["staging-eu"], times=None
    )
    tried = []
    for _ in range(30):
        tried += [estate.clock.now] * daemon.tick_and_work().count(f"power {STAGING}")
        found = statuses_in(estate.rows().values())
        again = found[STAGING].retry_at
        assert again is not None
        assert again > estate.clock.now, "status says when it is tried again"
        assert found[TEST].retry_at is None, "others are not left alone for it"
        estate.clock.sleep(60)
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert 3 <= len(tried) <= 12
    assert pauses[-1] >= 4 * pauses[0]
    assert not [event for event in daemon.events if isinstance(event, WorkFailed)]


@pytest.mark.slow
def test_a_daemon_that_has_just_started_takes_up_what_failed_before(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    estate.at(EVENING)
    estate.aws.controls.fail_next(
        "DescribeInstances", "UnauthorizedOperation", account=ACCOUNTS["staging-eu"], times=None
    )
    daemon.tick_and_work()
    estate.aws.controls.no_faults()

    started = DaemonByHand(estate.accounts(), FolderSource(estate.folder), "daemon-b")
    started.tick_and_work()
    assert status(estate, STAGING)[0] is ScopeState.UNKNOWN, "left alone for a minute"
    estate.clock.sleep(61)
    started.tick_and_work()
    assert status(estate, STAGING)[0] is not ScopeState.UNKNOWN


@pytest.mark.slow
def test_what_was_looked_at_since_it_was_asked_for_is_not_looked_at_again(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    assert daemon.queue is not None
    for number in range(2):
        estate.clock.sleep(1)
        asked_at = estate.clock.now
        look = Work(
            scope=STAGING, job=Job.LOOK, dedup=f"a{number}", asked_at=asked_at, trigger="tick"
        )
        daemon.queue.put(look)
    estate.clock.sleep(1)
    estate.aws.controls.calls()
    daemon.work()
    assert estate.aws.controls.calls()["autoscaling.DescribeAutoScalingGroups"] == 1


@pytest.mark.slow
def test_what_others_change_is_recorded_and_healed_within_seconds(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    daemon.records.tick_streams()
    daemon.work()
    client = estate.installation.master.client
    key = {"DeploymentMapName": {"S": "web"}}
    client.update_item(
        TableName="ConfigDeploymentMaps",
        Key=key,
        UpdateExpression="SET #value.DeploymentTarget[0].AMI = :other",
        ExpressionAttributeNames={"#value": "Value"},
        ExpressionAttributeValues={":other": {"S": "web-9"}},
    )

    daemon.records.tick_streams()

    assert daemon.work()[0] == "reconcile config"
    found = client.get_item(TableName="ConfigDeploymentMaps", Key=key)["Item"]
    assert "web-9" not in str(found)
    daemon.records.close()


@pytest.mark.slow
def test_a_snapshot_is_taken_and_the_ledger_anchored_when_their_time_comes(
    estate: PowerEstate, daemon: DaemonByHand, tmp_path: Path
) -> None:
    snapshots = SnapshotSettings(folder=str(tmp_path / "snapshots"), cron="* * * * *")
    master = daemon.accounts.installation.master
    master.settings = master.settings.model_copy(update={"snapshots": snapshots})
    made = DaemonByHand(daemon.accounts, FolderSource(estate.folder))
    made.records.tick_clock()
    estate.clock.sleep(3600)
    made.records.tick_clock()

    assert sorted(made.work()) == ["anchors snapshots", "snapshot snapshots"]
    assert [found.verified for found in list_snapshots(open_store(master))] == [True]
    assert not [event for event in made.events if isinstance(event, WorkFailed)]


@pytest.mark.slow
def test_old_records_are_moved_when_the_settings_say_so(
    estate: PowerEstate, daemon: DaemonByHand, tmp_path: Path
) -> None:
    master = daemon.accounts.installation.master
    more = {
        "snapshots": SnapshotSettings(folder=str(tmp_path / "snapshots")),
        "ledger": LedgerSettings(keep_days=30),
        "intervals": master.settings.intervals.model_copy(update={"anchor_seconds": 10**9}),
    }
    master.settings = master.settings.model_copy(update=more)
    installation = find_installation(master)
    made = DaemonByHand(LiveAccounts(installation), FolderSource(estate.folder))
    made.records.tick_clock()
    estate.clock.sleep(70 * 86400)
    made.records.tick_clock()

    assert "archive ledger" in made.work()
    assert not [event for event in made.events if isinstance(event, WorkFailed)]
    assert installation.archive.reached()[CONFIG_SCOPE].sequence > 1
    assert verify_installation(installation, replay=False).intact


@pytest.mark.slow
def test_a_look_takes_nothing_from_who_works_on_the_tables(
    estate: PowerEstate, daemon: DaemonByHand
) -> None:
    """An override tag is recorded in config, beside the look that found it: by another worker of the same daemon."""
    tagged = estate.instance("c51")
    estate.tag(tagged, envctl__override=f"on until {EVENING + timedelta(hours=1):%Y-%m-%dT%H:%MZ}")
    asked_at = estate.clock.now
    reconcile = Work(
        scope=CONFIG_SCOPE, job=Job.RECONCILE, dedup="a", asked_at=asked_at, trigger="tick"
    )
    leases = estate.installation.leases
    head = leases.take(CONFIG_SCOPE, daemon.jobs._request(reconcile, CONFIG_SCOPE).claim)
    assert daemon.queue is not None
    look = replace(reconcile, scope=STAGING, job=Job.LOOK)

    daemon.queue.put(replace(look, dedup="b", asked_at=estate.clock.now))
    assert daemon.work() == [f"look {STAGING}"]
    leases.renew(head)
    assert not [row for row in estate.rows() if row.startswith("override#")]

    leases.release(head)
    daemon.queue.put(replace(look, dedup="c", asked_at=estate.clock.now))
    daemon.work()
    assert [row for row in estate.rows() if row.startswith("override#")]
