"""What others may write is told from what they may not; a record that names what no table has ends nothing.

The story of it is told by ``test_taking_over_changes_nothing_others_act_on``.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from controller.catalog import kinds
from controller.engine.queries.written_by_others import WrittenByOthers
from controller.ledger.records import EntityKey
from controller.ledger.replay import Difference


@pytest.mark.parametrize(
    "item",
    [
        EntityKey("InfraConfigAccounts", "no number", None),
        EntityKey("InfraConfigLBSettings", "c50", None),
        EntityKey("NoTable", "x", None),
    ],
)
def test_what_no_table_can_have_stays_a_difference(item: EntityKey) -> None:
    settings = SimpleNamespace(resource_prefix="")
    installation: Any = SimpleNamespace(master=SimpleNamespace(kinds=kinds(), settings=settings))
    others = WrittenByOthers(installation)

    assert not others(Difference(item, "a", "b", 1, 0))
    assert others.count == 0
