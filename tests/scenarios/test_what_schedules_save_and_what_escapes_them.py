"""The morning after: what stayed on outside its schedule and why, and how many hours were saved.

Covers: engine.queries.schedules.exceptions, engine.queries.schedules.hours.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.engine.overrides.service import OverrideAsked, Overrides
from controller.engine.power.fleet import AcceptedNow, CachedLook, FleetEvaluation, accepted_now
from controller.engine.queries.schedules.exceptions import (
    ExceptionKind,
    Filter,
    ScheduleException,
    exceptions_of,
)
from controller.engine.queries.schedules.hours import ScheduleReport, report_of
from controller.views.schedule_tables import (
    exception_lines,
    exceptions_json,
    report_json,
    report_lines,
)
from tests.support.documents import printed
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import END, EVENING, MORNING, PERSON, PowerEstate

WEB = "c50-ta-Web"


@pytest.fixture(scope="module")
def anything() -> Filter:
    return Filter()


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.environment("c60", schedule="on")
    made.accept()
    made.tick()
    return made


def seen(estate: PowerEstate) -> tuple[AcceptedNow, FleetEvaluation]:
    now = estate.clock.now
    state = accepted_now(estate.installation, now, estate.accounts())
    return state, CachedLook(state, now).evaluate()


def exceptions(estate: PowerEstate, wanted: Filter) -> tuple[ScheduleException, ...]:
    state, sights = seen(estate)
    return exceptions_of(sights, state.accepted, estate.clock.now, wanted)


def since_if_launched(estate: PowerEstate, name: str, at: datetime) -> datetime | None:
    """Return since when an instance is an exception, had it been launched at another moment."""
    state, fleet = seen(estate)
    ((scope, judged),) = (
        (scope, judged)
        for scope in fleet.scopes.values()
        for judged in scope.instances
        if judged.instance.instance_id == name
    )
    later = judged._replace(instance=replace(judged.instance, launched_at=at))
    scopes = {scope.setup.scope.name: replace(scope, instances=(later,))}
    found = exceptions_of(replace(fleet, scopes=scopes), state.accepted, estate.clock.now, Filter())
    return next(one.since for one in found if one.ref.key.endswith(name))


def said(exception: ScheduleException) -> dict[str, Any]:
    """Return what programs read of an exception."""
    (shown,) = printed("schedule-exceptions", exceptions_json([exception], {}, END))["exceptions"]
    return dict(shown)


def test_what_is_on_outside_its_schedule_and_why(estate: PowerEstate, anything: Filter) -> None:
    estate.group(WEB)
    tagged = estate.instance("c51", Name="tagged", Schedule="on")
    now = estate.at(EVENING).clock.now
    overriding = Overrides(accepted_now(estate.installation, now, estate.accounts()), now, PERSON)
    asked = OverrideAsked(
        what="c50", assignments=["schedule=on"], until="+5m", until_git=False, reason="release"
    )
    overriding.carry_out(overriding.prepare(asked, lambda _: ""))
    estate.tick(*accepted_now(estate.installation, now).seen.overrides)

    found = exceptions(estate, anything)

    of_c50 = [one for one in found if one.belongs.environment == "c50"]
    (of_c51,) = [one for one in found if one.belongs.environment == "c51"]
    (of_c60,) = [one for one in found if one.belongs.environment == "c60"]
    assert [exception.kind for exception in of_c50] == [ExceptionKind.ON_OUTSIDE] * 3
    assert {exception.until for exception in of_c50} == {now + timedelta(minutes=5)}
    assert {said(exception)["by"] for exception in of_c50} == {"envctl"}
    assert of_c51.ref.key.endswith(tagged)
    assert (of_c51.kind, of_c51.since) == (ExceptionKind.ON_OUTSIDE, END)
    assert since_if_launched(estate, tagged, now) == now, "it was off when its schedule ended"
    assert since_if_launched(estate, tagged, now + timedelta(minutes=1)) == END
    assert said(of_c51)["by"] == "unknown"
    assert said(of_c51)["why"] == "tag Schedule = on on the instance"
    assert of_c60.kind is ExceptionKind.ALWAYS_ON
    assert said(of_c60)["why"] == "schedule on in c60.yaml:1"
    lines = list(exception_lines(found, {}, now))
    assert max(map(len, exception_lines(found, {}, now, 60))) <= 60
    assert lines[0] == "on outside its schedule: 4"
    assert lines[-2] == "always on: 1"
    shown = printed("schedule-exceptions", exceptions_json(found, {"a/b": "denied"}, now))
    assert {one["category"] for one in shown["exceptions"]} == {
        "on outside its schedule",
        "always on",
    }
    assert shown["unknown"] == {"a/b": "denied"}
    assert exceptions(estate, Filter(team="Nobody")) == ()
    assert exceptions(estate, Filter(type="test-eu")) == ()
    assert exceptions(estate, Filter(labels={"purpose": "x"})) == ()


def test_old_tags_are_listed_while_they_do_nothing_yet(
    estate: PowerEstate, anything: Filter
) -> None:
    estate.instance("c51", Name="old", Schedule="NOSCHEDULE")

    (kept,) = [one for one in exceptions(estate, anything) if one.kind is ExceptionKind.KEPT_BY_TAG]

    assert kept.name == "old"
    assert said(kept)["why"] == "tag Schedule = NOSCHEDULE on the instance"


def report(estate: PowerEstate, since: datetime, **prices: float) -> ScheduleReport:
    state, sights = seen(estate)
    return report_of(
        sights,
        state.accepted,
        estate.installation.ledger,
        since,
        estate.clock.now,
        Filter(),
        {name.replace("_", "."): price for name, price in prices.items()},
    )


@pytest.mark.slow
def test_hours_are_those_the_ledger_saw(estate: PowerEstate) -> None:
    estate.group(WEB)
    estate.instance("c60")
    estate.at(EVENING).tick()
    estate.at(MORNING).tick()

    made = report(estate, EVENING - timedelta(hours=1), t3_micro=10.0)

    by_name = {one.belongs.environment: one for one in made.lines}
    of_c50, of_c60 = by_name["c50"], by_name["c60"]
    # Off from the evening to the morning, and the seconds that stopping and starting took.
    assert of_c50.instances == 3
    assert of_c50.hours_off == pytest.approx(3 * 20 / 60, rel=0.05)
    # Nothing counts before it was launched, though the report begins long before.
    there = (made.until - datetime.now(UTC)).total_seconds() / 3600
    assert of_c50.hours_on + of_c50.hours_off == pytest.approx(3 * there, rel=0.05)
    assert of_c60.hours_on == pytest.approx(there, rel=0.05)
    assert (of_c60.hours_off, of_c60.assumed) == (0, 1)
    assert of_c50.saved == pytest.approx(of_c50.hours_off * 10)
    lines = list(report_lines(made))
    assert max(map(len, list(report_lines(made, 60))[1:4])) <= 60
    assert lines[1].split() == [
        "ENVIRONMENT",
        "TEAM",
        "INSTANCES",
        "ON",
        "OFF",
        "SAVED",
        "COST",
        "SAVED",
        "COST",
    ]
    assert "saved against always-on; cost " in lines[-2]
    assert lines[-1].startswith("Assumed: of 1 instance nothing is on record in this period")
    assert printed("schedule-report", report_json(made))["environments"][0]["environment"] == "c50"
