"""At the end of office hours everything is parked and stopped in one run; in the morning it is back as it was."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.engine.commit.lease import Claim
from controller.engine.config.observe import observe_config
from controller.engine.overrides.service import Overrides
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.audit import Asked, page_of
from controller.engine.reconcile.tick import PowerRun
from controller.errors import WrongUsage
from controller.ledger.records import POWER
from controller.model.plan import Cause
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import (
    AFTERNOON,
    CLOCK,
    END,
    EVENING,
    MORNING,
    PERSON,
    PowerEstate,
)

WEB = "c50-ta-Web"
TAG = "envctl:parked"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


def tags(estate: PowerEstate, name: str = WEB) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in estate.look(name)["Tags"]}


def sizes(estate: PowerEstate, name: str = WEB) -> tuple[int, int]:
    found = estate.look(name)
    return found["MinSize"], found["DesiredCapacity"]


def suspended(estate: PowerEstate, name: str = WEB) -> list[str]:
    return sorted(one["ProcessName"] for one in estate.look(name)["SuspendedProcesses"])


def test_a_night_and_a_morning(estate: PowerEstate) -> None:
    members = estate.group(WEB)
    alone = estate.instance("c51")
    # AWS takes its time from here on
    estate.aws.controls.delays(start=2, stop=2, standby=2, launch=2, tags=8)
    # and members are in service still when the group is smaller already and its tag does not show yet
    estate.aws.controls.fail_next("EnterStandby", "ScalingActivityInProgress")

    evening = estate.at(EVENING).tick()

    assert [one.exit_code for one in evening.outcomes] == [0, 0]
    assert set(estate.states().values()) == {"stopped"}
    assert estate.lifecycles(WEB) == ["Standby"] * 3
    assert sizes(estate) == (0, 0)
    assert suspended(estate) == ["AZRebalance", "AlarmNotification", "ScheduledActions"]
    assert [tags(estate) for _ in range(9)][-1][TAG] == "min=1 desired=3"
    assert {one.cause for one in evening.plan.changes} == {Cause.SCHEDULED}

    estate.aws.controls.calls()
    morning = estate.at(MORNING).tick()

    assert estate.aws.controls.calls()["autoscaling.DeleteTags"] == 1
    assert [one.exit_code for one in morning.outcomes] == [0, 0]
    assert estate.states() == dict.fromkeys([*members, alone], "running")
    assert estate.lifecycles(WEB) == ["InService"] * 3
    assert (sizes(estate), suspended(estate)) == ((1, 3), [])
    assert TAG not in [tags(estate) for _ in range(9)][-1]


def test_each_environment_has_one_record_of_what_was_intended_and_one_of_what_came_of_it(
    estate: PowerEstate,
) -> None:
    members = estate.group(WEB)
    alone = estate.instance("c51")
    estate.at(EVENING).tick()

    records = [one for one in estate.records() if one.entity_type == POWER]

    # Environments are worked on side by side: only within each of them is there an order.
    of_c50, of_c51 = (
        [one for one in records if one.entity_key.rpartition("/")[2] == name]
        for name in ("c50", "c51")
    )
    assert [one.phase for one in of_c50] == ["intended", "succeeded"]
    assert [one.phase for one in of_c51] == ["intended", "succeeded"]
    announced = of_c50[0].new_value or {}
    assert {name.rpartition("/")[2] for name in announced} == set(members)
    assert of_c51[0].new_value == {"state": "stopped"} or alone in str(of_c51[0].new_value)
    assert of_c50[0].new_meta["Action"] == "stop"


@pytest.mark.slow
def test_lists_of_changes_show_them_only_when_asked(estate: PowerEstate) -> None:
    estate.instance("c51")
    estate.at(EVENING).tick()
    now = estate.clock.now

    def listed(**asked: Any) -> list[str]:
        ask = Asked(since=END, until=now, now=now, **asked)
        found = page_of(
            estate.installation,
            ask.question(estate.installation),
            limit=10,
            token=None,
            wanted=ask.wanted(estate.installation),
        )
        return [one.phase for one in found.records]

    assert listed() == []
    assert listed(power=True) == ["succeeded", "intended"]
    assert listed(entity="Power/staging-eu/eu-west-1/c51") == ["succeeded", "intended"]


def test_nothing_is_asked_of_aws_before_something_is_due(estate: PowerEstate) -> None:
    estate.group(WEB)
    run = PowerRun(estate.accounts(), Claim("worker", take_over=True), CLOCK)
    accepted = estate.accepted()
    run.watch(accepted, estate.clock.now)
    run.tick(accepted, estate.clock.now)

    assert run.agenda.next_at() == END
    assert run.tick(accepted, AFTERNOON) is None
    assert run.tick(accepted, estate.at(EVENING).clock.now) is not None
    assert set(estate.states().values()) == {"stopped"}
    assert run.tick(accepted, estate.clock.now) is None


@pytest.mark.slow
def test_an_account_that_is_slow_to_answer_keeps_no_other_waiting(
    estate: PowerEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.group(WEB)
    run, switched = estate.run(), threading.Event()
    plan, act = run.accounts.plan, run.accounts.act

    def late(accepted: Any, setups: Any, asked: Any) -> Any:
        assert setups[0].scope.account_name == "staging-eu" or switched.wait(60)
        return plan(accepted, setups, asked)

    def told(*arguments: Any, **more: Any) -> Any:
        switched.set()
        return act(*arguments, **more)

    monkeypatch.setattr(run.accounts, "plan", late)
    monkeypatch.setattr(run.accounts, "act", told)
    assert run.tick(estate.accepted(), estate.at(EVENING).clock.now) is not None
    assert set(estate.states().values()) == {"stopped"}


@pytest.mark.slow
def test_a_tick_that_was_missed_costs_nothing(estate: PowerEstate) -> None:
    estate.group(WEB)
    run = estate.run()
    accepted = estate.accepted()
    estate.at(EVENING + (MORNING - EVENING) / 2)
    run.tick(accepted, estate.clock.now)
    assert set(estate.states().values()) == {"stopped"}


@pytest.mark.slow
def test_a_persons_tag_wins_over_an_override_to_off_and_a_member_stays(
    estate: PowerEstate,
) -> None:
    first, *others = estate.group(WEB)
    estate.tag(first, Schedule="on")
    estate.at(EVENING).tick()

    states = estate.states()
    assert states[first] == "running"
    assert {states[one] for one in others} == {"stopped"}
    assert sizes(estate) == (1, 1)


@pytest.mark.slow
def test_the_override_tag_of_a_person_keeps_an_instance_on_until_it_ends(
    estate: PowerEstate,
) -> None:
    kept, other = estate.instance("c51"), estate.instance("c51")
    until = EVENING.replace(microsecond=0) + (MORNING - EVENING) / 2
    estate.tag(kept, envctl__override=f"on until {until:%Y-%m-%dT%H:%M:%S}Z")
    run = estate.run()
    accepted = estate.accepted()
    run.tick(accepted, estate.at(EVENING).clock.now)
    assert estate.states() == {kept: "running", other: "stopped"}

    (recorded,) = observe_config(estate.installation).overrides
    assert (recorded.ref.key.rpartition("/")[2], recorded.until) == (kept, until)
    assert recorded.reason == "tag envctl:override on the instance"

    assert run.agenda.next_at() == until
    estate.at(until)
    assert run.tick(accepted, until) is not None
    assert estate.states() == {kept: "stopped", other: "stopped"}


@pytest.mark.slow
def test_a_tag_that_is_taken_off_ends_on_record_and_nobody_releases_it_elsewhere(
    estate: PowerEstate,
) -> None:
    kept = estate.instance("c51")
    estate.tag(kept, envctl__override=f"on until {MORNING:%Y-%m-%dT%H:%M:%S}Z")
    now = estate.at(EVENING).clock.now
    estate.tick()
    state = accepted_now(estate.installation, now, estate.accounts())
    with pytest.raises(WrongUsage, match="take the tag off"):
        Overrides(state, now, PERSON).to_release(kept)
    estate.client("ec2").delete_tags(Resources=[kept], Tags=[{"Key": "envctl:override"}])

    estate.tick(*state.seen.overrides)

    assert estate.states() == {kept: "stopped"}
    assert observe_config(estate.installation).overrides == ()
    made, ended = [one for one in estate.records("config") if one.entity_type == "EnvctlState"]
    assert (made.change_type, ended.change_type) == ("Created", "Deleted")
    assert "its tag was taken off" in ended.actor.trigger


@pytest.mark.slow
def test_what_belongs_to_no_known_environment_is_never_touched(estate: PowerEstate) -> None:
    unknown, none = estate.instance("c99"), estate.instance("")
    kept = estate.instance("c51", Maintenance="TRUE")
    left = estate.instance("c51", Schedule="noschedule")
    wrong = estate.instance("c51", Schedule="start: 61 8 * * *")
    evening = estate.at(EVENING).tick()
    assert set(estate.states()) == {unknown, none, kept, left, wrong}
    assert set(estate.states().values()) == {"running"}
    (note,) = [one for scope in evening.plan.scopes for one in scope.notes]
    assert note.ref.key.endswith(wrong)
    assert note.category == "invalid"


@pytest.mark.slow
def test_an_account_that_cannot_be_reached_stops_no_other(estate: PowerEstate) -> None:
    estate.group(WEB)
    there = estate.instance("t1", "test-eu")
    estate.aws.controls.fail_next("DescribeInstances", "UnauthorizedOperation", account="210987654321", times=None)  # fmt: skip
    evening = estate.at(EVENING).tick()
    assert set(estate.states().values()) == {"stopped"}
    assert estate.states() != {}
    assert [one.state.value for one in evening.plan.scopes] == ["ok", "unknown"]
    estate.aws.controls.no_faults()
    assert estate.states("test-eu") == {there: "running"}


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.slow
def test_killed_half_way_the_next_run_goes_on_and_says_what_became_of_it(
    estate: PowerEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.group(WEB)

    def killed(_seconds: float) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(estate.clock, "sleep", killed)
        with pytest.raises(Killed):
            estate.at(EVENING).tick()
    assert estate.lifecycles(WEB) == ["Standby"] * 3
    assert set(estate.states().values()) == {"running"}

    done = estate.tick()

    assert [one.exit_code for one in done.outcomes] == [0, 0]
    assert set(estate.states().values()) == {"stopped"}
    assert tags(estate)[TAG] == "min=1 desired=3"
    phases = [one.phase for one in estate.records() if one.entity_type == POWER]
    assert phases == ["intended", "failed", "intended", "succeeded"]
    estate.at(MORNING).tick()
    assert (sizes(estate), TAG in tags(estate)) == ((1, 3), False)


@pytest.mark.slow
def test_members_found_on_their_way_to_standby_are_stopped_by_the_same_run(
    estate: PowerEstate,
) -> None:
    first, *_ = estate.group(WEB)
    estate.aws.controls.delays(standby=3)
    estate.client("autoscaling").enter_standby(
        InstanceIds=[first], AutoScalingGroupName=WEB, ShouldDecrementDesiredCapacity=True
    )
    assert "EnteringStandby" in estate.lifecycles(WEB)

    done = estate.at(EVENING).tick()

    assert [one.exit_code for one in done.outcomes] == [0, 0]
    assert set(estate.states().values()) == {"stopped"}
    assert estate.lifecycles(WEB) == ["Standby"] * 3


@pytest.mark.slow
def test_an_instance_that_ends_in_between_is_no_obstacle(estate: PowerEstate) -> None:
    gone, other = estate.instance("c51"), estate.instance("c51")
    estate.aws.controls.fail_next("StopInstances", "IncorrectInstanceState", times=1)
    estate.client("ec2").terminate_instances(InstanceIds=[gone])
    estate.at(EVENING).tick()
    assert estate.states() == {other: "stopped"}


@pytest.mark.slow
def test_a_stop_that_is_due_waits_for_a_running_deployment_an_hour_at_most(
    estate: PowerEstate,
) -> None:
    alone = estate.instance("c51")
    dynamodb = estate.aws.client("dynamodb")
    table = "ConfigDeploymentExecutionStatus"
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "DeploymentID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "DeploymentID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    value = {
        "EnvironmentName": {"S": "C51"},
        "Status": {"S": "In Progress"},
        "StartTimestamp": {"S": f"{AFTERNOON:%Y-%m-%dT%H:%M:%S.000Z}"},
    }
    dynamodb.put_item(TableName=table, Item={"DeploymentID": {"S": "d1"}, "Value": {"M": value}})
    run = estate.run()
    accepted = estate.accepted()
    waiting = run.tick(accepted, estate.at(EVENING).clock.now)
    assert waiting is not None
    assert [one.category for s in waiting.plan.scopes for one in s.notes] == ["postponed"]
    assert estate.states() == {alone: "running"}

    dynamodb.delete_item(TableName=table, Key={"DeploymentID": {"S": "d1"}})
    again = run.agenda.next_at()
    assert again is not None
    assert (again - EVENING).total_seconds() == 300
    run.tick(accepted, estate.at(again).clock.now)
    assert estate.states() == {alone: "stopped"}


@pytest.mark.slow
def test_what_was_just_launched_is_left_on_until_its_grace_is_over(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    estate.tick()
    members = estate.group(WEB)
    # Launched by the real clock, however late in a run of the tests.
    found = estate.client("ec2").describe_instances(InstanceIds=members)
    launched = found["Reservations"][0]["Instances"][0]["LaunchTime"]
    estate.power = {"graceSeconds": int((EVENING - launched).total_seconds()) + 60}

    early = estate.at(EVENING).tick()
    assert estate.lifecycles(WEB) == ["InService"] * 3
    notes = [note for scope in early.plan.scopes for note in scope.notes]
    assert {note.category for note in notes} == {"postponed"}
    assert "just launched; it is left running until" in notes[0].text

    estate.at(MORNING - timedelta(minutes=2)).tick()
    assert estate.lifecycles(WEB) == ["Standby"] * 3


@pytest.mark.slow
def test_limits_by_setting(sandbox: AwsForTests, tmp_path: Path) -> None:
    limits = {"limitTo": {"environments": ["C51"]}}
    estate = PowerEstate(sandbox, tmp_path / "fleet", power=limits)
    estate.tick()
    mine, other = estate.instance("c51"), estate.instance("c50")
    estate.at(EVENING).tick()
    assert estate.states() == {mine: "stopped", other: "running"}
