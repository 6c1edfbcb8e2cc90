"""A worker that was only slow finds that another took its scope: it writes nothing and leaves no record."""

import pytest

from controller.aws.errors import OutcomeUnknown
from controller.errors import ScopeBusy, ScopeFromTheFuture, StaleEpoch
from controller.model.plan import Status
from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import SERVICES, service


@pytest.fixture
def estate() -> Estate:
    return Estate()


def test_its_change_is_not_applied_and_leaves_no_record(estate: Estate) -> None:
    estate.wants(service("payments"))
    stale = estate.worker("worker-a").takes()
    estate.clock.sleep(61)
    estate.worker("worker-b").takes()

    result = stale.applies()

    assert [outcome.status for outcome in result.outcomes] == [Status.STALE_EPOCH]
    assert isinstance(result.stopped, StaleEpoch)
    assert "worker-b (epoch 2)" in result.outcomes[0].message
    assert estate.store.items(PREFIX + SERVICES.name) == []
    assert estate.records() == []


def test_it_stops_in_the_middle_of_a_long_apply(estate: Estate) -> None:
    estate.wants(*(service(f"s{n:03}") for n in range(120)))
    slow = estate.worker("worker-a").takes()
    changes = estate.plans()

    def taken_over_after_the_first(*_: object) -> None:
        if len(estate.store.transactions) == 1:
            estate.worker("worker-b").takes(take_over=True)

    estate.store.before = taken_over_after_the_first
    result = slow.applies(changes)

    assert [outcome.status for outcome in result.outcomes] == [
        *[Status.APPLIED] * 49,
        *[Status.STALE_EPOCH] * 71,
    ]
    estate.check_ledger()
    assert len(estate.records()) == 49
    estate.store.before = lambda *_: None
    estate.worker("worker-b").takes().applies()
    assert len(estate.store.items(PREFIX + SERVICES.name)) == 120
    estate.check_ledger()


def test_what_it_had_written_before_the_take_over_is_recognised(estate: Estate) -> None:
    """Its answer was lost, then it lost the scope: done is done all the same."""
    estate.wants(service("payments"))
    slow = estate.worker("worker-a").takes()

    def lost_and_taken_over(*_: object) -> None:
        estate.store.after = lambda *_: None
        estate.worker("worker-b").takes(take_over=True)
        raise OutcomeUnknown("no answer")

    estate.store.after = lost_and_taken_over
    result = slow.applies()
    assert [outcome.status for outcome in result.outcomes] == [Status.ALREADY_DONE]
    estate.check_ledger()


def test_a_second_worker_waits_for_the_lease_and_is_told_whose_it_is(estate: Estate) -> None:
    estate.worker("worker-a").takes()
    with pytest.raises(ScopeBusy) as busy:
        estate.worker("worker-b").takes(wait_s=10)
    assert "owned by worker-a until 2026-11-24 10:01:00 UTC" in str(busy.value)
    assert "--take-over" in str(busy.value)
    assert estate.worker("worker-b").takes(wait_s=120).head is not None


def test_a_release_ends_the_waiting(estate: Estate) -> None:
    first = estate.worker("worker-a").takes()
    assert first.head is not None
    estate.leases.release(first.head)
    second = estate.worker("worker-b").takes()
    assert second.head is not None
    assert second.head.epoch == 2


def test_a_controller_older_than_the_head_leaves_the_scope_alone(estate: Estate) -> None:
    estate.worker("worker-a").takes()
    head = estate.item("EnvctlState", Id="head#config")
    assert head is not None
    estate.meddles("EnvctlState", **{**head, "Format": 2})
    with pytest.raises(ScopeFromTheFuture, match="format 2, this controller knows up to 1"):
        estate.worker("worker-b").takes(take_over=True)
