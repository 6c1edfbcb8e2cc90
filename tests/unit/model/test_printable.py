"""What others wrote is shown on one line, with everything in it to be seen."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import canonical_bytes
from controller.model.printable import (
    in_short,
    printable,
    printable_json,
    printable_lines,
    revision_text,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-1.4.2 → ü漢", "web-1.4.2 → ü漢"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("a\x1b[2Jb\x7f\x9b", "a\\x1b[2Jb\\x7f\\x9b"),
        ("a\u202eb\u2066\u200f", "a\\u202eb\\u2066\\u200f"),
        ("a\u200bb\ufeff\u00ad", "a\\u200bb\\ufeff\\xad"),
        ("a\u2028b\u2029\x85", "a\\u2028b\\u2029\\x85"),
        ("a\u3164\ufe0f\u034f\U000e0100", "a\\u3164\\ufe0f\\u034f\\U000e0100"),
        ("a\ud800", "a\\ud800"),
    ],
)
def test_what_does_not_print_is_written_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_that_are_meant_stay() -> None:
    assert printable_lines("a\n\tb\x1b\r\n\u202e") == "a\n\tb\\x1b\\r\n\\u202e"


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    shown = printable(text)

    assert "\n" not in shown
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert printable(shown) == shown


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_keeps_its_values(text: str) -> None:
    data = printable_json(canonical_bytes({text: [text]}))

    assert json.loads(data) == {text: [text]}
    assert not [c for c in data.decode() if printable(c) != c]


def test_json_that_is_plain_is_left_as_it_is() -> None:
    data = b'{"a":1}'

    assert printable_json(data) is data


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [
        ("ada", 5, "ada"),
        ("ceo\nroot", 20, "ceo\\nroot"),
        ("x" * 6, 5, "xxxx\N{HORIZONTAL ELLIPSIS}"),
        ("\u202e" * 3, 5, "\\u20\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_in_short_it_is_one_line_of_so_many_characters(text: str, longest: int, shown: str) -> None:
    assert in_short(text, longest) == shown


@pytest.mark.parametrize(
    ("commit", "shown"),
    [
        ("9f1e0aa41c2d", "9f1e0aa"),
        ("sha256:9f1e0aa41c2d", "9f1e0aa"),
        ("snapshot:01K5Q", "snapshot:01K5Q"),
        ("ledger:since 2026-11-28T12:00:00.000Z", "ledger:since 2026-11-28T12:00:00.000Z"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_what_is_no_commit_is_not_cut_to_its_digits(commit: str, shown: str) -> None:
    assert revision_text(commit) == shown
