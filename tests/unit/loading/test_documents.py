"""The fast way: regular YAML becomes plain values, anything else is refused without a word."""

from typing import Any

import pytest

from controller.loading import documents
from controller.loading.documents import (
    MAX_ALIASED_VALUES,
    MAX_BYTES,
    MAX_DEPTH,
    Document,
    Irregular,
    parse_documents,
)
from controller.loading.text_problems import find_text_problems


def values(text: str) -> list[dict[str, Any]]:
    return [document.value for document in parse_documents(text.encode())]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1\n", {"a": 1}),
        ("{}\n", {}),
        ("a:\n", {"a": None}),
        ("on: off\n", {"on": "off"}),
        ("from: 08:00\n", {"from": "08:00"}),
        ("a: [x, 'y', {b: ~}, [1]]\n", {"a": ["x", "y", {"b": None}, [1]]}),
        ("a:\n- b: 1\n  c: 2\n- - d\n", {"a": [{"b": 1, "c": 2}, ["d"]]}),
        ("'1': x\n\"<<\": y\n", {"1": "x", "<<": "y"}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
        ("a: '012'\nb: \"\\u2028\"\n", {"a": "012", "b": "\u2028"}),
        ("a: !!str 012\nb: !!map {c: !!seq [!!int 1]}\n", {"a": "012", "b": {"c": [1]}}),
        (
            "a: &x {b: [1, {}]}\nc: *x\nd: [*x]\n",
            {"a": {"b": [1, {}]}, "c": {"b": [1, {}]}, "d": [{"b": [1, {}]}]},
        ),
        ("a: &x 1\nb: *x\n", {"a": 1, "b": 1}),
        ("&top {a: 1}\n", {"a": 1}),
        ("\ufeffa: ä\n", {"a": "ä"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
    ],
)
def test_regular_text_becomes_plain_values(text: str, wanted: object) -> None:
    assert values(text) == [wanted]


def test_a_document_knows_the_line_its_content_begins_on() -> None:
    text = b"# schema\n\na: 1\n--- # the next\n\nb: 2\n--- {c: 3}\n"
    assert parse_documents(text) == (
        Document(3, {"a": 1}),
        Document(6, {"b": 2}),
        Document(7, {"c": 3}),
    )


def test_anchors_end_with_their_document() -> None:
    assert values("a: &x 1\n---\na: &x 2\nb: *x\n") == [{"a": 1}, {"a": 2, "b": 2}]
    with pytest.raises(Irregular):
        parse_documents(b"a: &x 1\n---\nb: *x\n")


def test_what_an_alias_brings_is_shared_with_nothing() -> None:
    [value] = values("a: &x {b: [1]}\nc: *x\n")
    value["c"]["b"].append(2)
    assert value["a"] == {"b": [1]}


def test_as_deep_and_as_many_as_allowed() -> None:
    deep = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert values(deep)
    many = f"a: &x 1\nb: [{','.join(['*x'] * MAX_ALIASED_VALUES)}]"
    assert values(many)


def test_the_memos_are_emptied_when_full_and_keep_no_long_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "_MEMO_ENTRIES", 10)
    text = "".join(f"key{n}: value{n}\n{'k' * 70}{n}: {'v' * 70}\n" for n in range(50))
    assert len(values(text)[0]) == 100
    assert len(documents._PLAIN) <= 10


def test_a_file_of_too_many_bytes_is_not_even_looked_at() -> None:
    with pytest.raises(Irregular):
        parse_documents(b"a: " + b"x" * MAX_BYTES)


@pytest.mark.parametrize(
    "text", [b"a: 1\nb: 2\nc: 3\n", b"a: {}\nb: 2\nc: 3\n", b"a: [1, 2, 3, 4, 5]\n"]
)
def test_a_file_of_too_many_values_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    assert parse_documents(text)
    monkeypatch.setattr(documents, "MAX_EVENTS", 8)
    with pytest.raises(Irregular):
        parse_documents(text)
    assert "too many values" in find_text_problems("f.yaml", text)[-1].message
