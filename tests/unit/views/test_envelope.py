"""Objects of a document, filled from the values they tell of."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pytest

from controller.model.canonical import ABSENT
from controller.views.documents.envelope import filled


class CopyObject(TypedDict):
    """Copies of one scope."""

    scope: str
    copiesBehind: int | None
    fix: NotRequired[str]


@dataclass(frozen=True)
class Counts:
    """What a look counted."""

    copies_behind: int
    scope: str = "eu"


def test_a_field_is_what_is_given_else_what_the_first_value_has_by_its_name() -> None:
    assert filled(CopyObject, Counts(2), Counts(3, "us"), fix="wait") == {
        "scope": "eu",
        "copiesBehind": 2,
        "fix": "wait",
    }
    assert filled(CopyObject, Counts(2), scope="us", fix=ABSENT) == {
        "scope": "us",
        "copiesBehind": 2,
    }


def test_what_is_not_known_is_null_and_what_nobody_has_is_a_mistake() -> None:
    assert filled(CopyObject, None, scope="eu", fix=ABSENT)["copiesBehind"] is None
    with pytest.raises(AttributeError, match="copies_behind"):
        filled(CopyObject, object(), scope="eu", fix=ABSENT)
