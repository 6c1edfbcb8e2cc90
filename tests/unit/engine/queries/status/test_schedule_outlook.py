"""What schedules ask of environments, from the accepted state alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.engine.queries.status.read import power_outlook
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.live_account import FLEET, NOW, Documents, accepted_of

OFFICE = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"


def _fleet(**schedules: Any) -> Documents:
    """Return documents with an environment for each schedule."""
    environment = FLEET["Environment", "c50"]
    rest = {key: spec for key, spec in FLEET.items() if key[0] != "Environment"}
    return {
        **rest,
        **{
            ("Environment", name): {**environment, "schedule": schedule}
            for name, schedule in schedules.items()
        },
    }


@pytest.mark.parametrize(
    ("schedules", "counts", "because"),
    [
        ({"c50": "on", "c51": "off"}, (1, 1, 0), "fixed states"),
        ({"c50": "noschedule"}, (0, 0, 1), "left alone"),
        ({"c50": {"mode": "automatic", "expression": OFFICE}}, (1, 0, 0), "a Tuesday at noon"),
        ({}, (0, 0, 0), "none"),
    ],
)
def test_counts(schedules: dict[str, Any], counts: tuple[int, int, int], because: str) -> None:
    found = power_outlook(accepted_of(_fleet(**schedules)), NOW)

    assert (found.on, found.off, found.unscheduled) == counts, because


def test_environments_that_switch_together_are_one_switch() -> None:
    office = {"mode": "automatic", "expression": OFFICE}
    found = power_outlook(accepted_of(_fleet(c50=office, c51=office, c52="on")), NOW)

    evening, morning = found.next
    assert (evening.at, evening.off, evening.on) == (
        datetime(2026, 11, 24, 19, tzinfo=UTC),
        ("c50", "c51"),
        (),
    )
    assert (morning.at - evening.at, morning.on) == (timedelta(hours=13), ("c50", "c51"))


def test_an_environment_switches_where_its_override_ends() -> None:
    office = {"mode": "automatic", "expression": OFFICE}
    end = NOW.replace(hour=22)
    night = Override("o1", ResourceRef("Environment", "c50"), "release", "ada", NOW, "schedule", "on", end)  # fmt: skip
    plain = accepted_of(_fleet(c50=office, c51=office))
    overridden = replace(
        accepted_of(_fleet(c50="on", c51=office)), beneath=plain, overrides=(night,)
    )

    evening, later = power_outlook(overridden, NOW).next

    assert (evening.at.hour, evening.off) == (19, ("c51",))
    assert (later.at, later.off) == (end, ("c50",))


def test_the_older_of_two_overrides_counts_once_the_newer_has_ended() -> None:
    office = {"mode": "automatic", "expression": OFFICE}
    ref, first = ResourceRef("Environment", "c50"), NOW.replace(hour=15)
    older = Override("o1", ref, "saving", "ada", NOW, "schedule", "off", NOW.replace(hour=23))
    newer = Override("o2", ref, "demo", "ada", NOW + timedelta(minutes=1), "schedule", "on", first)
    overridden = replace(
        accepted_of(_fleet(c50="on")),
        beneath=accepted_of(_fleet(c50=office)),
        overrides=(newer, older),
    )

    afternoon, morning = power_outlook(overridden, NOW).next

    assert (afternoon.at, afternoon.off) == (first, ("c50",))
    assert (morning.at.hour, morning.on) == (8, ("c50",))


def test_a_retired_environment_does_not_count() -> None:
    fleet = _fleet(c50="on")
    fleet["Environment", "c50"] = {**fleet["Environment", "c50"], "lifecycle": "retired"}

    assert power_outlook(accepted_of(fleet), NOW).on == 0
