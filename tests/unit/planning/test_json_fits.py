"""What is said to fit for certain, the library says fits; what it is not certain of is left to the library."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from controller.planning.json_check import check_json, list_of, object_of
from controller.planning.json_fits import compiled
from controller.planning.observed_json import observed_schema
from controller.planning.plan_file import plan_schema

SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0, "", "a", "ab"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])


def schemas() -> st.SearchStrategy[dict[str, Any]]:
    simple = st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
            "const": SCALARS,
            "enum": st.lists(SCALARS, min_size=1, max_size=3),
            "pattern": st.sampled_from(["^a", "b$"]),
            "minimum": st.integers(-1, 1),
            "required": st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True),
            "description": st.just("words"),
            "maxItems": st.just(1),
            "additionalProperties": st.booleans() | st.just({"type": "integer"}),
            "oneOf": st.just([{"required": ["a"]}, {"required": ["b"]}]),
        },
    )
    return st.recursive(
        simple,
        lambda inner: st.fixed_dictionaries(
            {},
            optional={
                "type": TYPES,
                "items": inner,
                "required": st.just(["a"]),
                "additionalProperties": st.booleans() | inner,
                "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
                "if": st.sampled_from(
                    [
                        {"properties": {"a": {"const": "ab"}}},
                        {"properties": {"a": {"const": "ab"}, "b": {"const": ""}}},
                        {"properties": {"a": {"const": 1}}},
                        {"properties": {"a": {"type": "string"}}},
                        {"required": ["a"]},
                    ]
                ),
                "then": inner,
            },
        ),
        max_leaves=4,
    )


@given(schemas(), VALUES)
def test_what_fits_for_certain_fits(schema: dict[str, Any], value: Any) -> None:
    if compiled(schema)(value):
        assert Draft202012Validator(schema).is_valid(value)


NESTED = object_of({"n": {"type": "integer", "minimum": 0}}, {"l": list_of({"enum": ["x"]}, "")})


@pytest.mark.parametrize(
    ("value", "certain"),
    [
        ({"n": 1}, True),
        ({"n": 1, "l": ["x", "x"], "more": True}, True),
        ({"n": 1, "l": ["y"]}, False),
        ({"n": -1}, False),
        ({"n": True}, False),
        ({"l": []}, False),
        ([], False),
    ],
)
def test_objects_of_ours(value: Any, certain: bool) -> None:
    assert compiled(NESTED)(value) is certain


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"maxItems": 3}, []),
        ({"required": ["a"]}, {"a": 1}),
        ({"enum": [1]}, 1),
        ({"type": "integer"}, 1.0),
    ],
)
def test_what_is_not_certain_is_left_to_the_library(schema: dict[str, Any], value: Any) -> None:
    assert not compiled(schema)(value)
    check_json(value, schema, "it", "nothing")


GOLDEN = sorted(Path(__file__).parents[2].glob("golden/d*/*.json"))


def test_documents_that_were_written_fit_for_certain() -> None:
    schemas_of = {"plan.json": plan_schema(), "observed.json": observed_schema()}
    written = [path for path in GOLDEN if path.name in schemas_of]

    assert written
    for path in written:
        assert compiled(schemas_of[path.name])(json.loads(path.read_text())), path


EITHER = {"oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}
ONLY_A = {"properties": {"a": {}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "value", "certain"),
    [
        (ONLY_A, {"a": 1}, True),
        (ONLY_A, {"b": 1}, False),
        (ONLY_A, 3, True),
        ({"additionalProperties": True}, {"b": 1}, True),
        (EITHER, {"a": 1, "b": 1}, True),
        (EITHER, {"a": 1, "b": 1, "c": 1}, False),
        ({"oneOf": [{"type": "integer"}]}, 1, False),
        ({"additionalProperties": {"type": "integer"}}, {"b": 1}, True),
        ({"additionalProperties": {"type": "integer"}}, {"b": "x"}, False),
    ],
)
def test_further_fields(schema: dict[str, Any], value: Any, certain: bool) -> None:
    assert compiled(schema)(value) is certain
