"""A lost head is made again from the last record, if the chain up to there is whole."""

import pytest

from controller.engine.commit.lease import Claim
from controller.engine.state.recover import recover_head
from controller.errors import DamagedState
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.targets.table_items.definitions import STATE_TABLE
from tests.scenarios.test_the_ledger_proves_what_happened import ChainOf, lived_in, verified
from tests.support.estate import PREFIX, Estate


def without_head() -> Estate:
    estate = lived_in()
    estate.store.drop(PREFIX + STATE_TABLE.name, {"Id": "head#config"})
    return estate


def test_the_chain_goes_on_where_it_was() -> None:
    estate = without_head()
    assert not verified(estate).intact
    records = estate.records()
    head = recover_head("config", ChainOf(estate), estate.leases, estate.clock.now)
    assert head is not None
    assert (head.sequence, head.last_hash) == (len(records), records[-1].hash)
    assert head.last_at == records[-1].iso_timestamp
    assert verified(estate).intact
    estate.wants()
    estate.converges()
    estate.check_ledger()


def test_a_head_that_is_there_is_left_as_it_is() -> None:
    estate = lived_in()
    before = estate.leases.take("config", Claim("a", take_over=True))
    assert recover_head("config", ChainOf(estate), estate.leases, estate.clock.now) is None
    assert estate.leases.read("config") == before


def test_nothing_is_made_from_a_chain_that_is_not_whole() -> None:
    estate = without_head()
    lost = estate.records()[3]
    estate.store.drop(PREFIX + LEDGER_TABLE.name, {"AuditID": lost.audit_id})
    with pytest.raises(DamagedState, match="record #4 is missing"):
        recover_head("config", ChainOf(estate), estate.leases, estate.clock.now)
    with pytest.raises(DamagedState, match="no record of it"):
        recover_head("a/b", ChainOf(estate), estate.leases, estate.clock.now)
    assert estate.leases.read("config") is None
