"""What stands in the way of changes in live accounts, by what is accepted about their environment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from controller.decisions.barriers import Belongings, live_barriers
from controller.kinds.calendar import frozen_because
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import AuthoredDocument

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)
C50 = ResourceRef("Environment", "c50")
STAGING = ResourceRef("EnvironmentType", "Staging")
WEB = ResourceRef("Group", "staging-eu/eu-west-1/c50-ta-Web")


class Dates(SimpleNamespace):
    """Some days of a calendar."""

    def excepted(self, _calendar: str) -> Any:
        return SimpleNamespace(first=self.first, last=self.last)


CALENDARS = {
    "year-end": [Dates(name="year end", first=date(2026, 12, 20), last=date(2027, 1, 2))],
    "easter": [Dates(name="easter", first=date(2027, 3, 26), last=date(2027, 3, 29))],
}


def accepted(
    *,
    lifecycle: str = "active",
    protect: bool = False,
    locked: bool = False,
    protected_actions: tuple[str, ...] = (),
    freeze: tuple[str, ...] = (),
    unreadable: bool = False,
    unreadable_type: bool = False,
    known: bool = True,
) -> AcceptedState:
    document = canonical_bytes({"metadata": {"name": "c50", "protect": protect}, "spec": {}})
    there = known and not unreadable
    specs: dict[ResourceRef, Any] = {
        STAGING: SimpleNamespace(protected_actions=protected_actions, freeze=freeze),
        **{
            ResourceRef("Calendar", name): SimpleNamespace(dates=dates)
            for name, dates in CALENDARS.items()
        },
    }
    if there:
        specs[C50] = SimpleNamespace(environment_type="Staging", lifecycle=lifecycle)
    if unreadable_type:
        del specs[STAGING]
    return AcceptedState(
        unreadable={
            **({C50: "spec: wrong"} if unreadable else {}),
            **({STAGING: "spec: wrong"} if unreadable_type else {}),
        },
        resources={C50: AuthoredDocument(C50, Origin("c50.yaml", 1), document)} if there else {},
        specs=specs,
        items={C50: {"InfraOpsEnvironment": {"Value": {"DeploymentsLocked": locked}}}},
    )


def held(
    state: AcceptedState,
    targets: tuple[str, ...] = ("groups", "replicas"),
    departed: Callable[[str], bool] = lambda _: False,
) -> list[str]:
    belongings = Belongings({WEB: "c50"}, targets, ending=("groups",))
    made = list(live_barriers(state, belongings, NOW, departed))
    assert all(one.refs == {WEB} and one.targets in (targets, ("groups",)) for one in made)
    return [f"{one.guard} {' '.join(one.actions) or 'all'}" for one in made]


@pytest.mark.parametrize(
    ("different", "guards"),
    [
        ({"lifecycle": "retired"}, []),
        ({}, ["retireFirst delete"]),
        ({"lifecycle": "retired", "protect": True}, ["protected delete"]),
        ({"lifecycle": "retired", "locked": True}, ["deployLock all"]),
        (
            {"lifecycle": "retired", "protected_actions": ("BULK_PATCH_AMI",)},
            ["protectedActions all"],
        ),
        ({"lifecycle": "retired", "protected_actions": ("DELETE_SOMETHING_ELSE",)}, []),
        ({"lifecycle": "retired", "freeze": ("year-end",)}, ["freeze all"]),
        ({"lifecycle": "retired", "freeze": ("easter",)}, []),
        ({"lifecycle": "retired", "freeze": ("unreadable",)}, ["freeze all"]),
        ({"unreadable": True}, ["unreadable all"]),
        ({"lifecycle": "retired", "unreadable_type": True}, ["unreadable all"]),
        ({"known": False}, ["retireFirst delete"]),
        (
            {"protect": True, "locked": True},
            ["deployLock all", "protected delete", "retireFirst delete"],
        ),
    ],
)
def test_what_holds_a_group(different: dict[str, Any], guards: list[str]) -> None:
    assert held(accepted(**different)) == guards


@pytest.mark.parametrize(
    ("protect", "emptied", "guards"),
    [
        (True, {WEB}, ["protected delete", "protected update"]),
        (True, {ResourceRef("Group", "another")}, ["protected delete"]),
        (False, {WEB}, []),
    ],
)
def test_what_ends_all_instances_of_a_group_is_held_as_its_delete_is(
    protect: bool, emptied: set[ResourceRef], guards: list[str]
) -> None:
    state = accepted(lifecycle="retired", protect=protect)
    belongings = Belongings({WEB: "c50"}, ("groups",), ("groups",), frozenset(emptied))
    made = list(live_barriers(state, belongings, NOW, lambda _: False))
    assert [f"{barrier.guard} {' '.join(barrier.actions)}" for barrier in made] == guards
    assert all(barrier.refs == {WEB} and not barrier.overridable for barrier in made)


@pytest.mark.parametrize(
    ("applied", "guards"),
    [
        ({}, ["retireFirst delete"]),
        ({"lifecycle": "retired"}, []),
        ({"lifecycle": "retired", "protect": True}, ["protected delete"]),
        ({"lifecycle": "retired", "locked": True}, ["deployLock all"]),
        (
            {"lifecycle": "retired", "protected_actions": ("BULK_PATCH_AMI",)},
            ["protectedActions all"],
        ),
        ({"lifecycle": "retired", "freeze": ("year-end",)}, ["freeze all"]),
        ({"unreadable": True}, ["unreadable all"]),
        ({"lifecycle": "retired", "unreadable_type": True}, ["unreadable all"]),
        ({"known": False}, ["retireFirst delete"]),
    ],
)
def test_what_was_applied_last_holds_a_group_too(
    applied: dict[str, Any], guards: list[str]
) -> None:
    lifted = replace(accepted(lifecycle="retired"), before=accepted(**applied))
    assert held(lifted, departed=lambda _: True) == guards


def test_what_both_states_say_is_said_once_and_what_only_the_applied_one_says_is_told_apart() -> (
    None
):
    same = replace(accepted(protect=True), before=accepted(protect=True, locked=True))
    belongings = Belongings({WEB: "c50"}, ("groups",), ending=("groups",))
    made = list(live_barriers(same, belongings, NOW, lambda _: False))
    assert [barrier.guard for barrier in made] == ["protected", "retireFirst", "deployLock"]
    assert [barrier.lifted for barrier in made] == [False, False, True]


def test_an_environment_gone_from_both_states_is_asked_for_once() -> None:
    gone = replace(accepted(known=False), before=accepted(known=False))
    asked: list[str] = []

    def departed(name: str) -> bool:
        asked.append(name)
        return True

    assert held(gone, departed=departed) == []
    assert asked == ["c50"]


def test_only_where_deletes_end_instances_they_are_held() -> None:
    state, belongings = accepted(protect=True), Belongings({WEB: "c50"}, ("replicas",))
    assert tuple(live_barriers(state, belongings, NOW, lambda _: False)) == ()
    assert tuple(live_barriers(accepted(known=False), belongings, NOW, lambda _: False)) == ()


def test_an_environment_we_deleted_ourselves_holds_nothing() -> None:
    assert held(accepted(known=False), departed=lambda name: name == "c50") == []


@pytest.mark.parametrize(
    ("calendar", "day", "because"),
    [
        ("year-end", date(2026, 12, 19), ""),
        ("year-end", date(2026, 12, 20), "year end (Calendar/year-end), until the end of 2027-01-02 UTC"),
        ("year-end", date(2027, 1, 2), "year end (Calendar/year-end), until the end of 2027-01-02 UTC"),
        ("year-end", date(2027, 1, 3), ""),
        ("gone", date(2026, 6, 1), "Calendar/gone cannot be read"),
    ],
)  # fmt: skip
def test_first_and_last_day_of_a_freeze_belong_to_it(
    calendar: str, day: date, because: str
) -> None:
    assert frozen_because(accepted(), calendar, day) == because
