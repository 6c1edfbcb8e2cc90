"""Plain items, wire items and the canonical bytes digests are made of."""

import json
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given

from controller.aws.items import (
    canonical_made,
    canonical_wire,
    from_wire,
    from_wire_value,
    item_bytes,
    number_of_text,
    number_text,
    to_wire,
    to_wire_value,
    wire_json,
)
from tests.support.any_items import ITEMS


@given(ITEMS)
def test_what_is_written_is_read_back(item: dict[str, Any]) -> None:
    assert from_wire(to_wire(item)) == item


@given(ITEMS)
def test_what_goes_out_as_json_is_read_back_from_json(item: dict[str, Any]) -> None:
    assert from_wire(json.loads(wire_json(to_wire(item)))) == item


@given(ITEMS)
def test_json_with_base64_and_wire_with_bytes_have_the_same_canonical_bytes(
    item: dict[str, Any],
) -> None:
    wire = to_wire(item)
    assert canonical_wire(json.loads(wire_json(wire))) == canonical_wire(wire)


@given(ITEMS)
def test_what_was_made_here_has_the_canonical_form_already(item: dict[str, Any]) -> None:
    assert canonical_made(to_wire(item)) == canonical_wire(to_wire(item))


@given(ITEMS)
def test_reading_and_writing_again_leaves_the_canonical_bytes(item: dict[str, Any]) -> None:
    wire = to_wire(item)
    assert canonical_wire(to_wire(from_wire(wire))) == canonical_wire(wire)


def _without_floats(value: Any) -> Any:
    """What boto3's own serialiser takes: Decimal in place of float."""
    if isinstance(value, float):
        return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, list):
        return [_without_floats(one) for one in value]
    if isinstance(value, dict):
        return {name: _without_floats(one) for name, one in value.items()}
    if isinstance(value, frozenset):
        return {_without_floats(one) for one in value}
    return value


def _boto3_takes(value: Any) -> bool:
    """boto3's context counts zeros at the end of a number as digits; DynamoDB does not."""
    if isinstance(value, list | frozenset):
        return all(map(_boto3_takes, value))
    if isinstance(value, dict):
        return all(map(_boto3_takes, value.values()))
    return not isinstance(value, int | float) or abs(value) < 10**37


@given(ITEMS.filter(_boto3_takes))
def test_agrees_with_boto3s_serialiser_up_to_number_spelling_and_set_order(
    item: dict[str, Any],
) -> None:
    boto3_wire = TypeSerializer().serialize(_without_floats(item))["M"]
    assert canonical_wire(to_wire(item)) == canonical_wire(boto3_wire)


@given(ITEMS.filter(_boto3_takes))
def test_boto3s_deserialiser_reads_what_we_write(item: dict[str, Any]) -> None:
    assert TypeDeserializer().deserialize({"M": to_wire(item)}) is not None


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("text", {"S": "text"}),
        ("", {"S": ""}),
        (True, {"BOOL": True}),
        (0, {"N": "0"}),
        (-7, {"N": "-7"}),
        (0.1, {"N": "0.1"}),
        (-0.0, {"N": "0"}),
        (3.0, {"N": "3"}),
        (1e-7, {"N": "0.0000001"}),
        (1e22, {"N": "10000000000000000000000"}),
        (Decimal("1.50"), {"N": "1.5"}),
        (None, {"NULL": True}),
        (b"\x00\xff", {"B": b"\x00\xff"}),
        ((1, "a"), {"L": [{"N": "1"}, {"S": "a"}]}),
        ({"b", "a"}, {"SS": ["a", "b"]}),
        (frozenset({2, 1.5}), {"NS": ["1.5", "2"]}),
        ({"a": {"b": []}}, {"M": {"a": {"M": {"b": {"L": []}}}}}),
    ],
)
def test_the_wire_form_of(value: Any, wire: dict[str, Any]) -> None:
    assert to_wire_value(value) == wire


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("5", 5, int),
        ("-12", -12, int),
        ("5.0", 5, int),
        ("1E+3", 1000, int),
        ("0.1", 0.1, float),
        ("1.10", 1.1, float),
        ("0.1000000000000000055511151231", Decimal("0.1000000000000000055511151231"), Decimal),
        ("12345678901234567890123456789012345678", 12345678901234567890123456789012345678, int),
        ("1" + "0" * 125, 1e125, float),
        ("12345678901234567891" + "0" * 20, 1234567890123456789100000000000000000000, int),
        ("1E-130", 1e-130, float),
    ],
)
def test_a_decimal_comes_out_only_where_int_and_float_would_lose(
    text: str, value: Any, kind: type
) -> None:
    read = number_of_text(text)
    assert (read, type(read)) == (value, kind)


