"""Groups that do not do what they are asked for: each a state with words, none a loop, and nothing else is kept waiting."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.scenarios.test_at_three_in_the_morning_anyone_can_see_why import explained
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import EVENING, MORNING, PowerEstate

WEB = "c50-ta-Web"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


@pytest.mark.slow
def test_a_member_that_ends_in_standby_is_replaced_in_the_morning(estate: PowerEstate) -> None:
    gone, *others = estate.group(WEB)
    estate.at(EVENING).tick()
    estate.client("ec2").terminate_instances(InstanceIds=[gone])
    assert estate.lifecycles(WEB) == ["Standby"] * 3

    morning = estate.at(MORNING).tick()

    assert [one.exit_code for one in morning.outcomes] == [0, 0]
    found = estate.look(WEB)
    assert (found["MinSize"], found["DesiredCapacity"]) == (1, 3)
    assert estate.lifecycles(WEB) == ["InService"] * 3
    ids = {one["InstanceId"] for one in found["Instances"]}
    assert ids >= set(others)
    assert gone not in ids
    assert "envctl:parked" not in {tag["Key"] for tag in found["Tags"]}


@pytest.mark.slow
def test_a_member_that_may_not_be_stopped_serves_on_and_is_asked_once_an_evening(
    estate: PowerEstate,
) -> None:
    protected, *others = estate.group(WEB)
    estate.client("ec2").modify_instance_attribute(
        InstanceId=protected, DisableApiStop={"Value": True}
    )

    evening = estate.at(EVENING).tick()

    assert estate.states() == {protected: "running", **dict.fromkeys(others, "stopped")}
    assert estate.lifecycles(WEB) == ["InService", "Standby", "Standby"]
    assert evening.outcomes[0].exit_code == 7
    assert "OperationNotPermitted" in evening.outcomes[0].finding.reason

    estate.aws.controls.calls()
    later = estate.at(EVENING + timedelta(minutes=5)).tick()
    assert later.outcomes[0].exit_code == 0
    assert [str(one.category) for s in later.plan.scopes for one in s.notes] == ["cannot stop"]
    assert (
        not {"ec2.StopInstances", "autoscaling.EnterStandby"} & estate.aws.controls.calls().keys()
    )

    estate.at(MORNING).tick()
    assert set(estate.states().values()) == {"running"}
    assert estate.lifecycles(WEB) == ["InService"] * 3


@pytest.mark.slow
def test_an_instance_of_no_group_that_may_not_be_stopped_is_asked_once_an_evening(
    estate: PowerEstate,
) -> None:
    protected, other = estate.instance("c50"), estate.instance("c50")
    estate.client("ec2").modify_instance_attribute(
        InstanceId=protected, DisableApiStop={"Value": True}
    )
    evenings = [EVENING + timedelta(minutes=minutes) for minutes in (0, 5, 10)]

    asked, recorded = [], []
    for moment in evenings:
        estate.aws.controls.calls()
        before = len(estate.records())
        ticked = estate.at(moment).tick()
        calls = estate.aws.controls.calls()
        asked.append(calls.get("ec2.StopInstances", 0))
        recorded.append(len(estate.records()) - before)
        if moment in evenings[1:]:
            (note,) = (one for scope in ticked.plan.scopes for one in scope.notes)
            assert (str(note.category), note.ref.key.rpartition("/")[2]) == (
                "cannot stop",
                protected,
            )
            assert ticked.outcomes[0].exit_code == 0

    assert estate.states() == {protected: "running", other: "stopped"}
    assert [bool(calls) for calls in asked] == [True, False, False]
    assert recorded[1:3] == [0, 0]


@pytest.mark.slow
def test_a_warm_pool_stays_as_its_group_keeps_it(estate: PowerEstate) -> None:
    members = estate.group(WEB)
    estate.client("autoscaling").put_warm_pool(AutoScalingGroupName=WEB, MinSize=2)
    pool = sorted(estate.states().keys() - set(members))

    estate.at(EVENING).tick()
    morning = estate.at(MORNING).tick()

    assert [one.exit_code for one in morning.outcomes] == [0, 0]
    assert {name: estate.states()[name] for name in pool} == dict.fromkeys(pool, "stopped")
    assert {estate.states()[name] for name in members} == {"running"}


@pytest.mark.slow
def test_members_that_are_protected_from_scale_in_are_told_and_asked_to_end_once(
    estate: PowerEstate,
) -> None:
    role_says(estate, "whenOff: scaleToZero")
    protected, *others = estate.group(WEB)
    scaling = estate.client("autoscaling")
    held = {"AutoScalingGroupName": WEB, "InstanceIds": [protected]}
    scaling.set_instance_protection(**held, ProtectedFromScaleIn=True)

    evening = estate.at(EVENING).tick()

    told = f"AWS does not end members that are protected from scale-in: take that off {protected}"
    assert evening.outcomes[0].exit_code == 7
    assert told in evening.outcomes[0].finding.reason
    assert estate.states() == {protected: "running"}
    estate.aws.controls.calls()
    later = estate.at(EVENING + timedelta(minutes=5)).tick()
    assert [one.text for scope in later.plan.scopes for one in scope.notes] == [told]
    assert "autoscaling.UpdateAutoScalingGroup" not in estate.aws.controls.calls()

    scaling.set_instance_protection(**held, ProtectedFromScaleIn=False)
    morning = estate.at(MORNING).tick()

    assert morning.outcomes[0].exit_code == 0
    assert estate.lifecycles(WEB) == ["InService"] * 3
    assert estate.states().keys() & set(others) == set()
    assert "envctl:parked" not in {tag["Key"] for tag in estate.look(WEB)["Tags"]}


@pytest.mark.slow
def test_a_member_that_does_not_come_into_service_is_ended_for_another_where_its_role_says_so(
    estate: PowerEstate,
) -> None:
    role_says(estate, "whenStuck: replace")
    before = estate.group(WEB)
    # Of no other group may the role of an account end members.
    mark = {"Key": "envctl:id", "Value": "ours", "PropagateAtLaunch": False}
    of_group = {"ResourceId": WEB, "ResourceType": "auto-scaling-group"}
    estate.client("autoscaling").create_or_update_tags(Tags=[{**of_group, **mark}])
    estate.at(EVENING).tick()
    estate.aws.controls.delays(launch=1000)
    estate.at(MORNING).tick()
    assert estate.lifecycles(WEB) == ["Pending"] * 3
    estate.aws.controls.delays(launch=0)

    later = estate.at(MORNING + timedelta(hours=1)).tick()

    assert later.outcomes[0].exit_code == 0
    assert estate.lifecycles(WEB) == ["InService"] * 3
    assert estate.states().keys() & set(before) == set()


@pytest.mark.slow
def test_a_group_of_no_instances_at_night_that_cannot_launch_says_why(
    estate: PowerEstate,
) -> None:
    role_says(estate, "whenOff: scaleToZero")
    estate.group(WEB)
    estate.at(EVENING).tick()
    assert estate.states() == {}
    estate.aws.controls.settings(failing_launches=[WEB])

    morning = estate.at(MORNING).tick()

    assert morning.outcomes[0].exit_code == 7
    told = f"{WEB}: 0 of 3 in service; AWS's last activity failed: We currently do not have sufficient capacity"
    assert told in morning.outcomes[0].finding.reason
    (block,) = explained(estate, WEB).blocks
    assert block.detail.startswith("0 of 3 in service since 20")
    assert "UTC; AWS's last activity failed: We currently do not have sufficient" in block.detail

    estate.aws.controls.settings(failing_launches=[])
    estate.client("autoscaling").set_desired_capacity(AutoScalingGroupName=WEB, DesiredCapacity=3)
    later = estate.at(MORNING + timedelta(minutes=5)).tick()
    assert later.outcomes[0].exit_code == 0
    assert estate.lifecycles(WEB) == ["InService"] * 3
    assert "envctl:parked" not in {tag["Key"] for tag in estate.look(WEB)["Tags"]}


def role_says(estate: PowerEstate, field: str) -> None:
    """Accept one field more of the only role."""
    shared = estate.folder / "shared.yaml"
    text = shared.read_text()
    shared.write_text(text.replace("ami: web-1.4.2,", f"ami: web-1.4.2, {field},"))
    estate.accept()
