"""Which question a list of changes asks of the ledger."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.engine.installation.installation import Installation
from controller.engine.queries.audit import LONGEST, Asked
from controller.ledger.questions import OfActor, OfPeriod, OfScope
from controller.ledger.summaries import RecordSummary, summary_of
from tests.unit.ledger.ledgers import image, records_of, write

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
END_OF_DAY = NOW.replace(hour=23, minute=59, second=59, microsecond=999_999)
"""Where a list without an end goes on belongs to its question, so that is the same all day."""
FIRST = summary_of(records_of([[write("a", None, image("a", 1))]])[0])


def whose_first_is(line: RecordSummary | None) -> Installation:
    """Return an installation that knows of its ledger's beginning alone."""
    ledger = SimpleNamespace(lines=SimpleNamespace(beginning=lambda _scope: line))
    return cast(Installation, SimpleNamespace(ledger=ledger))


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ({}, OfScope),
        ({"since": NOW}, OfPeriod),
        ({"power": True}, OfPeriod),
        ({"actor": "Ada"}, OfPeriod),
        ({"actor": "Ada Author <ada@example.com>"}, OfActor),
    ],
)
def test_what_was_switched_and_whom_a_part_names_is_looked_for_in_every_account(
    asked: dict[str, Any], question: type
) -> None:
    assert isinstance(Asked(now=NOW, **asked).question(whose_first_is(FIRST)), question)


@pytest.mark.parametrize(
    ("first", "since"),
    [
        (FIRST, datetime(2026, 11, 24, 10, 1, tzinfo=UTC)),
        (None, END_OF_DAY),
        (replace(FIRST, iso_timestamp="soon"), END_OF_DAY - LONGEST),
        (replace(FIRST, iso_timestamp="2026-11-24T10:01"), END_OF_DAY - LONGEST),
    ],
)
def test_no_day_before_the_first_record_is_asked_for(
    first: RecordSummary | None, since: datetime
) -> None:
    question = Asked(now=NOW, name="a").question(whose_first_is(first))
    assert question == OfPeriod(since, END_OF_DAY)
