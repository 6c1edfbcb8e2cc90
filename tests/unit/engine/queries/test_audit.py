"""Which question a list of changes asks of the ledger."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from controller.engine.installation.installation import Installation
from controller.engine.queries.audit import Asked
from controller.ledger.queries import OfPeriod, OfScope

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NO_INSTALLATION = cast(Installation, None)


@pytest.mark.parametrize(
    ("asked", "question"),
    [({}, OfScope), ({"since": NOW}, OfPeriod), ({"power": True}, OfPeriod)],
)
def test_what_was_switched_is_looked_for_in_every_account(
    asked: dict[str, Any], question: type
) -> None:
    assert isinstance(Asked(now=NOW, **asked).question(NO_INSTALLATION), question)
