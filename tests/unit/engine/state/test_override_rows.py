from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.items import from_wire, to_wire
from controller.engine.state.rows import override_of_row, row_of_override
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
