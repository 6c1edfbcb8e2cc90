"""Workers whose clocks are ten minutes apart: the ledger tells what came last by its sequence, and so does a plan."""

from datetime import timedelta

from tests.support.estate import Estate
from tests.support.toy_kinds import service


def test_a_delete_by_a_right_clock_comes_after_a_create_by_one_that_is_fast() -> None:
    estate = Estate()
    estate.wants(service("skew", 40000))
    estate.clock.now += timedelta(minutes=10)
    estate.converges()
    estate.clock.now -= timedelta(minutes=10)
    estate.wants()
    estate.converges()

    created, deleted = estate.records()
    assert (created.change_type, deleted.change_type) == ("Created", "Deleted")
    assert deleted.iso_timestamp == created.iso_timestamp
    head = estate.leases.read("config")
    assert head is not None
    assert head.last_at == created.iso_timestamp
    estate.check_ledger()
