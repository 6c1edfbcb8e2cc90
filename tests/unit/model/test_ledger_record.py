"""Whose change a record tells of."""

import pytest

from controller.model.ledger_record import Actor


@pytest.mark.parametrize(
    ("author", "changed_by", "who", "why"),
    [
        ("Ada <ada@example.com>", "envctl-1", "Ada <ada@example.com>", "the author of the commit"),
        ("unknown", "ada", "ada", "a history that does not say"),
        ("", "ada", "ada", "a source without a history"),
        ("", "", "unknown", "nobody known"),
    ],
)
def test_who_did_it(author: str, changed_by: str, who: str, why: str) -> None:
    assert Actor(author, "", "", "").who(changed_by) == who, why
