"""Groups in a child account are made, changed and ended as the accepted documents say, and nothing else is touched."""

from typing import Any

import pytest

from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import ACCOUNT, LiveAccount, changes, failures, notes

WEB = "c50-ta-Web"


@pytest.fixture
def estate(aws: AwsForTests) -> LiveAccount:
    return LiveAccount(aws)


@pytest.fixture
def running(estate: LiveAccount) -> LiveAccount:
    """An estate whose only group is made and in order."""
    assert failures(estate.apply()) == []
    return estate


def test_a_new_environment_gets_its_group(estate: LiveAccount) -> None:
    plan = estate.plan()
    assert changes(plan) == [f"create Group/{WEB} edited"]
    assert plan.to_do[0].effects == {"launched": 2}

    assert failures(estate.do(plan.to_do)) == []

    group = estate.group()
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (1, 2, 4)
    assert group["VPCZoneIdentifier"] == "subnet-1a,subnet-1b"
    assert group["LaunchTemplate"]["Version"] == "1"
    tags = estate.tags()
    assert {key: value for key, value in tags.items() if not key.startswith("envctl:")} == {
        "EnvironmentType": "Staging",
        "Environment": "c50",
        "OwningCluster": "Tango",
        "OwningTeam": "Tango",
        "OwningClusterShortName": "ta",
        "Role": "Web",
        "SecurityZone": "Other",
        "Schedule": "",
        "ContactEmail": "tango@acme.example",
    }
    assert all(
        tag["PropagateAtLaunch"] != tag["Key"].startswith("envctl:") for tag in group["Tags"]
    )
    template = estate.template()
    assert (template["InstanceType"], template["KeyName"]) == ("m6i.large", "tango")
    assert template["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False
    (hook,) = estate.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=WEB)[
        "LifecycleHooks"
    ]
    assert (hook["LifecycleHookName"], hook["HeartbeatTimeout"]) == ("10min-draining", 180)


def test_a_group_that_changes_under_an_override_says_so(running: LiveAccount) -> None:
    c50 = ResourceRef("Environment", "c50")
    running.overrides = (Override("o1", c50, "load", "ada", running.now, "roles.Web.ami", "x"),)
    running.role(terminationDelay=9)

    (change,) = running.plan().to_do

    assert change.because.endswith("c50 is overridden: roles.Web.ami=x")


@pytest.mark.parametrize("deep", [False, True])
def test_what_is_in_order_is_left(running: LiveAccount, deep: bool) -> None:
    plan = running.plan(deep=deep)
    assert (changes(plan), notes(plan)) == ([], [])


def test_a_new_environment_that_is_off_begins_without_instances(estate: LiveAccount) -> None:
    estate.change("Environment", "c50", schedule="off")
    plan = estate.plan()
    assert plan.to_do[0].effects is None
    assert plan.to_do[0].because == "without instances: its environment has no schedule, mode off"
    estate.do(plan.to_do)
    assert estate.group()["Instances"] == []

    assert changes(estate.plan()) == []
    estate.change("Environment", "c50", schedule="on")
    estate.apply()
    assert estate.group()["DesiredCapacity"] == 2


def test_making_it_twice_makes_it_once(estate: LiveAccount) -> None:
    plan = estate.plan()
    estate.do(plan.to_do)
    assert failures(estate.do(plan.to_do)) == []
    assert len(estate.group()["Instances"]) == 2
    assert changes(estate.plan(deep=True)) == []


def test_an_answer_that_was_lost_is_no_second_group(estate: LiveAccount) -> None:
    estate.aws.controls.lose_answer("CreateAutoScalingGroup")
    plan = estate.plan()
    estate.do(plan.to_do)
    assert failures(estate.do(plan.to_do)) == []
    assert changes(estate.plan(deep=True)) == []


