"""Where a page goes on: short to type, good for its question alone, and refused where it was typed wrong."""

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import WrongUsage
from controller.ledger.page_tokens import Told, Where, mark_of, position_of, token_of
from controller.ledger.questions import (
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Question,
)
from controller.ledger.records import EntityKey, iso_ms

SCOPE = OfScope("config")
ITEMS = OfEntity((EntityKey("ConfigA", "c50"), EntityKey("ConfigB", "c50", "blue")))
DAYS = OfPeriod(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
MOMENT = "2026-11-24T10:30:00.123Z"
AUDIT_ID = "5f" * 32

MOMENTS = st.integers(0, 2**42).map(lambda ms: iso_ms(datetime.fromtimestamp(ms / 1000, UTC)))
MARKS = st.integers(0, 2**32 - 1)
OF_TIME = st.builds(Told, MOMENTS | st.text(max_size=40), MARKS)
OF_CHAIN = st.builds(Told, st.integers(1, 2**53), MARKS)
ITEM_NAMES = st.sampled_from([str(entity) for entity in ITEMS.entities])
MONTHS = st.dates(min_value=date(2020, 1, 1)).map(lambda day: day.isoformat()[:7])
DAY_NAMES = st.dates().map(lambda day: day.isoformat())
COUNTS = st.integers(0, 10**6)
POSITIONS = st.one_of(
    st.tuples(st.just(SCOPE), st.tuples(st.just(Where.TABLE), OF_CHAIN)),
    st.tuples(st.just(SCOPE), st.tuples(st.just(Where.ARCHIVE), st.none() | COUNTS)),
    st.tuples(
        st.sampled_from([ITEMS, OfActor("ada"), OfTransaction("run-1")]),
        st.tuples(st.just(Where.ARCHIVE), st.none() | st.tuples(MONTHS, COUNTS)),
    ),
    st.tuples(st.just(OfActor("ada")), st.tuples(st.just(Where.TABLE), OF_TIME)),
    st.tuples(
        st.just(ITEMS),
        st.tuples(st.just(Where.TABLE), st.dictionaries(ITEM_NAMES, st.none() | OF_TIME)),
    ),
    st.tuples(st.sampled_from([ITEMS, DAYS]), st.tuples(st.just(Where.OLDER), COUNTS)),
    st.tuples(st.just(DAYS), st.tuples(DAY_NAMES, st.none() | OF_TIME, st.none() | COUNTS)),
)


@given(POSITIONS)
def test_a_position_is_read_back(asked: tuple[Question, Any]) -> None:
    question, position = asked
    token = token_of(question, position)
    assert position_of(question, token) == position
    assert position_of(question, token.upper()) == position
    assert token.isalnum()


@pytest.mark.parametrize(
    ("question", "position", "longest"),
    [
        (SCOPE, (Where.TABLE, {"AuditID": {"S": AUDIT_ID}, "Sequence": {"N": "123456"}}), 24),
        (OfActor("a"), (Where.TABLE, {"AuditID": {"S": AUDIT_ID}, "ISOTimestamp": {"S": MOMENT}}), 28),
        (
            DAYS,
            ("2026-11-24", {"AuditID": {"S": AUDIT_ID}, "ISOTimestamp": {"S": MOMENT}}, None),
            32,
        ),
        (DAYS, ("2026-11-24", None, 200), 20),
        (SCOPE, (Where.ARCHIVE, 123_456), 16),
    ],
)  # fmt: skip
def test_a_token_is_short(question: Question, position: Any, longest: int) -> None:
    assert len(token_of(question, position)) <= longest


def test_a_key_of_an_index_is_what_it_sorts_by_and_a_mark() -> None:
    key = {"AuditID": {"S": AUDIT_ID}, "Scope": {"S": "config"}, "Sequence": {"N": "7"}}
    token = token_of(SCOPE, (Where.TABLE, key))
    assert position_of(SCOPE, token) == (Where.TABLE, Told(7, mark_of(AUDIT_ID)))


def test_of_a_token_that_was_typed_wrong_nothing_is_told() -> None:
    position = (Where.TABLE, Told(123_456, mark_of(AUDIT_ID)))
    token = token_of(SCOPE, position)
    for at in range(len(token) - 1):
        typed = f"{token[:at]}{'b' if token[at] == 'a' else 'a'}{token[at + 1 :]}"
        with pytest.raises(WrongUsage, match="page token"):
            position_of(SCOPE, typed)
    with pytest.raises(WrongUsage, match="page token"):
        position_of(OfScope("other"), token)


def test_a_token_of_a_version_that_wrote_them_longer_is_refused() -> None:
    old = orjson.dumps(["0123456789abcdef", ["table", {"AuditID": {"S": AUDIT_ID}}]])
    with pytest.raises(WrongUsage, match="page token") as refused:
        position_of(SCOPE, urlsafe_b64encode(old).decode().rstrip("="))
    assert refused.value.fix.startswith("repeat the question without it")
