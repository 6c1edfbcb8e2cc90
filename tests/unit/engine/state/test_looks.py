from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.state.looks import LOOKS, is_looked_at_since, just_now, looks_in
from controller.engine.state.rows import Finding, next_status, row_of_status, write_statuses
from controller.model.observed import ScopeState, ScopeStatus
from controller.model.work import Job, Work
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TABLE = PREFIX + STATE_TABLE.name


def status(looks: int, looked_at: datetime | None = NOW) -> ScopeStatus:
    made = next_status(None, Finding(scope="s", state=ScopeState.OK), NOW)
    return replace(made, looks=looks, looked_at=looked_at)


def work(details: dict[str, str], asked_at: datetime = NOW) -> Work:
    return Work(
        scope="s", job=Job.LOOK, dedup="1", asked_at=asked_at, trigger="tick", details=details
    )


@pytest.mark.parametrize(
    ("looks", "since", "because"),
    [
        (3, False, "nobody has looked"),
        (4, False, "that look may have begun before it was asked for"),
        (5, True, "this one began after the one before was written"),
    ],
)
@pytest.mark.parametrize("apart", [timedelta(hours=-1), timedelta(0), timedelta(hours=1)])
def test_what_has_just_happened_goes_by_looks_and_by_no_clock(
    looks: int, since: bool, because: str, apart: timedelta
) -> None:
    asked = work({LOOKS: "3"}, NOW + apart)

    assert is_looked_at_since(asked, status(looks)) is since, because


@pytest.mark.parametrize(
    ("looked_at", "since"),
    [
        (NOW - timedelta(seconds=1), False),
        (NOW, False),
        (NOW + timedelta(seconds=1), True),
        (None, False),
    ],
)
@pytest.mark.parametrize("details", [{}, {LOOKS: "many"}, {LOOKS: "\u00b2"}])
def test_what_a_clock_makes_due_goes_by_the_clock_of_who_looked(
    looked_at: datetime | None, since: bool, details: dict[str, str]
) -> None:
    assert is_looked_at_since(work(details), status(9, looked_at)) is since


def test_a_work_says_how_many_looks_there_were_when_it_was_asked_for() -> None:
    estate = Estate()
    assert just_now(estate.store, TABLE, "s") == {LOOKS: "0"}

    for state in (ScopeState.OK, ScopeState.UNKNOWN):
        write_statuses(estate.store, TABLE, [Finding(scope="s", state=state)], NOW)

    assert just_now(estate.store, TABLE, "s") == {LOOKS: "1"}


def test_looks_are_known_of_scopes_that_stand_somewhere() -> None:
    damaged = {"Id": "status#t", "Looks": "many"}

    assert looks_in([row_of_status(status(7)), damaged, {"Id": "head#s"}]) == {"s": 7}
