"""Hours on and off, from what the ledger recorded of each instance."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.power_hours import Present, power_hours
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Actor, LedgerRecord

SINCE = datetime(2026, 11, 24, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=24)
ONE = "Instance/a/r/i-1"


def record(hour: float, **states: bool) -> LedgerRecord:
    def images(reverse: bool) -> Mapping[str, Any]:
        return {
            f"Instance/a/r/{name.replace('_', '-')}": {
                "state": "running" if on is not reverse else "stopped"
            }
            for name, on in states.items()
        }

    return LedgerRecord(
        audit_id=f"{hour}",
        source="",
        scope="a/r",
        sequence=int(hour * 60),
        previous_hash="",
        hash="",
        phase="succeeded",
        cause="scheduled",
        change_type="Updated",
        entity_type="Power",
        entity_key="a/r/c50",
        entity_range=None,
        entity_version=None,
        iso_timestamp=iso_ms(SINCE + timedelta(hours=hour)),
        transaction_id="",
        changed_by="",
        actor=Actor("", "", "", ""),
        plan_digest="",
        origin="",
        before="",
        after="",
        old_value=images(True),
        new_value=images(False),
    )


def at(hour: float) -> datetime:
    return SINCE + timedelta(hours=hour)


LONG_AGO = at(-100)
STOPPED = [record(19, i_1=False)]


@pytest.mark.parametrize(
    ("records", "present", "on", "off", "why"),
    [
        ([], Present(on=True), 24, 0, "nothing says that it was not there"),
        ([], Present(on=True, launched_at=LONG_AGO), 24, 0, "it was on all the time"),
        ([], Present(on=True, launched_at=at(22)), 2, 0, "it was not on before it was started"),
        ([], Present(on=False, launched_at=LONG_AGO), 0, 24, "it is taken as it is"),
        ([], Present(on=False, launched_at=at(20)), 0, 4, "what was not there saved nothing"),
        (STOPPED, Present(on=False), 19, 5, "it was on until it was stopped"),
        (STOPPED, Present(on=False, launched_at=at(16)), 3, 5, "it was launched in between"),
        (STOPPED, Present(on=True, launched_at=at(23)), 20, 4, "somebody started it again"),
        (STOPPED, None, 19, 0, "it is there no more: nobody knows since when"),
        ([record(8, i_1=True), *STOPPED], Present(on=False), 11, 13, "both are on record"),
        ([*STOPPED, record(8, i_1=True)], Present(on=False), 11, 13, "in any order"),
        ([record(8, i_1=True)], Present(on=True, launched_at=at(8.1)), 16, 8, "our own start"),
    ],
)
def test_hours(
    records: list[LedgerRecord], present: Present | None, on: float, off: float, why: str
) -> None:
    known = {} if present is None else {ONE: present}

    hours = power_hours(records, known, SINCE, UNTIL)[ONE]

    assert (round(hours.on, 6), round(hours.off, 6)) == (on, off), why
    assert hours.recorded is bool(records)


def test_groups_parked_are_no_instances() -> None:
    parking = record(19, i_1=False)
    assert parking.new_value is not None
    images = {"ParkedGroup/a/r/c50-ta-Web": {"parked": True}, **parking.new_value}

    found = power_hours([parking], {}, SINCE, UNTIL)

    assert set(found) == {ONE}
    assert len(images) == 2


@given(st.lists(st.tuples(st.integers(0, 1439), st.booleans()), max_size=20))
def test_on_and_off_are_the_whole_period(switches: list[tuple[int, bool]]) -> None:
    records = [record(minute / 60, i_1=on) for minute, on in switches]

    hours = power_hours(records, {ONE: Present(on=True)}, SINCE, UNTIL)[ONE]

    assert hours.on + hours.off == pytest.approx(24)
    assert -1e-9 <= hours.on <= 24 + 1e-9
