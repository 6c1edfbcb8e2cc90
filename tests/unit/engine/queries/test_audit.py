"""Which question a list of changes asks of the ledger."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.engine.installation.installation import Installation
from controller.engine.queries.audit import LONGEST, Asked
from controller.ledger.queries import OfPeriod, OfScope
from controller.ledger.summaries import RecordSummary, summary_of
from tests.unit.ledger.ledgers import image, records_of, write

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST = summary_of(records_of([[write("a", None, image("a", 1))]])[0])


def whose_first_is(line: RecordSummary | None) -> Installation:
    """Return an installation that knows of its ledger's beginning alone."""
    ledger = SimpleNamespace(beginning=lambda _scope: line)
    return cast(Installation, SimpleNamespace(ledger=ledger))


@pytest.mark.parametrize(
    ("asked", "question"),
    [({}, OfScope), ({"since": NOW}, OfPeriod), ({"power": True}, OfPeriod)],
)
def test_what_was_switched_is_looked_for_in_every_account(
    asked: dict[str, Any], question: type
) -> None:
    assert isinstance(Asked(now=NOW, **asked).question(whose_first_is(FIRST)), question)


@pytest.mark.parametrize(
    ("first", "since"),
    [
        (FIRST, datetime(2026, 11, 24, 10, 1, tzinfo=UTC)),
        (None, NOW),
        (replace(FIRST, iso_timestamp="soon"), NOW - LONGEST),
        (replace(FIRST, iso_timestamp="2026-11-24T10:01"), NOW - LONGEST),
    ],
)
def test_no_day_before_the_first_record_is_asked_for(
    first: RecordSummary | None, since: datetime
) -> None:
    question = Asked(now=NOW, name="a").question(whose_first_is(first))
    assert question == OfPeriod(since, NOW)