@pytest.mark.parametrize(
    ("bad", "error", "because"),
    [
        (float("nan"), ValueError, "not a number"),
        (float("inf"), ValueError, "infinite"),
        (1e126, ValueError, "too large"),
        (Decimal("1E-131"), ValueError, "too small"),
        (10**39 + 1, ValueError, "39 digits"),
        (set(), ValueError, "DynamoDB has no empty set"),
        ({1, "a"}, TypeError, "mixed set"),
        ({True}, TypeError, "set of booleans"),
        (object(), TypeError, "no such type"),
        ({1: "a"}, TypeError, "map with a key that is no text"),
    ],
)
def test_what_dynamodb_cannot_hold_is_refused(
    bad: Any, error: type[Exception], because: str
) -> None:
    with pytest.raises(error):
        to_wire({"x": bad})


@pytest.mark.parametrize("wire", [{}, {"X": 1}])
def test_what_is_no_wire_value_is_refused(wire: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        from_wire_value(wire)
    with pytest.raises(TypeError):
        canonical_wire({"a": wire})


def test_values_of_sub_types_are_written_as_their_base() -> None:
    class Name(str):
        __slots__ = ()

    class Port(int):
        pass

    assert to_wire({"a": Name("x"), "b": Port(40000), "c": bytearray(b"z")}) == {
        "a": {"S": "x"},
        "b": {"N": "40000"},
        "c": {"B": b"z"},
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1.0"}, {"N": "1"}),
        ({"N": "1E+2"}, {"N": "100"}),
        ({"N": "007"}, {"N": "7"}),
        ({"N": "-0"}, {"N": "0"}),
        ({"SS": ["b", "a"]}, {"SS": ["a", "b"]}),
        ({"NS": ["2", "1.0"]}, {"NS": ["1", "2"]}),
        ({"M": {"b": {"S": ""}, "a": {"S": ""}}}, {"M": {"a": {"S": ""}, "b": {"S": ""}}}),
        ({"B": b"\x01"}, {"B": "AQ=="}),
    ],
)
def test_equal_to_dynamodb_means_equal_bytes(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert canonical_wire({"x": one}) == canonical_wire({"x": other})


def test_lists_keep_their_order_in_the_canonical_bytes() -> None:
    assert canonical_wire(to_wire({"x": [1, 2]})) != canonical_wire(to_wire({"x": [2, 1]}))


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"ab": "cd"}, 4),
        ({"ä": "ö"}, 4),
        ({"a": None}, 2),
        ({"a": True}, 2),
        ({"a": b"12345"}, 6),
        ({"a": []}, 4),
        ({"a": ["b"]}, 6),
        ({"a": {"b": "c"}}, 7),
        ({"a": {"x", "yy"}}, 4),
        ({"a": {b"x", b"yy"}}, 4),
        ({"a": 40000}, 6),
        ({"a": {1, 2}}, 7),
    ],
)
def test_the_size_dynamodb_counts(item: dict[str, Any], size: int) -> None:
    assert item_bytes(to_wire(item)) == size


def test_a_number_is_never_counted_over_21_bytes() -> None:
    assert item_bytes({"": {"N": number_text(10**125)}}) == 21
