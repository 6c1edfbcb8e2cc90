"""Calendars: single dates and spans."""

from datetime import date
from typing import Any

import pytest

from controller.catalog import kinds
from tests.unit.kinds.small_fleet import complaints, items, spec_of

EASTER = {"date": "2027-03-26", "name": "Good Friday"}
YEAR_END = {"from": "2026-12-19", "to": "2027-01-03", "name": "Year end"}


def test_its_item_is_in_the_controllers_own_table() -> None:
    assert items("Calendar", "c", {"dates": [EASTER, YEAR_END]}) == {
        "EnvctlConfig": {
            "Kind": "Calendar",
            "Name": "c",
            "Value": {
                "Dates": [
                    {"Date": "2027-03-26", "Name": "Good Friday"},
                    {"From": "2026-12-19", "To": "2027-01-03", "Name": "Year end"},
                ]
            },
        }
    }


def test_schedules_and_freezes_get_first_and_last_day() -> None:
    kind = kinds()["Calendar"]
    facts = kind.facts("c", spec_of(kind, {"dates": [EASTER, YEAR_END]}))
    assert [(one.first, one.last, one.calendar) for one in facts] == [
        (date(2027, 3, 26), date(2027, 3, 26), "c"),
        (date(2026, 12, 19), date(2027, 1, 3), "c"),
    ]


@pytest.mark.parametrize(
    ("dates", "at", "words"),
    [
        ({"name": "x"}, ".0", "expected either date, or from and to"),
        ({}, ".0", "expected either date, or from and to"),
        ({**EASTER, **YEAR_END}, ".0", "expected either date, or from and to"),
        ({"from": "2027-01-01", "name": "x"}, ".0", "expected either date, or from and to"),
        ({**YEAR_END, "to": "2026-12-18"}, ".0", "is before from"),
        ({**EASTER, "date": "2027-02-29"}, ".0.date", "there is no 2027-02-29"),
        ({**EASTER, "date": "26.3.2027"}, ".0.date", "a date such as"),
        ({"date": "2027-03-26"}, ".0.name", "required"),
    ],
)
def test_what_is_refused(dates: dict[str, Any], at: str, words: str) -> None:
    (found,) = complaints("Calendar", "c", {"dates": [dates]})
    assert found.startswith(f"spec.dates{at}: ")
    assert words in found
