"""What is listed of each kind, from the accepted state alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.engine.queries.listing import ListFilter, listed_in
from controller.errors import WrongUsage
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.live_account import ACCOUNT, FLEET, NOW, Documents, accepted_of

OFFICE = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"
EVENING = datetime(2026, 11, 24, 19, tzinfo=UTC)
AUTOMATIC = {"mode": "automatic", "expression": OFFICE}
SERVICE = {"owningCluster": "Tango", "bluePort": 40000, "greenPort": 40001}
ALL = ListFilter()


def _fleet(**environments: dict[str, Any]) -> Documents:
    """Return the fleet with other environments, each as c50 but for what is given."""
    c50 = FLEET["Environment", "c50"]
    rest = {key: spec for key, spec in FLEET.items() if key[0] != "Environment"}
    changed = {("Environment", name): {**c50, **more} for name, more in environments.items()}
    return {**rest, **changed}


def _override(until: datetime | None, value: Any = "on") -> Override:
    ref = ResourceRef("Environment", "c50")
    return Override("o1", ref, "release", "ada", NOW, "schedule", value, until)


def _overridden(until: datetime | None, held: Any, written: Any) -> AcceptedState:
    """Return c50 with another schedule laid over what is written."""
    beneath = accepted_of(_fleet(c50={"schedule": written}))
    laid_over = accepted_of(_fleet(c50={"schedule": held}))
    return replace(laid_over, beneath=beneath, overrides=(_override(until),))


@pytest.mark.parametrize(
    ("schedule", "wanted", "next_wanted", "because"),
    [
        ("on", "on", "", "a fixed state never switches"),
        ("noschedule", "noschedule", "", "left alone"),
        (AUTOMATIC, "on", "off", "a Tuesday at noon"),
        ({"mode": "automatic", "expression": "start: 0 8 30 2 *"}, "none", "", "no such day ever"),
    ],
)
def test_an_environment_has_what_its_schedule_asks_for(
    schedule: Any, wanted: str, next_wanted: str, because: str
) -> None:
    (found,) = listed_in("environments", accepted_of(_fleet(c50={"schedule": schedule})), NOW, ALL)

    assert (found.wanted, found.next_wanted) == (wanted, next_wanted), because
    assert found.next_at == (EVENING if next_wanted else None)
    assert (found.account, found.region, found.team) == ("staging-eu", "eu-west-1", "Tango")


def test_a_retired_environment_is_to_be_gone() -> None:
    retired = accepted_of(_fleet(c50={"schedule": AUTOMATIC, "lifecycle": "retired"}))

    (found,) = listed_in("environments", retired, NOW, ALL)

    assert (found.wanted, found.next_at) == ("retired", None)


def test_an_environment_of_a_schedule_that_is_gone_is_listed() -> None:
    missing = accepted_of(_fleet(c50={"schedule": AUTOMATIC}))
    ref = ResourceRef("Environment", "c50")
    choice = missing.specs[ref].schedule.model_copy(update={"expression": None, "use": "gone"})
    spec = missing.specs[ref].model_copy(update={"schedule": choice})

    (found,) = listed_in(
        "environments", replace(missing, specs={**missing.specs, ref: spec}), NOW, ALL
    )

    assert (found.wanted, found.schedule, found.next_at) == ("invalid", "gone", None)


@pytest.mark.parametrize(
    ("until", "held", "written", "switch", "because"),
    [
        (NOW.replace(hour=22), "on", AUTOMATIC, (NOW.replace(hour=22), "off"), "it ends off"),
        (NOW.replace(hour=15), "on", AUTOMATIC, (EVENING, "off"), "it ends in office hours"),
        (NOW.replace(hour=22), AUTOMATIC, "off", (EVENING, "off"), "its own switch is earlier"),
        (None, "on", AUTOMATIC, (None, ""), "no end is set"),
    ],
)
def test_an_override_counts_while_it_holds(
    until: datetime | None,
    held: Any,
    written: Any,
    switch: tuple[datetime | None, str],
    because: str,
) -> None:
    (found,) = listed_in("environments", _overridden(until, held, written), NOW, ALL)

    assert (found.wanted, found.next_at, found.next_wanted) == ("on", *switch), because
    assert [one.id for one in found.overrides] == ["o1"]


def test_the_older_of_two_overrides_counts_once_the_newer_has_ended() -> None:
    office = accepted_of(_fleet(c50={"schedule": AUTOMATIC}))
    older = _override(NOW.replace(hour=23), "off")
    newer = replace(_override(NOW.replace(hour=15)), id="o2", since=NOW + timedelta(minutes=1))
    laid_over = accepted_of(_fleet(c50={"schedule": "on"}))
    overridden = replace(laid_over, beneath=office, overrides=(newer, older))

    (found,) = listed_in("environments", overridden, NOW, ALL)

    assert (found.wanted, found.next_at, found.next_wanted) == ("on", NOW.replace(hour=15), "off")


def test_what_is_written_as_noschedule_stays_so_under_an_override() -> None:
    (found,) = listed_in("environments", _overridden(None, "on", "noschedule"), NOW, ALL)

    assert (found.wanted, found.schedule) == ("noschedule", "noschedule")


def test_services_schedules_and_accounts() -> None:
    office: Documents = {
        ("Schedule", "office"): {
            "timezone": "Europe/London",
            "periods": [{"days": "mon-fri", "from": "08:00", "to": "19:00"}],
        },
        ("Service", "Search"): SERVICE,
    }
    accepted = accepted_of({**_fleet(c50={"schedule": "office"}, c51={}), **office})

    (service,) = listed_in("services", accepted, NOW, ALL)
    (schedule,) = listed_in("schedules", accepted, NOW, ALL)
    (account,) = listed_in("accounts", accepted, NOW, ALL)

    assert (service.name, service.team, service.blue_port) == ("Search", "Tango", 40000)
    assert (schedule.wanted, schedule.next_at, schedule.environments) == ("on", EVENING, 1)
    assert (schedule.timezone, schedule.hours_per_week) == ("Europe/London", 55)
    assert (account.account_number, account.mode, account.environments) == (ACCOUNT, "enforce", 2)
    assert account.regions == ("eu-west-1",)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (ListFilter(account="staging-eu"), ["c50"]),
        (ListFilter(account="prod-eu"), []),
        (ListFilter(team="Tango"), ["c50"]),
        (ListFilter(team="Infra"), []),
        (ListFilter(labels={"purpose": "demo"}), []),
    ],
)
def test_a_filter_leaves_what_fits(wanted: ListFilter, names: list[str]) -> None:
    found = listed_in("environments", accepted_of(FLEET), NOW, wanted)

    assert [one.name for one in found] == names


def test_an_account_is_found_by_its_number_too() -> None:
    (found,) = listed_in("accounts", accepted_of(FLEET), NOW, ListFilter(account=ACCOUNT))

    assert found.name == "staging-eu"


def test_an_override_is_whose_its_object_is() -> None:
    group = replace(_override(None), ref=ResourceRef("Group", "prod-eu/eu-west-1/c60-ta-Web"))
    accepted = replace(accepted_of(FLEET), overrides=(_override(None), group))

    of_team = listed_in("overrides", accepted, NOW, ListFilter(team="Tango"))
    of_account = listed_in("overrides", accepted, NOW, ListFilter(account="prod-eu"))

    assert [one.override.ref.kind for one in of_team] == ["Environment"]
    assert [one.override.ref.kind for one in of_account] == ["Group"]


@pytest.mark.parametrize(
    ("what", "wanted", "says"),
    [
        ("accounts", ListFilter(team="Tango"), "--team: accounts have none"),
        ("services", ListFilter(account="staging-eu"), "--account: services have none"),
        ("schedules", ListFilter(account="staging-eu"), "--account: schedules have none"),
        ("schedules", ListFilter(team="Tango"), "--team: schedules have none"),
    ],
)
def test_a_filter_by_what_a_kind_does_not_have_is_refused(
    what: str, wanted: ListFilter, says: str
) -> None:
    with pytest.raises(WrongUsage, match=says):
        listed_in(what, accepted_of(FLEET), NOW, wanted)
