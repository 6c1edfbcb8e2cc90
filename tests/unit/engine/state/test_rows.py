"""How a scope stands, carried from look to look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.state.rows import (
    Finding,
    next_status,
    row_of_status,
    stands_otherwise,
    status_of_row,
    write_statuses,
)
from controller.events import Event, ScopeStands
from controller.model.observed import Remark, ScopeCounts, ScopeState, ScopeStatus
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
REMARKS = st.lists(
    st.builds(Remark, st.text(max_size=9), st.integers(0, 99), st.just(("c50-ta-Web",))), max_size=2
).map(tuple)
COUNTS = st.none() | st.integers(0, 9)
SIGHTINGS = st.builds(
    ScopeCounts,
    at=MOMENTS,
    instances_on=COUNTS,
    instances_off=COUNTS,
    to_switch=COUNTS,
    to_start=COUNTS,
    off_since=st.none() | MOMENTS,
    on_the_way=COUNTS,
    copies_behind=COUNTS,
    behind_since=st.none() | MOMENTS,
    complete_at=st.none() | MOMENTS,
    missing=REMARKS,
    rollouts=REMARKS,
    short=REMARKS,
    images=REMARKS,
    images_at=st.none() | MOMENTS,
    instances_at=st.none() | MOMENTS,
    environments=st.dictionaries(
        st.sampled_from(["c50", "c51"]), st.tuples(st.integers(0, 9), st.integers(0, 9))
    ),
    resized=COUNTS,
    resized_at=st.none() | MOMENTS,
)
STATUSES = st.builds(
    ScopeStatus,
    scope=st.just("staging-eu/eu-west-1"),
    state=st.sampled_from(ScopeState),
    since=MOMENTS,
    tried_at=MOMENTS,
    reason=st.text(max_size=20),
    looked_at=st.none() | MOMENTS,
    revision=st.sampled_from(["", "9f1e0aa"]),
    applied_at=st.none() | MOMENTS,
    left_since=st.none() | MOMENTS,
    retry_at=st.none() | MOMENTS,
    changes=st.integers(0, 9),
    blocked=st.integers(0, 9),
    failures=st.integers(0, 9),
    looks=st.integers(0, 9),
    seen=st.none() | SIGHTINGS,
)


SHORT = ScopeCounts(at=LATER, to_start=2, off_since=NOW)
"""Instances are off that should be on, at a second look."""


def found(state: ScopeState, **more: object) -> Finding:
    return Finding(scope="s", state=state, **more)  # type: ignore[arg-type]  # given by keyword


@given(STATUSES)
def test_a_row_gives_the_status_back(status: ScopeStatus) -> None:
    assert status_of_row(row_of_status(status)) == status


def test_what_was_counted_stays_until_it_is_counted_again() -> None:
    images = (Remark("web-1.4.3 is out", 1, ("c50-ta-Web",)),)
    close = ScopeCounts(at=NOW, images=images, images_at=NOW, copies_behind=0, complete_at=NOW)
    first = next_status(None, found(ScopeState.OK, seen=close), NOW)

    blind = next_status(first, found(ScopeState.UNKNOWN), LATER)
    light = ScopeCounts(at=LATER, instances_on=3, copies_behind=2, behind_since=LATER)
    again = next_status(blind, found(ScopeState.OK, seen=light), LATER)

    assert blind.seen == close
    assert again.seen == replace(light, images=images, images_at=NOW, complete_at=NOW)
    closer = ScopeCounts(at=LATER, images_at=LATER, copies_behind=0, complete_at=LATER)
    assert next_status(again, found(ScopeState.OK, seen=closer), LATER).seen == closer
    assert next_status(again, found(ScopeState.OK), LATER).seen is None, "nothing is on any more"


def test_a_run_of_power_alone_counts_instances_anew_and_nothing_else() -> None:
    whole = ScopeCounts(at=NOW, instances_on=3, instances_off=1, to_switch=2, copies_behind=2)
    first = next_status(None, found(ScopeState.OK, seen=whole), NOW)

    def after(seen: ScopeCounts | None) -> ScopeCounts | None:
        return next_status(first, found(ScopeState.OK, partial=True, seen=seen), LATER).seen

    counts = ScopeCounts(
        at=LATER, instances_on=4, instances_off=0, to_switch=0, instances_at=LATER, resized=1
    )
    assert after(counts) == replace(counts, at=NOW, copies_behind=2)
    assert after(ScopeCounts(at=LATER, copies_behind=0)) == after(None) == whole


def test_a_damaged_row_is_no_status() -> None:
    assert (
        status_of_row({**row_of_status(next_status(None, found(ScopeState.OK), NOW)), "Seen": 1})
        is None
    )
    assert status_of_row({"Id": "status#s", "State": "fine"}) is None
    assert status_of_row({}) is None


def test_a_state_keeps_since_when_it_is() -> None:
    first = next_status(None, found(ScopeState.OK, applied="9f1e0aa"), NOW)
    again = next_status(first, found(ScopeState.OK), LATER)
    other = next_status(again, found(ScopeState.UNKNOWN, reason="throttled"), LATER)
    assert (first.since, first.looked_at, first.applied_at) == (NOW, NOW, NOW)
    assert (again.since, again.looked_at, again.revision, again.applied_at) == (
        NOW,
        LATER,
        "9f1e0aa",
        NOW,
    )
    assert (other.since, other.looked_at, other.failures) == (LATER, LATER, 1)
    assert other.retry_at == LATER + timedelta(seconds=60)
    assert next_status(other, found(ScopeState.OK), LATER).retry_at is None


@given(st.integers(0, 10_000))
def test_tries_are_spaced_out_but_never_far(failures: int) -> None:
    before = replace(next_status(None, found(ScopeState.UNKNOWN), NOW), failures=failures)
    retry_at = next_status(before, found(ScopeState.UNKNOWN), NOW).retry_at
    assert retry_at is not None
    assert timedelta(minutes=1) <= retry_at - NOW <= timedelta(minutes=15)


def test_a_look_at_a_part_leaves_how_the_rest_stands() -> None:
    whole = found(ScopeState.REFUSED, reason="62 would go", changes=62)
    before = next_status(None, whole, NOW)

    after = next_status(before, found(ScopeState.OK, applied="9f1e0aa", partial=True), LATER)
    broken = next_status(after, found(ScopeState.UNKNOWN, reason="denied", partial=True), LATER)

    assert (after.state, after.reason, after.changes) == (ScopeState.REFUSED, "62 would go", 62)
    assert (after.looked_at, after.tried_at, after.revision) == (NOW, LATER, "")
    assert (broken.state, broken.reason) == (ScopeState.UNKNOWN, "denied")


def test_looks_that_went_on_side_by_side_count_as_one() -> None:
    first = next_status(None, found(ScopeState.OK), NOW)
    beside = next_status(first, found(ScopeState.REFUSED, looks_before=0), LATER)
    after = next_status(beside, found(ScopeState.OK, looks_before=1), LATER)
    blind = next_status(after, found(ScopeState.UNKNOWN, looks_before=2), LATER)
    part = next_status(blind, found(ScopeState.OK, looks_before=2, partial=True), LATER)

    assert [one.looks for one in (first, beside, after, blind, part)] == [1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("epoch", "planned_from", "written", "because"),
    [
        (2, 5, True, "as new as what is there"),
        (3, 6, True, "newer"),
        (1, 5, False, "another owned the scope since, though nothing else is accepted"),
        (1, 6, False, "another owned the scope since"),
        (2, 4, False, "the same owner's, planned from less"),
        (3, 4, False, "planned from less than whoever wrote before"),
        (0, 6, True, "nobody need own a scope to look at it"),
    ],
)
def test_a_late_worker_does_not_say_how_a_scope_stands(
    epoch: int, planned_from: int, written: bool, because: str
) -> None:
    estate, table = Estate(), PREFIX + STATE_TABLE.name
    newest = found(ScopeState.OK, epoch=2, planned_from=5)
    late = found(ScopeState.STALLED, epoch=epoch, planned_from=planned_from)
    write_statuses(estate.store, table, [newest], NOW)

    told = write_statuses(estate.store, table, [late], LATER)

    row = estate.store.get(table, {"Id": "status#s"})
    assert row is not None
    assert (row["State"] == "stalled", bool(told)) == (written, written), because


def test_a_late_worker_that_saw_no_row_does_not_write_over_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    estate, table = Estate(), PREFIX + STATE_TABLE.name
    write_statuses(estate.store, table, [found(ScopeState.OK, planned_from=5)], NOW)
    read = estate.store.get

    with monkeypatch.context() as before_the_first:
        before_the_first.setattr(estate.store, "get", lambda *_: None)
        late = found(ScopeState.STALLED, planned_from=4)
        assert write_statuses(estate.store, table, [late], LATER) == ()

    row = read(table, {"Id": "status#s"})
    assert row is not None
    assert row["State"] == "ok"


def test_a_damaged_row_is_written_anew() -> None:
    estate, table = Estate(), PREFIX + STATE_TABLE.name
    estate.store.write(PutWrite(table, to_wire({"Id": "status#s", "Epoch": 10**20})))

    (told,) = write_statuses(estate.store, table, [found(ScopeState.OK)], NOW)

    assert status_of_row(estate.store.get(table, {"Id": "status#s"}) or {}) == told


def test_since_when_changes_are_left_is_kept_while_they_are_and_while_nothing_is_seen() -> None:
    first = next_status(None, found(ScopeState.OK, changes=2), NOW)
    second = next_status(first, found(ScopeState.OK, changes=1), LATER)
    unknown = next_status(second, found(ScopeState.UNKNOWN), LATER)
    done = next_status(unknown, found(ScopeState.OK), LATER)

    assert [one.left_since for one in (first, second, unknown, done)] == [NOW, NOW, NOW, None]


def test_since_when_instances_are_off_is_kept_from_look_to_look() -> None:
    first = ScopeCounts(at=NOW, to_start=1, off_since=NOW)
    second = ScopeCounts(at=LATER, to_start=2, off_since=LATER).after(first)

    assert second.off_since == NOW
    assert ScopeCounts(at=LATER, to_start=0).after(second).off_since is None


@pytest.mark.parametrize(
    ("before", "after", "told", "because"),
    [
        ({}, {}, False, "it stands as before"),
        ({}, {"changes": 3, "revision": "9f1e0aa"}, False, "that is no news of how it stands"),
        ({}, {"state": ScopeState.STALLED, "failures": 1}, True, "the state is another"),
        ({"failures": 1}, {"failures": 2}, True, "one try more has failed"),
        ({}, {"seen": SHORT}, True, "instances are off, and were before"),
        ({}, {"seen": replace(SHORT, off_since=LATER)}, False, "that may pass by itself"),
        ({}, {"seen": replace(SHORT, to_start=0)}, False, "all are on"),
        ({}, {"seen": replace(SHORT, off_since=None)}, False, "since when is not known"),
    ],
)
def test_a_scope_that_stands_otherwise_is_told_of(
    before: dict[str, Any], after: dict[str, Any], told: bool, because: str
) -> None:
    known = ScopeStatus(scope="s", state=ScopeState.OK, since=NOW, tried_at=NOW)
    first, second = replace(known, **before), replace(known, **after)

    assert bool(stands_otherwise(second, first)) is told, because


def test_how_a_scope_stands_is_told_once_it_is_written() -> None:
    estate, heard = Estate(), list[Event]()
    table = PREFIX + STATE_TABLE.name

    for state in (ScopeState.OK, ScopeState.OK, ScopeState.UNKNOWN):
        write_statuses(estate.store, table, [found(state, reason="why")], NOW, heard.append)

    assert heard == [
        ScopeStands("s", "ok", "", "why", 0, "", 0),
        ScopeStands("s", "unknown", "ok", "why", 1, "", 0),
    ]