def test_a_missing_security_group_stops_only_its_role(estate: LiveAccount) -> None:
    (web,) = estate.documents["DeploymentMap", "web"]["roles"]
    batch = {**web, "serverRoleName": "Batch", "securityGroups": ["sgNobodyMade"]}
    estate.change("DeploymentMap", "web", roles=[web, batch])

    plan = estate.plan()

    assert changes(plan) == [f"create Group/{WEB} edited"]
    (note,) = notes(plan)
    assert note.startswith("missing c50-ta-Batch: there is no instance profile roleTangoBatch")
    assert "no security group with the Name tag sgNobodyMade in vpc-1: create it" in note


@pytest.mark.slow
def test_a_group_that_exists_is_healed_while_its_new_security_group_is_missing(
    running: LiveAccount,
) -> None:
    running.role(securityGroups=["sgNobodyMade"], instanceType="m6i.xlarge")
    running.client("autoscaling").set_desired_capacity(AutoScalingGroupName=WEB, DesiredCapacity=4)

    plan = running.plan()
    assert changes(plan) == [f"update Group/{WEB} drifted: desiredCapacity"]
    assert [note.partition(":")[0] for note in notes(plan)] == [f"missing {WEB}"]
    assert failures(running.do(plan.to_do)) == []
    assert running.template()["InstanceType"] == "m6i.large", "the template waits as a whole"
    assert changes(running.plan()) == []

    running.furnish()
    running.apply()
    assert running.template()["InstanceType"] == "m6i.xlarge"
    assert changes(running.plan(deep=True)) == []


def test_all_that_lacks_is_said_at_once(estate: LiveAccount) -> None:
    estate.role(
        ami="db-9.9.9",
        clusterKeyName="nobody",
        instanceProfileName="roleNobody",
        notifications=[{"topic": "nobody-listens"}],
    )
    (note,) = notes(estate.plan())
    for lacking in ("image db-9.9.9", "key pair nobody", "profile roleNobody", "nobody-listens"):
        assert lacking in note


@pytest.mark.slow
def test_a_topic_of_another_account_lets_its_role_alone_wait(estate: LiveAccount) -> None:
    other = "arn:aws:sns:eu-west-1:000000000099:theirs"
    estate.role(notifications=[{"topic": other}])
    plan = estate.plan()
    assert changes(plan) == []
    (note,) = notes(plan)
    assert f"topic {other} may not be read, so it cannot be told whether it is there" in note


def test_a_locked_environment_is_left_alone(running: LiveAccount) -> None:
    running.role(instanceType="m6i.xlarge")
    running.change("Environment", "c50", deploymentsLocked=True)
    plan = running.plan()
    assert changes(plan) == []
    assert any("are locked" in note for note in notes(plan))


def test_a_size_that_drifted_is_healed(running: LiveAccount) -> None:
    running.client("autoscaling").set_desired_capacity(AutoScalingGroupName=WEB, DesiredCapacity=4)
    plan = running.plan()
    assert changes(plan) == [f"update Group/{WEB} drifted: desiredCapacity"]
    assert plan.to_do[0].effects == {"ended": 2}
    running.do(plan.to_do)
    assert running.group()["DesiredCapacity"] == 2
    assert changes(running.plan()) == []


def test_other_sizes_in_the_map_are_an_edit(running: LiveAccount) -> None:
    running.role(autoScalingSettings={"minCapacity": 2, "desiredCapacity": 3, "maxCapacity": 4})
    plan = running.plan()
    assert changes(plan) == [f"update Group/{WEB} edited: desiredCapacity, minSize"]
    assert plan.to_do[0].effects == {"launched": 1}


def test_the_desired_capacity_of_an_external_owner_is_left(estate: LiveAccount) -> None:
    sizes = {"minCapacity": 1, "desiredCapacity": 2, "maxCapacity": 4, "desiredOwner": "external"}
    estate.role(autoScalingSettings=sizes)
    estate.apply()
    estate.client("autoscaling").set_desired_capacity(AutoScalingGroupName=WEB, DesiredCapacity=4)
    assert changes(estate.plan()) == []

    estate.role(autoScalingSettings={**sizes, "maxCapacity": 3})
    assert changes(estate.plan()) == [f"update Group/{WEB} edited: desiredCapacity, maxSize"]


