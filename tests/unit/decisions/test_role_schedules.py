"""Which schedules environments and roles follow, as the accepted documents say; what cannot be told says why."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from controller.decisions.power_map import (
    EnvironmentPower,
    FollowedSchedule,
    RolePower,
    compiled,
    of_environment,
    of_role,
    power_map,
    roles_of,
    roles_using,
    schedule_tag,
    users_of,
)
from controller.decisions.schedule_memory import NOTHING_KNOWN, from_json, memory_of
from controller.kinds.schedule import ScheduleChoice
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.scheduling.decision import decide
from controller.scheduling.facts import EnvironmentFacts, InstanceFacts, Level, RoleFacts
from controller.scheduling.schedule import (
    ALWAYS_OFF,
    ALWAYS_ON,
    NOSCHEDULE,
    InvalidSchedule,
    Schedule,
)
from tests.support.live_account import FLEET, NOW, Documents, accepted_of

C50 = ResourceRef("Environment", "c50")
WEB = ResourceRef("DeploymentMap", "web")
STAFFED = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London"


def fleet(environment: Any = "on", **role: Any) -> Documents:
    documents = copy.deepcopy(FLEET)
    documents["Schedule", "office-hours"] = {
        "timezone": "Europe/London",
        "periods": [{"days": "mon-fri", "from": "08:00", "to": "19:00"}],
        "except": ["holidays"],
    }
    documents["Calendar", "holidays"] = {"dates": [{"date": "2026-12-25", "name": "Christmas"}]}
    documents["Environment", "c50"]["schedule"] = environment
    documents["DeploymentMap", "web"]["roles"][0].update(role)
    return documents


def without(state: AcceptedState, ref: ResourceRef) -> AcceptedState:
    """The same with an object that cannot be read back."""
    return replace(state, specs={key: state.specs[key] for key in state.resources if key != ref})


@pytest.mark.parametrize(
    ("chosen", "label", "use"),
    [
        ("on", "on", ""),
        ("office-hours", "office-hours", "office-hours"),
        ({"expression": STAFFED}, STAFFED, ""),
    ],
)
def test_what_an_environment_follows(chosen: Any, label: str, use: str) -> None:
    followed = of_environment("c50", accepted_of(fleet(chosen)))
    assert followed is not None
    assert (followed.label, followed.use) == (label, use)
    assert isinstance(followed.schedule, Schedule)


def test_an_environment_nobody_knows_follows_nothing() -> None:
    assert of_environment("c99", accepted_of(fleet())) is None
    assert roles_of("c99", accepted_of(fleet())) == {}


def test_a_retired_environment_has_no_roles() -> None:
    documents = fleet()
    documents["Environment", "c50"]["lifecycle"] = "retired"
    assert roles_of("c50", accepted_of(documents)) == {}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ({}, None),
        ({"schedule": "off"}, FollowedSchedule("off", ALWAYS_OFF)),
        ({"scheduleTag": "noschedule"}, FollowedSchedule("noschedule", NOSCHEDULE)),
    ],
)
def test_what_a_role_follows_of_its_own(
    role: dict[str, Any], expected: FollowedSchedule | None
) -> None:
    accepted = accepted_of(fleet("on", **role))
    assert of_role(roles_of("c50", accepted)["Web"], accepted) == expected


def test_a_roles_tag_names_no_schedule() -> None:
    (role,) = roles_of("c50", accepted_of(fleet())).values()
    tagged = role.model_copy(update={"schedule_tag": "office-hours"})
    own = of_role(tagged, accepted_of(fleet()))
    assert own is not None
    assert isinstance(own.schedule, InvalidSchedule)


def test_who_follows_a_schedule() -> None:
    accepted = accepted_of(fleet("office-hours", schedule="office-hours"))
    assert list(users_of("office-hours", accepted)) == ["c50"]
    assert list(roles_using("office-hours", accepted)) == ["web/Web"]
    assert list(users_of("weekends", accepted)) == list(roles_using("weekends", accepted)) == []


def test_a_schedule_that_cannot_be_read_is_invalid() -> None:
    choice = ScheduleChoice(use="office-hours")
    broken = without(accepted_of(fleet()), ResourceRef("Schedule", "office-hours"))
    assert isinstance(compiled(choice, broken), InvalidSchedule)
    assert isinstance(schedule_tag(choice, broken), InvalidSchedule)


def test_an_expression_that_is_none_is_invalid_also_within_a_schedule() -> None:
    accepted = accepted_of(fleet())
    wrong = "start: 61 8 * * *"
    ref = ResourceRef("Schedule", "office-hours")
    spec = accepted.specs[ref].model_copy(update={"expression": wrong})
    damaged = replace(accepted, specs={**accepted.specs, ref: spec})
    assert isinstance(compiled(ScheduleChoice(use="office-hours"), damaged), InvalidSchedule)


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ({"mode": "off"}, "off"),
        ({"expression": STAFFED}, STAFFED),
        ({"use": "office-hours"}, STAFFED),
    ],
)
def test_the_tag_of_a_role(choice: dict[str, Any], text: str) -> None:
    found = schedule_tag(ScheduleChoice.model_validate(choice), accepted_of(fleet()))
    assert str(found).replace("1,2,3,4,5", "1-5") == text


def test_a_role_is_found_by_a_slice_of_it_in_any_case() -> None:
    web = RolePower(RoleFacts("Web"))
    environment = EnvironmentPower(EnvironmentFacts("c50", ALWAYS_ON), {"web": web})
    assert environment.role("WEB-Blue") is environment.role("web") is web
    assert environment.role("other") is environment.role("other-green") is None


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (C50, "it cannot be read back from the tables"),
        (WEB, "its DeploymentMap/web cannot be read back from the tables"),
    ],
)
def test_an_environment_that_cannot_be_told_is_left_as_it_is(broken: ResourceRef, why: str) -> None:
    state = accepted_of(fleet())
    damaged = replace(state, specs={**state.specs, broken: None})
    found = power_map(damaged)
    assert (found.environments, found.unreadable) == ({}, {"c50": why})


def test_an_environment_known_to_be_unreadable_says_why() -> None:
    state = replace(accepted_of(fleet()), unreadable={C50: "spec: wrong", WEB: "spec: wrong"})
    assert power_map(state).unreadable == {"c50": "spec: wrong"}


def test_the_map_of_an_accepted_state_is_made_once() -> None:
    state = accepted_of(fleet())
    assert power_map(state) is power_map(state)
    assert power_map(replace(state)) is not power_map(state)


def test_invalid_schedules_are_not_remembered() -> None:
    documents = fleet("office-hours", schedule="office-hours")
    damaged = without(accepted_of(documents), ResourceRef("Schedule", "office-hours"))
    remembered = memory_of(power_map(damaged))
    assert (remembered.environments, remembered.roles) == ({}, {})


def test_what_is_remembered_of_some_environments() -> None:
    remembered = memory_of(power_map(accepted_of(fleet("off", schedule="on"))))
    assert remembered.only({"c50"}) == remembered
    assert remembered.only({"c51"}) == NOTHING_KNOWN


def test_an_override_that_cannot_be_read_is_an_invalid_schedule() -> None:
    override = Override("o1", C50, "cheap", "ada", NOW, "spec.schedule", {"mode": "sometimes"})
    (found,) = power_map(replace(accepted_of(fleet()), overrides=(override,))).recorded[
        Level.ENVIRONMENT, "c50"
    ]
    assert isinstance(found.schedule, InvalidSchedule)


@pytest.mark.parametrize(
    ("actor", "reason", "said"),
    [
        ("ada", "cheap", "Environment/c50 by ada: cheap"),
        ("ada", "", "Environment/c50 by ada"),
        ("", "cheap", "Environment/c50: cheap"),
        ("", "", "Environment/c50"),
    ],
)
def test_an_override_that_decides_says_whose_it_is(actor: str, reason: str, said: str) -> None:
    override = Override("o1", C50, reason, actor, NOW, "spec.schedule", "on")
    power = power_map(replace(accepted_of(fleet()), overrides=(override,)))
    environment = power.environments["c50"].facts
    overrides = power.overrides("i-1", "", "c50")
    decision = decide(InstanceFacts("i-1", "running"), None, environment, NOW, overrides=overrides)
    assert decision.deciding is not None
    assert decision.deciding.why == said


def test_a_fixed_schedule_is_not_remembered_as_text_of_entries() -> None:
    row = {"schedules": [["ON "]], "environments": {"c50": 0}, "roles": {}}
    assert from_json(row).environments == {}
