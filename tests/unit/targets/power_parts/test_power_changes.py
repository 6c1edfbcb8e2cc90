"""What power wants of a scope: whose schedule counts, what is left alone, and how it is told."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.decisions.evaluator import Evaluator, power_rules_of
from controller.decisions.power_map import power_map
from controller.decisions.schedule_memory import ScheduleMemory, memory_of
from controller.model.accepted import AcceptedState, LiveOptions, PowerOptions
from controller.model.live import FoundGroup, FoundInstance
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.targets.power_parts.power_changes import PowerChanges, power_changes_of
from tests.support.live_account import FLEET, NOW, SCOPE, Documents, accepted_of
from tests.unit.decisions.looks import group, instance, look

WEB = "c50-ta-Web"


def fleet(environment: Any = "off", /, **role: Any) -> Documents:
    documents = copy.deepcopy(FLEET)
    documents["Environment", "c50"]["schedule"] = environment
    documents["DeploymentMap", "web"]["roles"][0].update(role)
    return documents


def wished(
    accepted: AcceptedState | Documents,
    *found: FoundInstance | FoundGroup,
    now: datetime = NOW,
    memory: ScheduleMemory | None = None,
    deploying: dict[str, datetime] | None = None,
) -> PowerChanges:
    state = accepted if isinstance(accepted, AcceptedState) else accepted_of(accepted)
    power = power_map(state)
    seen = look(*found, at=now)
    judge = Evaluator(seen, power, now, power_rules_of(state.options), deploying)
    return power_changes_of(judge, seen, memory or memory_of(power), now)


def told(wishes: PowerChanges) -> list[str]:
    return [f"{one.shaping.action} {one.ref.key.rpartition('/')[2]}" for one in wishes.changes]


def noted(wishes: PowerChanges) -> list[str]:
    return [f"{one.category} {one.ref.key.rpartition('/')[2]}" for one in wishes.notes]


@pytest.mark.parametrize(
    ("found", "because"),
    [
        (instance("i-1", environment=""), "it names no environment"),
        (instance("i-1", environment="c99"), "nobody knows its environment"),
        (instance("i-1", Maintenance=" True "), "it is in maintenance"),
        (instance("i-1", Schedule="noschedule"), "a person wants it left alone"),
        (instance("i-1", Schedule="on"), "a person's tag goes before the environment"),
        (instance("i-1", Schedule="start: 61 8 * * *"), "its tag is wrong, so nobody guesses"),
        (instance("i-1", lifecycle="spot"), "a Spot instance cannot be stopped"),
        (instance("i-1", root_device="instance-store"), "nor can an instance store"),
        (instance("i-1", launched_at=NOW - timedelta(minutes=9)), "it was just launched"),
        (instance("i-1", envctl__override="on until 2026-11-24T13:00Z"), "kept on by hand"),
        (instance("i-1", envctl__override="on until later"), "somebody meant to keep it on"),
        (instance("i-1", "stopped"), "it is off already"),
        (instance("i-1", "stopping"), "it is on its way"),
    ],
)
def test_what_is_not_stopped(found: FoundInstance, because: str) -> None:
    assert told(wished(fleet("off"), found)) == [], because


def test_an_environment_is_known_in_any_case() -> None:
    assert told(wished(fleet("off"), instance("i-1", environment="C50"))) == ["stop i-1"]


@pytest.mark.parametrize(
    ("found", "note"),
    [
        (instance("i-1", Schedule="start: 61 8 * * *"), ["invalid i-1"]),
        (instance("i-1", lifecycle="spot"), ["cannot stop i-1"]),
        (instance("i-1", launched_at=NOW), ["postponed i-1"]),
        (instance("i-1", "stopping"), ["waiting i-1"]),
        (instance("i-1", environment="c99"), []),
    ],
)
def test_what_is_said_of_what_is_left(found: FoundInstance, note: list[str]) -> None:
    assert noted(wished(fleet("off"), found)) == note


@pytest.mark.parametrize(
    ("wanted", "state", "lifecycle", "expected", "why"),
    [
        ("off", "running", "EnteringStandby", ["stop i-1"], "it is stopped once it stands by"),
        (
            "on",
            "running",
            "EnteringStandby",
            ["exitStandby i-1"],
            "it comes back as soon as it may",
        ),
        ("off", "running", "Pending", ["stop i-1"], "it is coming, and is to go again"),
        ("on", "running", "Pending", [], "it is coming, as it is wanted"),
        ("on", "stopping", "Standby", ["start i-1"], "it is started once it has stopped"),
        ("off", "stopping", "Standby", [], "it is going, as it is wanted"),
        ("off", "running", "Pending:Wait", [], "a hook may take an hour"),
        ("off", "running", "Terminating:Wait", [], "it goes away by itself"),
        ("off", "shutting-down", "Terminating", [], "it is nearly gone"),
    ],
)
def test_what_is_on_its_way_is_driven_on_or_said_to_be(
    wanted: str, state: str, lifecycle: str, expected: list[str], why: str
) -> None:
    # Launched long enough ago to be stopped again, not yet so long that it is stuck.
    one = instance("i-1", state, launched_at=NOW - timedelta(minutes=11))
    found = wished(fleet(wanted), one, group(WEB, {"i-1": lifecycle}))
    assert told(found) == expected, why
    assert noted(found) == ([] if expected else ["waiting i-1"]), why


def test_what_is_on_its_way_is_held_back_as_all_are() -> None:
    entering = group(WEB, {"i-1": "EnteringStandby"})
    found = wished(fleet("off"), instance("i-1"), entering, deploying={"c50": NOW})
    assert (told(found), noted(found)) == ([], ["postponed i-1"])


def test_members_are_stopped_as_one_change_each() -> None:
    found = wished(
        fleet("off"),
        instance("i-1"),
        instance("i-2", "stopped"),
        instance("i-3"),
        group(WEB, {"i-1": "InService", "i-2": "InService", "i-3": "Standby"}),
    )
    assert told(found) == ["stop i-1", "enterStandby i-2", "stop i-3"]
    assert found.changes[0].after == {"state": "stopped", "lifecycle": "Standby"}
    assert found.changes[0].extra["groupWanted"] == "off"
    assert [one.shaping.effects for one in found.changes] == [{"stopped": 1}, None, {"stopped": 1}]


def test_a_parked_group_wakes_with_its_members() -> None:
    found = wished(
        fleet("on"),
        instance("i-1", "stopped"),
        instance("i-2"),
        group(
            WEB,
            {"i-1": "Standby", "i-2": "Standby"},
            (0, 0, 4),
            ("AZRebalance",),
            envctl__parked="min=1 desired=2",
        ),
    )
    assert told(found) == ["start i-1", "exitStandby i-2", f"exitStandby {WEB}"]
    assert found.changes[2].after == {"minSize": 1, "parked": False, "suspended": "none"}


def test_a_parked_group_at_rest_is_left() -> None:
    members = {"i-1": "Standby"}
    parked = group(WEB, members, (0, 0, 4), envctl__parked="min=1 desired=1")
    assert told(wished(fleet("off"), instance("i-1", "stopped"), parked)) == []


def test_a_member_off_by_its_own_tag_does_not_keep_its_group_asleep() -> None:
    parked = group(
        WEB,
        {"i-1": "Standby", "i-2": "InService"},
        (1, 1, 4),
        envctl__parked="min=2 desired=2",
    )
    found = wished(fleet("on"), instance("i-1", "stopped", Schedule="off"), instance("i-2"), parked)
    assert told(found) == []


@pytest.mark.parametrize(
    ("when_off", "expected"),
    [("standby", ["stop i-1"]), ("ignore", []), ("scaleToZero", [f"update {WEB}"])],
)
def test_what_off_means_is_the_roles(when_off: str, expected: list[str]) -> None:
    found = wished(
        fleet("off", whenOff=when_off), instance("i-1"), group(WEB, {"i-1": "InService"})
    )
    assert told(found) == expected


def test_a_group_is_not_scaled_to_zero_over_a_member_that_stays() -> None:
    found = wished(
        fleet("off", whenOff="scaleToZero"),
        instance("i-1", Schedule="on"),
        group(WEB, {"i-1": "InService"}),
    )
    assert (told(found), noted(found)) == ([], [f"postponed {WEB}"])


def test_a_running_deployment_holds_stops_and_scaling() -> None:
    begun = {"c50": NOW - timedelta(minutes=30)}
    alone = instance("i-1")
    assert told(wished(fleet("off"), alone, deploying=begun)) == []
    late = {"c50": NOW - timedelta(minutes=61)}
    assert told(wished(fleet("off"), alone, deploying=late)) == ["stop i-1"]
    scaled = fleet("off", whenOff="scaleToZero")
    assert told(wished(scaled, group(WEB, {}), deploying=begun)) == []


def test_deployments_are_asked_for_only_when_something_is_to_be_stopped() -> None:
    for schedule, asks in (("on", False), ("off", True)):
        found = wished(fleet(schedule), instance("i-1"), instance("i-2", "stopped"))
        assert found.stops is asks


def test_the_roles_schedule_goes_before_the_environments() -> None:
    assert told(wished(fleet("on", schedule="off"), instance("i-1"))) == ["stop i-1"]
    assert told(wished(fleet("on", scheduleTag="off"), instance("i-1"))) == ["stop i-1"]


def test_a_schedule_tag_that_came_from_us_is_no_persons_tag() -> None:
    members = group(WEB, {"i-1": "InService"}, Schedule="on", envctl__schedule="on")
    documents = fleet("on", schedule="off")
    found = wished(documents, instance("i-1", Schedule="on"), members)
    # The group's tag is what the role said when it was written; it is changed with the group.
    assert told(found) == []
    override = Override("o1", ResourceRef("Instance", "x/i-1"), "cheap", "ada", NOW, "spec.schedule", "off")  # fmt: skip
    accepted = replace(accepted_of(documents), overrides=(override,))
    assert told(wished(accepted, instance("i-1", Schedule="on"), members)) == ["stop i-1"]


@pytest.mark.parametrize(
    ("ref", "value", "found", "expected"),
    [
        ("Environment/c50", "off", instance("i-1"), ["stop i-1"]),
        ("Environment/c50", {"mode": "off"}, instance("i-1"), ["stop i-1"]),
        ("Environment/C50", "off", instance("i-1", Schedule="on"), []),
        (f"Group/{WEB}", "off", instance("i-1"), []),
        ("Instance/i-1", "off", instance("i-1"), ["stop i-1"]),
        ("Instance/i-2", "off", instance("i-1"), []),
        ("Instance/i-1", "no such schedule", instance("i-1"), []),
    ],
)
def test_overrides(ref: str, value: Any, found: FoundInstance, expected: list[str]) -> None:
    override = Override("o1", ResourceRef.parse(ref), "cheap", "ada", NOW, "spec.schedule", value)
    accepted = replace(accepted_of(fleet("on")), overrides=(override,))
    result = wished(accepted, found)
    assert told(result) == expected
    assert all(one.shaping.cause is Cause.OVERRIDDEN for one in result.changes)


def test_an_override_of_a_group_and_one_that_leaves_an_instance_alone() -> None:
    off = Override("o1", ResourceRef.parse(f"Group/{WEB}"), "", "ada", NOW, "spec.schedule", "off")
    left = Override("o2", ResourceRef("Instance", f"{SCOPE.name}/i-2"), "mine", "ada", NOW)
    accepted = replace(accepted_of(fleet("on")), overrides=(off, left))
    members = group(WEB, {"i-1": "InService", "i-2": "InService"})
    assert told(wished(accepted, instance("i-1"), instance("i-2"), members)) == ["stop i-1"]


def test_the_schedule_of_a_role_is_not_that_of_its_environment() -> None:
    of_role = Override("o1", ResourceRef("Environment", "c50"), "", "ada", NOW, "roles.Db.schedule", "off")  # fmt: skip
    accepted = replace(accepted_of(fleet("on")), overrides=(of_role,))
    assert told(wished(accepted, instance("i-1"))) == []


def test_a_role_written_as_noschedule_stays_so_beneath_an_override() -> None:
    overridden = replace(
        accepted_of(fleet("on", schedule="off")),
        beneath=accepted_of(fleet("on", schedule="noschedule")),
    )
    assert told(wished(overridden, instance("i-1"))) == []


@pytest.mark.parametrize(
    ("role", "expected", "noted_"),
    [
        ({}, [], ["waiting i-1", "stuck i-1"]),
        ({"whenStuck": "replace"}, ["update i-1"], ["waiting i-1"]),
        ({"wakeTimeoutSeconds": 7200}, [], ["waiting i-1"]),
    ],
)
def test_a_member_that_does_not_come_up(
    role: dict[str, Any], expected: list[str], noted_: list[str]
) -> None:
    found = wished(
        fleet("on", **role),
        instance("i-1", launched_at=NOW - timedelta(hours=1)),
        group(WEB, {"i-1": "Pending"}),
    )
    assert (told(found), noted(found)) == (expected, noted_)


@pytest.mark.parametrize(
    ("before", "cause"),
    [
        ("off", Cause.SCHEDULED),
        ("on", Cause.EDITED),
        ("noschedule", Cause.EDITED),
        (None, Cause.EDITED),
    ],
)
def test_the_clock_is_told_from_an_edit_by_what_was_known_before(
    before: str | None, cause: Cause
) -> None:
    memory = (
        ScheduleMemory() if before is None else memory_of(power_map(accepted_of(fleet(before))))
    )
    (wish,) = wished(fleet("off"), instance("i-1"), memory=memory).changes
    assert wish.shaping.cause is cause


def test_a_persons_tag_is_nobodys_edit() -> None:
    (wish,) = wished(fleet("on"), instance("i-1", Schedule="off"), memory=ScheduleMemory()).changes
    assert wish.shaping.cause is Cause.SCHEDULED
    assert wish.shaping.because == "instance off says off"


def limited(**power: Any) -> Callable[..., list[str]]:
    accepted = accepted_of(fleet("off"), LiveOptions(power=PowerOptions(**power)))
    return lambda: told(wished(accepted, instance("i-1")))


def test_limits_and_tag_keys_of_an_installation() -> None:
    assert limited(only_environments=("C50",))() == ["stop i-1"]
    assert limited(only_environments=("c51",))() == []
    assert limited(only_accounts=("staging-eu",))() == ["stop i-1"]
    assert limited(only_accounts=("prod-eu",))() == []
    keys = LiveOptions(tag_keys={"Environment": "env", "Schedule": "power"})
    found = wished(
        accepted_of(fleet("off"), keys),
        instance("i-1", environment="", env="c50"),
        instance("i-2", environment="", env="c50", power="on"),
    )
    assert told(found) == ["stop i-1"]


def test_an_environment_that_cannot_be_read_is_left() -> None:
    accepted = accepted_of(fleet("off"))
    ref = ResourceRef("Environment", "c50")
    resources = {key: one for key, one in accepted.resources.items() if key != ref}
    broken = replace(accepted, resources=resources, unreadable={ref: "its mark is lost"})
    assert told(wished(broken, instance("i-1"))) == []