def test_a_tag_that_a_person_set_as_schedule_is_left(running: LiveAccount) -> None:
    _tag(running, Schedule="ON")
    assert changes(running.plan()) == []

    running.role(scheduleTag="noschedule")
    assert changes(running.plan()) == [f"update Group/{WEB} edited: tags.Schedule"]
    running.apply()
    assert running.tags()["Schedule"] == "noschedule"

    running.role(scheduleTag=None)
    running.apply()
    assert running.tags()["Schedule"] == ""


def test_other_peoples_tags_stay(running: LiveAccount) -> None:
    _tag(running, Costs="4711", OwningTeam="Rhino")
    assert changes(running.plan()) == [f"update Group/{WEB} drifted: tags.OwningTeam"]
    running.apply()
    assert (running.tags()["Costs"], running.tags()["OwningTeam"]) == ("4711", "Tango")


def test_a_change_of_one_role_touches_its_groups_alone(estate: LiveAccount) -> None:
    (web,) = estate.documents["DeploymentMap", "web"]["roles"]
    estate.change("DeploymentMap", "web", roles=[web, {**web, "serverRoleName": "Batch"}])
    estate.furnish()
    estate.apply()

    estate.change(
        "DeploymentMap",
        "web",
        roles=[web, {**web, "serverRoleName": "Batch", "instanceType": "c6i.large"}],
    )
    assert changes(estate.plan()) == [
        "update Group/c50-ta-Batch edited: instanceType, instancesBehind"
    ]


def test_what_only_a_closer_look_shows_is_healed_then(running: LiveAccount) -> None:
    scaling = running.client("autoscaling")
    scaling.delete_lifecycle_hook(LifecycleHookName="10min-draining", AutoScalingGroupName=WEB)
    assert changes(running.plan()) == []
    assert changes(running.plan(deep=True)) == [f"update Group/{WEB} drifted: terminationDelay"]
    running.apply(deep=True)
    assert scaling.describe_lifecycle_hooks(AutoScalingGroupName=WEB)["LifecycleHooks"]


def test_pointing_a_group_elsewhere_is_seen_at_a_light_look(running: LiveAccount) -> None:
    pointer = running.group()["LaunchTemplate"]["LaunchTemplateId"]
    data = {**running.template(), "InstanceType": "t3.micro"}
    data.pop("TagSpecifications", None)
    running.client("ec2").create_launch_template_version(
        LaunchTemplateId=pointer, LaunchTemplateData=data
    )
    running.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=WEB,
        LaunchTemplate={"LaunchTemplateId": pointer, "Version": "2"},
    )
    (line,) = changes(running.plan())
    assert line.startswith(f"update Group/{WEB} drifted: instanceType")
    running.apply()
    assert running.template()["InstanceType"] == "m6i.large"
    assert changes(running.plan()) == []


def test_a_security_group_that_was_made_anew_is_taken(running: LiveAccount) -> None:
    ec2 = running.client("ec2")
    by_name = [{"Name": "tag:Name", "Values": ["sgRoleTangoWeb"]}]
    (old,) = ec2.describe_security_groups(Filters=by_name)["SecurityGroups"]
    ec2.create_tags(Resources=[old["GroupId"]], Tags=[{"Key": "Name", "Value": "sgOld"}])
    new = ec2.create_security_group(
        GroupName="sgRoleTangoWeb2", Description="made anew", VpcId="vpc-1"
    )["GroupId"]
    ec2.create_tags(Resources=[new], Tags=[{"Key": "Name", "Value": "sgRoleTangoWeb"}])

    (line,) = changes(running.plan(deep=True))
    assert "drifted" in line
    assert "securityGroups" in line
    running.apply(deep=True)

    assert new in running.template()["NetworkInterfaces"][0]["Groups"]
    assert changes(running.plan(deep=True)) == []


def test_without_its_marks_it_is_looked_at_closely_once(running: LiveAccount) -> None:
    scaling = running.client("autoscaling")
    tag = {"ResourceId": WEB, "ResourceType": "auto-scaling-group"}
    scaling.delete_tags(Tags=[{**tag, "Key": key} for key in ("envctl:deep", "envctl:image")])
    assert changes(running.plan()) == [f"update Group/{WEB} drifted: marks"]
    running.apply()
    assert changes(running.plan()) == []


