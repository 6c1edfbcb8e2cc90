from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.items import from_wire, item_bytes, to_wire
from controller.engine.state.override_rows import (
    holds,
    numbered,
    override_of_row,
    overrides_of_row,
    row_id,
    row_of_override,
    rows_of_overrides,
)
from controller.errors import DamagedState, ExitCode, exit_code_of
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef

MOMENTS = st.integers(0, 4_000_000_000_000).map(
    lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC).replace(
        microsecond=milliseconds % 1000 * 1000
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(-10, 10) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OVERRIDES = st.builds(
    Override,
    id=st.uuids().map(str),
    ref=st.builds(ResourceRef, st.just("Service"), st.text(min_size=1)),
    reason=st.text(),
    actor=st.text(),
    since=MOMENTS,
    path=st.text(),
    value=VALUES | st.just(ABSENT),
    until=st.none() | MOMENTS,
    until_git=st.booleans(),
    base_digest=st.text(),
)


@given(OVERRIDES)
def test_an_override_comes_back_from_its_row(override: Override) -> None:
    assert override_of_row(from_wire(to_wire(row_of_override(override)))) == override


@pytest.mark.parametrize(
    "damage",
    [
        {"Ref": "nothing"},
        {"Since": "never"},
        {"Value": "{"},
        {"Until": 5},
        {"Ref": None},
        {"Path": 1},
        {"Actor": None},
        {"Reason": {}},
        {"Actor": []},
        {"UntilGit": "yes"},
        {"BaseDigest": 0},
        {"Since": "2026-01-01"},
        {"Value": 7},
        {"Until": "2026-01-01T00:00:00"},
    ],
)
def test_a_damaged_row_is_an_error_that_names_it(damage: dict[str, Any]) -> None:
    whole = Override(
        "o1", ResourceRef("Service", "Search"), "why", "ada", datetime(2026, 1, 1, tzinfo=UTC)
    )

    with pytest.raises(
        DamagedState, match=f"'override#o1' of EnvctlState is damaged: its {next(iter(damage))}"
    ) as told:
        override_of_row({**row_of_override(whole), **damage})
    assert exit_code_of(told.value) is ExitCode.FAILED


@pytest.mark.parametrize("row", [{}, {"Id": 5}, {"Id": None}, {"Id": "override#" + "x" * 10_000}])
def test_a_row_that_is_none_is_told_in_one_line(row: dict[str, Any]) -> None:
    with pytest.raises(DamagedState) as told:
        override_of_row(row)
    assert len(told.value.message) < 200


def parts(count: int, **different: Any) -> tuple[Override, ...]:
    """An override of many services, as a restore leaves it."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    loose = [
        Override(
            **{
                "id": "",
                "ref": ResourceRef("Service", f"Service{number:05}"),
                "reason": "restored",
                "actor": "ada",
                "since": since,
                "path": "spec.description",
                "until_git": True,
                "base_digest": f"{number:064}",
                **different,
            }
        )
        for number in range(count)
    ]
    return numbered("HELD01", loose)


def test_an_override_of_ten_thousand_objects_is_rows_that_dynamodb_and_their_records_can_hold() -> (
    None
):
    made = parts(10_000)

    rows = rows_of_overrides(made)

    assert {part.whole_id for part in made} == {"HELD01"}
    assert len({part.id for part in made}) == len(made)
    assert len(rows) < 40
    assert max(item_bytes(to_wire(row)) for row in rows) < 150 * 1024
    assert [part for row in rows for part in overrides_of_row(row)] == list(made)
    assert {row_id(part.id) for part in made} == {row["Id"] for row in rows}


def test_a_single_part_is_an_override_by_itself() -> None:
    (made,) = parts(1)

    assert (made.id, made.is_part) == ("HELD01", False)
    assert row_id(made.id) == "override#HELD01"


@pytest.mark.parametrize("value", [None, False, [], {"a": [1, None]}, "x" * 200_000])
def test_a_part_keeps_its_value_and_one_that_is_large_has_a_row_of_its_own(value: Any) -> None:
    made = parts(3, value=value)

    rows = rows_of_overrides(made)

    assert [part for row in rows for part in overrides_of_row(row)] == list(made)
    assert len(rows) == (3 if isinstance(value, str) else 1)


@pytest.mark.parametrize(
    "damage",
    [[], None, "x", [5], [{}], [{"Number": "x"}], [{"Number": 1}], [{"Number": 1, "Ref": "x"}]],
)
def test_damaged_parts_are_an_error_that_names_their_row(damage: Any) -> None:
    (row,) = rows_of_overrides(parts(2))

    with pytest.raises(DamagedState, match=r"row 'override#HELD01\.1' of EnvctlState is damaged"):
        overrides_of_row({**row, "Parts": damage})


def test_a_row_tells_which_parts_it_holds() -> None:
    first, second = parts(2)
    (row,) = rows_of_overrides([second])

    assert holds(row, second.id)
    assert not holds(row, first.id)
    assert not holds(None, first.id)
    assert holds(row_of_override(replace(first, id="o1")), "o1")
