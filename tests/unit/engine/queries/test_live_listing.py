"""Groups and instances as they were seen: on or off, what schedules ask of them, overrides, drift."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.engine.live.planner import LiveScopePlan
from controller.engine.queries.listing import ListFilter
from controller.engine.queries.live_listing import (
    ListedGroup,
    ListedInstance,
    LiveList,
    live_listed,
)
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from tests.support.live_account import FLEET, NOW, SCOPE, accepted_of
from tests.support.looked_at import SETUP, drift_of, looked_at, not_seen
from tests.unit.decisions.looks import group, instance

WEB = "c50-ta-Web"
OFFICE = {"mode": "automatic", "expression": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"}
EVENING = NOW.replace(hour=19)
C50 = ("Environment", "c50")
MEMBERS = {"i-1": "InService", "i-2": "Standby"}
FOUND = (group(WEB, MEMBERS, (1, 1, 4)), instance("i-1"), instance("i-2", "stopped"))


def _accepted(schedule: Any, *overrides: Override) -> AcceptedState:
    accepted = accepted_of({**FLEET, C50: {**FLEET[C50], "schedule": schedule}})
    return replace(accepted, overrides=overrides)


def _list(
    what: str,
    *scopes: LiveScopePlan,
    schedule: Any = OFFICE,
    overrides: Iterable[Override] = (),
    wanted: ListFilter | None = None,
) -> LiveList:
    accepted = _accepted(schedule, *overrides)
    return live_listed(what, scopes, lambda _: accepted, NOW, wanted or ListFilter())


def _override(ref: str, until: datetime) -> Override:
    return Override("o1", ResourceRef.parse(ref), "release", "ada", NOW, "schedule", "on", until)


def test_a_group_says_where_it_is_and_what_is_asked_of_it() -> None:
    (found,) = _list("groups", looked_at(*FOUND)).found

    assert (found.name, found.account, found.region) == (WEB, "staging-eu", "eu-west-1")
    assert (found.environment, found.environment_type, found.role) == ("c50", "Staging", "Web")
    assert (found.schedule, found.team) == (OFFICE["expression"], "Tango")
    assert (found.wanted, found.next_at, found.next_wanted) == ("on", EVENING, "off")


@pytest.mark.parametrize(
    ("members", "desired", "states", "expected", "because"),
    [
        ({"i-1": "InService", "i-2": "InService"}, 2, ("running", "running"), (2, 2), "all on"),
        (MEMBERS, 1, ("running", "stopped"), (1, 2), "a parked one counts"),
        ({"i-1": "Standby", "i-2": "Standby"}, 0, ("stopped", "stopped"), (0, 2), "all parked"),
        ({"i-1": "InService"}, 3, ("running",), (1, 3), "two are short"),
        ({"i-1": "InService", "i-2": "Terminating"}, 1, ("running",), (1, 2), "one is leaving"),
        ({"i-1": "InService"}, 1, ("pending",), (0, 1), "it only starts"),
        ({}, 0, (), (0, 0), "none are asked for"),
    ],
)
def test_a_group_is_on_as_far_as_its_members_are(
    members: dict[str, str],
    desired: int,
    states: tuple[str, ...],
    expected: tuple[int, int],
    because: str,
) -> None:
    instances = [instance(name, state) for name, state in zip(members, states, strict=False)]
    (found,) = _list("groups", looked_at(group(WEB, members, (0, desired, 4)), *instances)).found

    assert isinstance(found, ListedGroup)
    assert (found.on, found.size) == expected, because


@pytest.mark.parametrize(
    ("schedule", "state", "tag", "drift", "because"),
    [
        ("on", "running", "", (), "in order"),
        ("on", "stopped", "", ("state",), "off, and wanted on"),
        ("off", "running", "", ("state",), "on, and wanted off"),
        ("off", "stopping", "", (), "on its way"),
        ("off", "running", "noschedule", (), "left alone"),
    ],
)
def test_an_instance_against_its_schedule_has_drifted(
    schedule: str, state: str, tag: str, drift: tuple[str, ...], because: str
) -> None:
    of_group = group(WEB, {"i-1": "InService"})
    scope = looked_at(of_group, instance("i-1", state, Schedule=tag))
    (found,) = _list("instances", scope, schedule=schedule).found

    assert found.drift == drift, because


def test_what_was_just_started_has_not_drifted() -> None:
    started = instance("i-1", launched_at=NOW - timedelta(minutes=1))
    (found,) = _list("instances", looked_at(group(WEB, MEMBERS), started), schedule="off").found

    assert found.drift == ()


def test_an_instance_says_which_it_is() -> None:
    first, second = _list("instances", looked_at(*FOUND)).found

    assert isinstance(first, ListedInstance)
    assert isinstance(second, ListedInstance)
    assert (first.name, first.group, first.state, first.lifecycle) == (
        "i-1",
        WEB,
        "running",
        "InService",
    )
    assert (second.name, second.state, second.lifecycle) == ("i-2", "stopped", "Standby")
    assert (second.scope, second.role, second.wanted) == (SCOPE.name, "Web", "on")


@pytest.mark.parametrize(
    ("ref", "of_group", "of_instances"),
    [
        ("Environment/c50", ["o1"], [["o1"], ["o1"]]),
        (f"Group/{SCOPE.name}/{WEB}", ["o1"], [["o1"], ["o1"]]),
        (f"Instance/{SCOPE.name}/i-1", [], [["o1"], []]),
        ("Environment/c51", [], [[], []]),
    ],
)
def test_overrides_are_those_of_what_it_is_part_of(
    ref: str, of_group: list[str], of_instances: list[list[str]]
) -> None:
    held = [_override(ref, NOW.replace(hour=22))]
    (found,) = _list("groups", looked_at(*FOUND), overrides=held).found
    instances = _list("instances", looked_at(*FOUND), overrides=held).found

    assert [one.id for one in found.overrides] == of_group
    assert [[one.id for one in found.overrides] for found in instances] == of_instances


def test_where_an_override_ends_it_switches() -> None:
    end = NOW.replace(hour=22)
    held = (_override("Environment/c50", end),)
    during = _accepted("on", *held)
    afterwards = _accepted(OFFICE)

    listed = live_listed(
        "groups",
        [looked_at(*FOUND)],
        lambda at: during if at < end else afterwards,
        NOW,
        ListFilter(),
    )

    assert [(one.wanted, one.next_at, one.next_wanted) for one in listed.found] == [
        ("on", end, "off")
    ]


def test_drift_is_what_others_changed() -> None:
    other = group("c50-ta-Db", {})
    changes = [drift_of(WEB), drift_of("c50-ta-Db", cause=Cause.EDITED)]
    listed = _list("groups", looked_at(*FOUND, other, group("c50-ta-Batch", {}), changes=changes))

    assert {one.name: one.drift for one in listed.found} == {
        WEB: ("desiredCapacity",),
        "c50-ta-Db": None,
        "c50-ta-Batch": (),
    }
    assert listed.deleted == ()


def test_a_group_that_others_deleted_is_named() -> None:
    listed = _list("groups", looked_at(changes=[drift_of(WEB, "create")]))

    assert listed.found == ()
    assert listed.deleted == (ResourceRef("Group", f"{SCOPE.name}/{WEB}"),)


def test_drift_is_not_known_where_it_was_not_looked_for() -> None:
    (found,) = _list("groups", looked_at(*FOUND, compared=False)).found

    assert found.drift is None


def test_what_belongs_to_nobody_is_counted_and_left_out() -> None:
    listed = _list("groups", looked_at(*FOUND, group("c99-ta-Web", {})))

    assert [one.name for one in listed.found] == [WEB]
    assert listed.nobodys == 1


def test_what_could_not_be_seen_is_said_with_the_reason() -> None:
    listed = _list("instances", not_seen())

    assert (listed.found, dict(listed.seen)) == ((), {})
    assert listed.unknown[SCOPE.name].startswith("no answer")


def test_a_scope_where_nothing_is_asked_is_not_known() -> None:
    off = LiveScopePlan(SETUP, (), replace(not_seen().view, unknown={}))
    listed = _list("groups", off)

    assert "are off there" in listed.unknown[SCOPE.name]
    assert dict(_list("groups", looked_at(*FOUND)).seen) == {SCOPE.name: NOW}


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (ListFilter(team="Tango"), 2),
        (ListFilter(team="Infra"), 0),
        (ListFilter(account="staging-eu"), 2),
        (ListFilter(labels={"purpose": "demo"}), 0),
    ],
)
def test_a_filter_leaves_what_fits(wanted: ListFilter, count: int) -> None:
    assert len(_list("instances", looked_at(*FOUND), wanted=wanted).found) == count
