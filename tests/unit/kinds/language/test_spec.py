"""The model of specs, its marks, and models in which everything may be left out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

from controller.kinds.language.fields import fields_of, merge
from controller.kinds.language.spec import Metadata, Spec, merge_derived, partial_model
from tests.unit.kinds.language.sample_specs import Mast, ShipSpec


@pytest.mark.parametrize(
    ("field", "yaml", "item"),
    [
        ("owning_cluster", "owningCluster", "OwningCluster"),
        ("ami", "ami", "Ami"),
        ("availability_zone_a", "availabilityZoneA", "AvailabilityZoneA"),
    ],
)
def test_one_rule_for_names(field: str, yaml: str, item: str) -> None:
    fields: dict[str, Any] = {field: (str | None, None)}
    (found,) = fields_of(create_model("Named", __base__=Spec, **fields)).by_yaml.values()
    assert (found.yaml, found.attribute) == (yaml, item)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"name": ""},
        {"name": "x" * 256},
        {"name": 1},
        {"name": "x", "labels": {"a": 1}},
        {"name": "x", "x": 1},
    ],
)
def test_metadata_that_is_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Metadata.model_validate(metadata)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_cannot_be_stored_is_no_number(value: float) -> None:
    with pytest.raises(ValidationError):
        ShipSpec.model_validate({"homePort": value})


def test_a_partial_model_asks_for_nothing_but_still_refuses_what_is_wrong() -> None:
    partial = partial_model(ShipSpec, "PartialShip", flag=(bool | None, None))
    partial.model_validate({})
    partial.model_validate({"engine": {"tuned": True}, "flag": True})
    refused: list[dict[str, Any]] = [
        {"homePort": 1},
        {"engine": {"makr": "x"}},
        {"masts": [{}]},
    ]
    for wrong in refused:
        with pytest.raises(ValidationError):
            partial.model_validate(wrong)
    with pytest.raises(ValidationError):
        partial_model(Mast, "PartialMast").model_validate({"mastName": "main"})


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
