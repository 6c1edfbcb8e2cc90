"""Merging partial specs, and laying derived attributes over items."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.kinds.language.merge import merge, merge_derived

plain = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
maps = st.dictionaries(st.text(max_size=2), plain, max_size=4)


@pytest.mark.parametrize(
    ("under", "over", "expected"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": None}, {}),
        ({}, {"a": {"b": None}}, {"a": {}}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_maps_merge_lists_replace_null_clears(under: Any, over: Any, expected: Any) -> None:
    assert merge(under, over) == expected


@given(maps)
def test_merging_with_nothing_changes_nothing(value: Any) -> None:
    assert merge(value, {}) == value == merge({}, value)


@given(maps, maps)
def test_what_was_merged_once_stays(under: Any, over: Any) -> None:
    once = merge(under, over)
    assert merge(once, over) == once


@pytest.mark.parametrize(
    ("item", "derived", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a": {1: {"y": 3}}}, {"a": [{"x": 1}, {"x": 2, "y": 3}]}),
        ({"a": [1, 2]}, {"a": {0: 5}}, {"a": [5, 2]}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({}, {"a": {}}, {"a": {}}),
    ],
)
def test_derived_attributes_reach_into_lists(item: Any, derived: Any, expected: Any) -> None:
    assert merge_derived(item, derived) == expected
