"""A removed service leaves its item for good; the ledger is asked about it while it leaves, and never again."""

from collections import Counter
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.support.command_line import Fleet, service


def calls_of_a_plan(fleet: Fleet, code: int) -> Counter[str]:
    """Return how often the plan asked AWS what."""
    made: Counter[str] = Counter()
    call = vars(BaseClient)["_make_api_call"]

    def counted(client: BaseClient, operation: str, parameters: Any) -> Any:
        made[operation] += 1
        return call(client, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", counted)
        planned = fleet.plan()
    assert planned.code == code, planned.out + planned.err
    return made


@pytest.mark.slow
def test_the_plan_after_asks_what_the_plan_before_asked(installed: Fleet) -> None:
    installed.has({f"s{one}.yaml": service(f"S{one}", 40100 + 2 * one) for one in range(12)})
    assert installed.apply().code == 0
    before = calls_of_a_plan(installed, 0)

    installed.has({"s0.yaml": None, "s1.yaml": None})
    leaving = calls_of_a_plan(installed, 2)
    assert installed.apply().code == 0
    after = calls_of_a_plan(installed, 0)

    assert leaving["Query"] == before["Query"] + 2
    assert after == before
