"""Which question a list of changes asks of the ledger."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.catalog import kinds
from controller.engine.installation.installation import Installation
from controller.engine.queries import audit
from controller.engine.queries.audit import LONGEST, Asked
from controller.ledger.questions import OfActor, OfEntity, OfPeriod, OfScope, Period
from controller.ledger.records import EntityKey
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


def test_an_environment_asked_for_by_its_name_is_all_that_is_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = whose_first_is(FIRST).ledger
    settings = SimpleNamespace(resource_prefix="t-", extensions=())
    master = SimpleNamespace(kinds=kinds(), settings=settings)
    known = cast(Installation, SimpleNamespace(ledger=ledger, master=master))
    item = EntityKey("t-ConfigEnvironments", "c50")
    monkeypatch.setattr(audit, "_entities", lambda *_: (item,))

    whole = Asked(now=NOW, since=NOW, entity="c50").meant(known)

    assert (whole.environment, whole.is_whole, whole.shows_power) == ("c50", True, False)
    assert whole.question(known) == OfPeriod(NOW, END_OF_DAY, OfEntity((item,), Period(NOW)))
    narrowed = Asked(now=NOW, entity="c50", environment="c51")
    assert narrowed.meant(known) == narrowed
    group = Asked(now=NOW, entity="Group/c50-ta-Web")
    assert group.meant(known) == group
    service = EntityKey("t-InfraConfigServices", "Search")
    monkeypatch.setattr(audit, "_entities", lambda *_: (service,))
    of_one = Asked(now=NOW, entity="Search").meant(known)
    assert (of_one.is_whole, of_one.shows_power) == (False, True)
    assert of_one.question(known) == OfEntity((service,))
