"""Whatever an item holds comes back from canonical JSON as it was: also what only looks like what JSON has no word for."""

from decimal import Decimal
from typing import Any

import pytest

from controller.targets.table_items.item_form import dump_plain, load_plain

TAGGED = [
    (frozenset({"b", "a"}), b'{"$set":["a","b"]}'),
    (b"\xff", b'{"$bytes":"/w=="}'),
    (Decimal("12345678901234567890.5"), b'{"$number":"12345678901234567890.5"}'),
    (10**37, b'{"$number":"1' + b"0" * 37 + b'"}'),
]


@pytest.mark.parametrize(("value", "written"), TAGGED)
def test_what_json_has_no_word_for_is_tagged(value: Any, written: bytes) -> None:
    assert dump_plain(value) == written
    assert load_plain(written) == value


@pytest.mark.parametrize(
    "value",
    [
        {"$number": "none"},
        {"$bytes": "no base64"},
        {"$set": ["a"]},
        {"$map": {"$set": ["a"]}},
        {"$nowMs": 1},
        {"$nowMs": "now"},
        {"deep": [{"$number": "1"}, frozenset({"a"})]},
        {"$number": frozenset({b"\x00"})},
        {"$number": "1", "more": 1},
        {"text": '{"$number":"1"}'},
    ],
)
def test_a_map_that_looks_like_a_tag_stays_a_map(value: Any) -> None:
    assert load_plain(dump_plain(value)) == value


def test_equal_values_are_equal_bytes_and_others_are_not() -> None:
    assert dump_plain({"a": {"$set": ["a"]}}) != dump_plain({"a": frozenset({"a"})})
    assert dump_plain({"a": {"$map": {}}}) != dump_plain({"a": {}})