def test_a_group_that_lost_its_mark_is_still_ours(running: LiveAccount) -> None:
    tag = {"ResourceId": WEB, "ResourceType": "auto-scaling-group", "Key": "envctl:id"}
    running.client("autoscaling").delete_tags(Tags=[tag])
    plan = running.plan()
    assert [one.because for one in plan.to_do] == ["mark lost"]
    running.do(plan.to_do)
    assert changes(running.plan()) == []


def test_ending_an_environment_says_how_many_instances_end(running: LiveAccount) -> None:
    running.change("Environment", "c50", lifecycle="retired")
    plan = running.plan()
    (change,) = plan.to_do
    assert (change.action, change.effects) == ("delete", {"ended": 2})
    assert change.because == (
        "Environment/c50 is retired; stays behind: Consul environments/c50/roles/Web"
    )
    assert change.origin is not None
    assert change.origin.path == "Environment-c50.yaml", "a reader is sent to who says so"

    running.do(plan.to_do)

    assert running.group() == {}
    templates = running.client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert templates == []
    assert failures(running.do(plan.to_do)) == []


def test_a_role_that_goes_without_its_environment_is_held_back(running: LiveAccount) -> None:
    running.change("Environment", "c50", roles={"Web": {"enabled": False}})
    plan = running.plan()
    assert changes(plan) == []
    assert any("not retired" in note for note in notes(plan))


NOBODY = {"minCapacity": 0, "desiredCapacity": 0, "maxCapacity": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("documents", "sizes"),
    [
        ({"roles": {"Web": {"enabled": False}}}, {}),
        ({"lifecycle": "retired"}, {}),
        ({"roles": {"Web": {"autoScalingSettings": NOBODY}}}, {}),
        ({}, {"autoScalingSettings": {**NOBODY, "maxCapacity": 4}}),
        ({}, {"autoScalingSettings": {**NOBODY, "desiredOwner": "external"}}),
    ],
    ids=["its role goes", "retired", "no size", "no size in its map", "no room"],
)
def test_a_protected_environment_loses_no_group_and_no_last_instance(
    running: LiveAccount, documents: dict[str, Any], sizes: dict[str, Any]
) -> None:
    running.change("Environment", "c50", **documents)
    running.role(**sizes)
    running.protected = ("c50",)
    plan = running.plan()
    assert changes(plan) == []
    assert any("Environment/c50 is protected" in note for note in notes(plan))
    assert not any("--approve protected@" in note for note in notes(plan))
    running.protected = ()
    assert changes(running.plan()) or "enabled" in str(documents), "nothing else is in the way"


def test_a_protected_environment_may_grow_shrink_and_sleep(running: LiveAccount) -> None:
    running.protected = ("c50",)
    running.role(autoScalingSettings={"minCapacity": 1, "desiredCapacity": 1, "maxCapacity": 4})
    assert failures(running.do(running.plan().to_do)) == []
    assert running.group()["DesiredCapacity"] == 1
    running.role(whenOff="scaleToZero")
    running.change("Environment", "c50", schedule="off")
    plan = running.plan()
    assert not any("is protected" in note for note in notes(plan))


def test_a_group_we_never_made_is_not_deleted(running: LiveAccount) -> None:
    running.records.done.clear()
    running.change("Environment", "c50", lifecycle="retired")
    assert changes(running.plan()) == []


def test_each_slice_has_a_group(estate: LiveAccount) -> None:
    estate.role(fleetPerSlice=True, slices={"blue": {}, "green": {"desiredCapacity": 1}})
    estate.apply()
    assert estate.group("c50-ta-Web-green")["DesiredCapacity"] == 1
    assert estate.tags("c50-ta-Web-blue")["Role"] == "Web-blue"


def _tag(estate: LiveAccount, **tags: str) -> None:
    made: list[Any] = [
        {
            "ResourceId": WEB,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
        }
        for key, value in tags.items()
    ]
    estate.aws.client("autoscaling", ACCOUNT).create_or_update_tags(Tags=made)
