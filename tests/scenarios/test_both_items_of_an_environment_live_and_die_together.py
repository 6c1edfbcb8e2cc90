"""An Environment fills two tables; there is no moment at which only one of its items is there because of us."""

import pytest

from controller.model.plan import Status
from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import ENVIRONMENTS, OPERATIONS, environment


@pytest.fixture
def estate() -> Estate:
    return Estate()


def names(estate: Estate) -> tuple[list[str], list[str]]:
    config, operations = (
        [item["EnvironmentName"] for item in estate.store.items(PREFIX + table.name)]
        for table in (ENVIRONMENTS, OPERATIONS)
    )
    return config, operations


def test_one_transaction_creates_both_and_one_deletes_both(estate: Estate) -> None:
    estate.wants(environment("c50"))
    worker = estate.worker().takes()
    assert worker.applies().outcomes[0].status is Status.APPLIED
    assert names(estate) == (["c50"], ["c50"])
    estate.wants()
    (outcome,) = worker.applies().outcomes
    assert outcome.status is Status.APPLIED
    assert len(outcome.audit_ids) == 2
    assert names(estate) == ([], [])
    assert len(estate.store.transactions) == 2
    estate.check_ledger()


def test_a_full_transaction_never_parts_them(estate: Estate) -> None:
    # 49 item writes fit, so the 25th environment's second item would be the 50th.
    estate.wants(*(environment(f"c{n:02}") for n in range(60)))
    estate.worker().takes().applies()
    sizes = [len(writes) for writes in estate.store.transactions]
    assert sizes == [24 * 2 * 2 + 1, 24 * 2 * 2 + 1, 12 * 2 * 2 + 1]
    for writes in estate.store.transactions:
        tables = [write.table for write in writes]
        assert tables.count(PREFIX + ENVIRONMENTS.name) == tables.count(PREFIX + OPERATIONS.name)


def test_if_one_item_conflicts_the_other_is_not_written(estate: Estate) -> None:
    estate.wants(environment("c50"))
    worker = estate.worker().takes()
    changes = estate.plans()
    estate.meddles(OPERATIONS.name, EnvironmentName="c50", Value={})
    (outcome,) = worker.applies(changes).outcomes
    assert outcome.status is Status.CONFLICTED
    assert names(estate) == ([], ["c50"])
    assert estate.records() == []


def test_half_of_one_is_drift_and_is_made_whole(estate: Estate) -> None:
    estate.wants(environment("c50"))
    worker = estate.worker().takes()
    worker.applies()
    estate.store.drop(PREFIX + OPERATIONS.name, {"EnvironmentName": "c50"})
    (change,) = estate.plans()
    assert (change.action, change.cause) == ("update", "drifted")
    worker.applies([change])
    assert names(estate) == (["c50"], ["c50"])
    assert estate.plans() == ()
    estate.check_ledger()


def test_half_of_one_dies_too(estate: Estate) -> None:
    estate.wants(environment("c50"))
    worker = estate.worker().takes()
    worker.applies()
    estate.store.drop(PREFIX + OPERATIONS.name, {"EnvironmentName": "c50"})
    estate.wants()
    (outcome,) = worker.applies().outcomes
    assert outcome.status is Status.APPLIED
    assert names(estate) == ([], [])
