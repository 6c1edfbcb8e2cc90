"""Hours on and off, from what the ledger recorded of each instance."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.power_hours import power_hours
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


@pytest.mark.parametrize(
    ("records", "present", "on", "recorded"),
    [
        ([], True, 24, False),
        ([], False, 0, False),
        ([record(19, i_1=False)], False, 19, True),
        ([record(8, i_1=True), record(19, i_1=False)], False, 11, True),
        ([record(19, i_1=False), record(8, i_1=True)], False, 11, True),
        ([record(8, i_1=True)], True, 16, True),
        ([record(19, i_1=False)], None, 19, True),
    ],
)
def test_hours(
    records: list[LedgerRecord], present: bool | None, on: float, recorded: bool
) -> None:
    known = {} if present is None else {ONE: present}

    hours = power_hours(records, known, SINCE, UNTIL)[ONE]

    assert (hours.on, hours.off, hours.recorded) == (on, 24 - on, recorded)


def test_groups_parked_are_no_instances() -> None:
    parking = record(19, i_1=False)
    assert parking.new_value is not None
    images = {"Parking/a/r/c50-ta-Web": {"parked": True}, **parking.new_value}

    found = power_hours([parking], {}, SINCE, UNTIL)

    assert set(found) == {ONE}
    assert len(images) == 2


@given(st.lists(st.tuples(st.integers(0, 1439), st.booleans()), max_size=20))
def test_on_and_off_are_the_whole_period(switches: list[tuple[int, bool]]) -> None:
    records = [record(minute / 60, i_1=on) for minute, on in switches]

    hours = power_hours(records, {ONE: True}, SINCE, UNTIL)[ONE]

    assert hours.on + hours.off == pytest.approx(24)
    assert -1e-9 <= hours.on <= 24 + 1e-9
