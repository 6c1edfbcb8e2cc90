"""What stands in the way of changes in live accounts, by what is accepted about their environment."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.engine.live.barriers import Belongings, live_barriers
from controller.kinds.calendar import frozen_because
from controller.model.accepted import AcceptedState
from controller.model.canonical import canonical_bytes
from controller.model.ref import ResourceRef

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)
C50 = ResourceRef("Environment", "c50")
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
    known: bool = True,
) -> AcceptedState:
    document = canonical_bytes({"metadata": {"name": "c50", "protect": protect}, "spec": {}})
    specs = {
        ("EnvironmentType", "Staging"): SimpleNamespace(
            protected_actions=protected_actions, freeze=freeze
        ),
        **{("Calendar", name): SimpleNamespace(dates=dates) for name, dates in CALENDARS.items()},
    }
    there = known and not unreadable
    state = SimpleNamespace(
        unreadable={C50: "spec: wrong"} if unreadable else {},
        resources={C50: SimpleNamespace(document=document)} if there else {},
        specs={C50: SimpleNamespace(environment_type="Staging", lifecycle=lifecycle)},
        operational=lambda name, attribute: (
            locked and (name, attribute) == ("c50", "DeploymentsLocked")
        ),
        spec=lambda kind, name: specs.get((kind, name)),
    )
    return cast(AcceptedState, state)


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
        ({"known": False}, ["retireFirst delete"]),
        (
            {"protect": True, "locked": True},
            ["deployLock all", "protected delete", "retireFirst delete"],
        ),
    ],
)
def test_what_holds_a_group(different: dict[str, Any], guards: list[str]) -> None:
    assert held(accepted(**different)) == guards


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
