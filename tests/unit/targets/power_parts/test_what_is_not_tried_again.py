"""What was taken back, lost or refused by AWS before: whether power asks for it again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.decisions.schedule_memory import ScheduleMemory
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.live_account import NOW, accepted_of
from tests.unit.decisions.looks import group, instance
from tests.unit.targets.power_parts.test_power_changes import WEB, fleet, noted, told, wished


@pytest.mark.parametrize(
    ("minutes_ago", "environment", "held"),
    [
        (20, "on", True),
        (61, "on", False),
        (20, {"expression": "start: 30 11 * * *; stop: 0 20 * * *"}, True),
        (20, {"expression": "start: 50 11 * * *; stop: 0 20 * * *"}, False),
    ],
    ids=["lately", "long ago", "asked for before", "asked for since"],
)
def test_a_start_that_was_taken_back_is_held_for_an_hour_unless_it_is_asked_for_anew(
    minutes_ago: int, environment: Any, held: bool
) -> None:
    at = NOW - timedelta(minutes=minutes_ago)
    found = replace(instance("i-1", "stopped", launched_at=at), failed_start="Client.InternalError")
    (change,) = wished(fleet(environment), found).changes
    assert change.shaping.action == "start"
    assert ("held" in change.extra) is held
    assert ("AWS took back its start" in str(change.shaping.because)) is held


def test_what_aws_interrupted_is_left_to_aws_to_start() -> None:
    spot = replace(instance("i-1", "stopped", lifecycle="spot"), interrupted=True)
    found = wished(fleet("on"), spot, instance("i-2", "stopped"))
    assert told(found) == ["start i-2"]
    assert noted(found) == ["waiting i-1"]


EVENING = {"expression": "start: 0 6 * * *; stop: 0 11 * * *"}


@pytest.mark.parametrize(
    ("minutes_ago", "environment", "is_asked"),
    [
        (20, EVENING, False),
        (61, EVENING, True),
        (23 * 60, "off", False),
        (24 * 60, "off", True),
        (-5, EVENING, True),
    ],
    ids=["lately", "before it was to stop", "within the day", "a day ago", "by a clock ahead"],
)
def test_what_aws_refused_for_good_to_stop_is_asked_once_each_time_it_is_to_stop(
    minutes_ago: int, environment: Any, is_asked: bool
) -> None:
    memory = ScheduleMemory(cannot_stop={"i-1": NOW - timedelta(minutes=minutes_ago)})
    found = wished(fleet(environment), instance("i-1"), instance("i-2"), memory=memory)
    assert told(found) == [*(["stop i-1"] if is_asked else []), "stop i-2"]
    assert noted(found) == ([] if is_asked else ["cannot stop i-1"])


def test_an_override_made_since_asks_for_another_start() -> None:
    started = NOW - timedelta(minutes=20)
    found = replace(
        instance("i-1", "stopped", launched_at=started), failed_start="Client.InternalError"
    )
    held = []
    for since in (started - timedelta(minutes=1), started + timedelta(minutes=1)):
        override = Override(
            "o-1",
            ResourceRef("Environment", "c50"),
            "late",
            "ada",
            since,
            "spec.schedule",
            "on",
            until=NOW + timedelta(hours=1),
        )
        state = replace(accepted_of(fleet("off")), overrides=(override,))
        (change,) = wished(state, found).changes
        held.append("held" in change.extra)
    assert held == [True, False]


def test_members_lost_in_standby_are_put_back_where_the_group_is_to_be_on() -> None:
    members = {"i-1": "InService", "i-2": "Standby", "i-3": "Standby"}
    found = (group(WEB, members, (1, 1, 4)), instance("i-1"))
    (change,) = wished(fleet("on"), *found).changes
    assert (change.ref.kind, change.shaping.action) == ("ParkedGroup", "exitStandby")
    assert str(change.shaping.because).endswith(
        "2 members that ended in standby: put back, AWS replaces what is gone"
    )
    parked = group(WEB, members, (0, 0, 4), envctl__parked="min=1 desired=3")
    assert told(wished(fleet("off"), parked, instance("i-1"))) == ["stop i-1"]
    assert told(wished(fleet("noschedule"), *found)) == []


def test_a_member_that_aws_refused_to_stop_is_noted_until_its_group_wakes() -> None:
    parked = group(WEB, {"i-1": "InService"}, envctl__parked="min=1 desired=1 cannotStop=i-1")
    found = wished(fleet("off"), instance("i-1"), parked)
    assert (told(found), noted(found)) == ([], ["cannot stop i-1"])
    assert told(wished(fleet("off"), instance("i-2"), group(WEB, {"i-2": "InService"}))) != []


def test_where_aws_refused_to_stop_more_than_a_tag_takes_none_leaves_service_any_more() -> None:
    members = {"i-1": "InService", "i-2": "Standby"}
    parked = group(WEB, members, (0, 1, 4), envctl__parked="min=1 desired=2 cannotStop=any")
    found = wished(fleet("off"), instance("i-1"), instance("i-2"), parked)
    assert (told(found), noted(found)) == (["stop i-2"], ["cannot stop i-1"])


def test_an_instance_of_a_warm_pool_is_neither_started_nor_stopped() -> None:
    pooled = instance("i-9", "stopped", aws__autoscaling__groupName=WEB)
    assert told(wished(fleet("on"), pooled, group(WEB, {}))) == []
    running = instance("i-9", "running", aws__autoscaling__groupName=WEB)
    assert told(wished(fleet("off"), running, group(WEB, {}))) == []


def test_a_group_that_is_to_have_no_instances_and_may_end_none_cannot_stop() -> None:
    scaled = fleet("off", whenOff="scaleToZero")
    held = ["Terminate", "ScheduledActions", "AlarmNotification", "AZRebalance"]
    parked = group(WEB, {"i-1": "InService"}, (0, 0, 4), held, envctl__parked="min=1 desired=3")
    found = wished(scaled, instance("i-1"), parked)
    assert (told(found), noted(found)) == ([], [f"cannot stop {WEB}"])


def test_a_group_of_no_instances_at_night_that_may_launch_none_is_short() -> None:
    scaled = fleet("on", whenOff="scaleToZero")
    parked = group(WEB, {}, (1, 3, 4), ["Launch"], envctl__parked="min=1 desired=3")
    found = wished(scaled, parked)
    assert (told(found), noted(found)) == ([], [f"short {WEB}"])
    assert found.notes[0].text == (
        "0 of 3 in service: its process Launch is suspended, so AWS launches no members: resume it"
    )
    resumed = group(WEB, {}, (1, 3, 4), envctl__parked="min=1 desired=3")
    assert told(wished(scaled, resumed)) == [f"update {WEB}"]
