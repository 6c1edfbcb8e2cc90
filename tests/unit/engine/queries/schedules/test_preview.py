"""A preview finds what is meant, says where it is from and who follows it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.desired.accepted import accepted_of
from controller.engine.desired.load_revision import RevisionLoader
from controller.engine.queries.schedules.preview import (
    PreviewedSchedule,
    is_expression,
    of_expression,
    of_name,
    view_of,
)
from controller.errors import WrongUsage
from controller.kinds.language.kind import DEFAULT_RULES
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.views.calendar_text import preview_json, preview_text
from tests.support.text_source import TextSource
from tests.support.yaml_fleet import KINDS, examples

NOW = datetime(2027, 3, 25, 12, 0, tzinfo=UTC)


def accepted(texts: Mapping[str, str]) -> AcceptedState:
    revision = RevisionLoader(KINDS, DEFAULT_RULES).load(TextSource(texts))
    return accepted_of(revision.desired.resources, KINDS, LiveOptions())


@pytest.fixture(scope="module")
def fleet() -> AcceptedState:
    return accepted(examples())


def test_a_schedule_says_its_zone_its_place_and_its_users(fleet: AcceptedState) -> None:
    shown = of_name("Schedule/office-hours", fleet)

    text = preview_text(shown, view_of(shown, "2027-03-25", 7, NOW))

    first, _, *days = text.splitlines()
    assert first == (
        "Schedule/office-hours   Europe/London   schedules/schedules.yaml:2   used by 1 environment"
    )
    assert days[0].endswith("08:00–19:00 GMT   08:00–19:00 UTC")
    assert "Good Friday (england-holidays)" in days[1]
    assert "▲ clocks 01:00 → 02:00 BST" in days[3]
    assert days[-1] == "On 33 h of 167 h (20 %).  Next change after now: OFF today 19:00 GMT"


def test_an_environment_says_what_it_and_its_roles_follow(fleet: AcceptedState) -> None:
    shown = of_name("c50", fleet)

    assert shown.name == "Environment/c50"
    view = view_of(shown, None, 1, NOW)
    assert preview_json(shown, view)["notes"] == [
        "follows Schedule/office-hours-and-saturday",
        "role Db: noschedule",
    ]
    assert preview_text(shown, view).startswith("Environment/c50   Europe/London   ")


def test_an_override_is_said_and_the_calendar_is_what_is_written(fleet: AcceptedState) -> None:
    c50 = ResourceRef("Environment", "c50")
    night = Override("o1", c50, "release", "ada", NOW, "schedule", "on", NOW + timedelta(hours=9))
    overridden = replace(fleet, resources={}, beneath=fleet, overrides=(night,))

    shown = of_name("c50", overridden)

    assert shown.schedule == of_name("c50", fleet).schedule
    assert (
        preview_json(shown, view_of(shown, None, 1, NOW))["notes"][-1]
        == "not before its override ends: schedule=on until Thu 25 Mar 21:00 UTC"
    )


def test_a_text_is_a_schedule_of_its_own() -> None:
    shown = of_expression("start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | europe/london")

    view = view_of(shown, None, 2, NOW)

    assert view.days[0].day.isoformat() == "2027-03-25"
    assert preview_json(shown, view)["timezone"] == "Europe/London"
    assert preview_json(shown, view)["hoursOn"] == 22


@pytest.mark.parametrize(
    ("text", "meant"),
    [("on", True), ("start: 0 8 * * *", True), ("Schedule/a", False), ("office-hours", False)],
)
def test_what_is_a_schedule_written_out(text: str, meant: bool) -> None:
    assert is_expression(text) is meant


def test_a_text_that_is_none_shows_the_place() -> None:
    with pytest.raises(WrongUsage) as refused:
        of_expression("start: 0 25 * * *")

    lines = str(refused.value).splitlines()
    assert lines[0] == "no schedule: hour 25 is out of range 0-23"
    assert lines[1].index("25") == lines[2].index("^")


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("office-hour", "did you mean office-hours?"),
        ("Schedule/office-hour", "did you mean Schedule/office-hours?"),
        ("Account/staging-eu", "fix: "),
        ("xyz", "name a Schedule, an Environment"),
    ],
)
def test_a_name_that_is_nothing(name: str, fix: str, fleet: AcceptedState) -> None:
    with pytest.raises(WrongUsage) as refused:
        of_name(name, fleet)
    assert "there is no schedule and no environment" in str(refused.value)
    assert fix in str(refused.value)


def test_a_calendar_shows_a_year_of_hours_and_not_of_minutes() -> None:
    hours = PreviewedSchedule("x", of_expression("start: 0 * * * *; stop: 30 * * * *").schedule)
    minutes = PreviewedSchedule("x", of_expression("start: * * * * *").schedule)

    assert len(view_of(hours, "2027-01-01", 366, NOW).events) == 2 * 24 * 366
    with pytest.raises(WrongUsage, match="more than 20000 times in 366 days"):
        view_of(minutes, "2027-01-01", 366, NOW)


@pytest.mark.parametrize(("first", "days"), [("soon", 7), ("2027-03-25", 0), (None, 400)])
def test_days_that_cannot_be(first: str | None, days: int) -> None:
    with pytest.raises(WrongUsage):
        view_of(PreviewedSchedule("on", of_expression("on").schedule), first, days, NOW)
