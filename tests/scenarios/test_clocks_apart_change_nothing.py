"""Workers whose clocks are ten minutes apart: the ledger tells what came last by its sequence, and so does a plan."""

from datetime import timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from controller.sources.folder import FolderSource
from tests.support.daemons import DaemonByHand
from tests.support.estate import Estate
from tests.support.live_accounts import LiveEstate
from tests.support.people import SERVICE
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


@pytest.mark.slow
def test_a_commit_is_seen_by_a_daemon_whose_clock_is_behind(tmp_path: Path) -> None:
    """Somebody whose clock is fast has just looked: that is no look at what came after."""
    with mock_aws():
        estate = LiveEstate(tmp_path / "fleet")
        estate.has({"a.yaml": SERVICE % ("PortA", "Tango", 40001)})
        estate.applied("config")
        daemon = DaemonByHand(estate.live(), FolderSource(estate.folder))
        daemon.tick_and_work()
        estate.clock.now += timedelta(minutes=10)
        estate.applied("config", worker="fast")
        estate.clock.now -= timedelta(minutes=10)

        estate.has({"b.yaml": SERVICE % ("PortB", "Tango", 40002)})
        done = daemon.tick_and_work()

        assert done == ["reconcile config", "look staging-eu/eu-west-1"]
        assert estate.planned("config").plan.to_apply == ()
