"""What is written as YAML reads back as it was, and looks as people write it."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.loading.documents import parse_documents
from controller.loading.yaml_text import scalar_text, yaml_lines

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(" \n\t:#-'\"|>[]{},&*!%@`?~0x1eE.+_aA\x85\u2028\ufeff\x7f", max_size=12),
    st.sampled_from(
        [
            "on",
            "off",
            "yes",
            "no",
            "012",
            "1e3",
            "19:00",
            "null",
            "~",
            "",
            "0x1f",
            "<<",
            "=",
            "a: b",
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False).filter(
            lambda n: n != int(n) or abs(n) < 1e15
        ),
        TEXTS,
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def read_back(value: dict[str, Any]) -> Any:
    text = "\n".join(yaml_lines(value)) + "\n"
    (document,) = parse_documents(text.encode())
    return document.value


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
@example({"a": "x\ny\n", "b": ["x\n\ny"], "c": {"d": "#!/bin/sh\n\techo\n"}})
@example({"schedule": "on", "zone": "012", "exponent": "1e3", "at": "19:00", "": ""})
@example({"a": [[], {}, [{"b": ["c\nd"]}]]})
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    assert read_back(value) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("c50", "c50"),
        ("on", "on"),
        ("08:00", "08:00"),
        ("http://c50-Search", "http://c50-Search"),
        ("012345670123", '"012345670123"'),
        ("1e3", '"1e3"'),
        ("true", '"true"'),
        ("start: 0 8 * * 1-5", '"start: 0 8 * * 1-5"'),
        ("", '""'),
        ("a\x85b", '"a\\u0085b"'),
        (8500, "8500"),
        ([], "[]"),
    ],
)
def test_single_values(value: Any, text: str) -> None:
    assert scalar_text(value) == text


def test_small_maps_and_lists_stand_on_one_line() -> None:
    value = {
        "metadata": {"name": "office-hours"},
        "spec": {
            "timezone": "Europe/London",
            "periods": [
                {"days": "mon-fri", "from": "08:00", "to": "19:00"},
                {"days": "sat", "from": "10:00", "to": "16:00"},
            ],
            "text": "#!/bin/sh\necho hello\n",
        },
    }
    assert "\n".join(yaml_lines(value)) == (
        "metadata: {name: office-hours}\n"
        "spec:\n"
        "  timezone: Europe/London\n"
        "  periods:\n"
        "    - {days: mon-fri, from: 08:00, to: 19:00}\n"
        "    - {days: sat, from: 10:00, to: 16:00}\n"
        "  text: |\n"
        "    #!/bin/sh\n"
        "    echo hello"
    )
