"""A lost head is made again from the last record, if the chain up to there is whole."""

from dataclasses import replace

import pytest

from controller.aws.items import Item
from controller.engine.commit.lease import Claim
from controller.engine.state.recover import Recovered, recover_scope
from controller.errors import DamagedState, ScopeBusy
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.ledger_record import Actor
from controller.targets.table_items.definitions import STATE_TABLE
from tests.scenarios.test_the_ledger_proves_what_happened import ChainOf, lived_in, verified
from tests.support.estate import PREFIX, Estate

STATE = PREFIX + STATE_TABLE.name


def recover(estate: Estate, scope: str = "config", *, take_over: bool = True) -> Recovered | None:
    request = replace(estate.request(), actor=Actor("eve", "", "eve", "recover"))
    claim = Claim("worker-r", take_over=take_over)
    return recover_scope(scope, ChainOf(estate), estate.storage, request, claim)


def without_head() -> Estate:
    estate = lived_in()
    estate.store.drop(STATE, {"Id": "head#config"})
    return estate


def test_the_chain_goes_on_where_it_was() -> None:
    estate = without_head()
    assert not verified(estate).intact
    records = estate.records()
    made = recover(estate)
    assert made is not None
    head = made.head
    assert head is not None
    assert made.open_records is None
    assert (head.sequence, head.last_hash) == (len(records), records[-1].hash)
    assert head.last_at == records[-1].iso_timestamp
    assert verified(estate).intact
    told = estate.records()[-1]
    assert (told.entity_key, told.phase, told.cause) == ("head#config", "succeeded", "restored")
    assert (told.changed_by, told.actor.trigger) == ("eve", "recover")
    estate.wants()
    estate.converges()
    assert verified(estate).intact


@pytest.mark.parametrize("damage", [{"Sequence": "many"}, {"Epoch": None, "Note": frozenset("a")}])
def test_a_damaged_head_is_made_again_and_recorded_as_it_was_found(damage: Item) -> None:
    estate = lived_in()
    row = estate.store.get(STATE, {"Id": "head#config"})
    assert row is not None
    estate.store.put(STATE, {**row, **damage})
    made = recover(estate)
    assert made is not None
    assert made.head is not None
    told = estate.records()[-1]
    assert told.old_value is not None
    assert damage.items() <= told.old_value.items()
    assert verified(estate).intact
    assert recover(estate) is None


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_open_is_told_by_the_records(times: int) -> None:
    estate = lived_in()
    for _ in range(times):
        estate.store.put(STATE, {"Id": "open#config", "Records": True})
        made = recover(estate)
        assert made is not None
        assert made.head is None
        assert made.open_records == ()
    row = estate.store.get(STATE, {"Id": "open#config"})
    assert row == {"Id": "open#config", "Records": []}
    assert verified(estate).intact


def test_who_writes_the_scope_is_not_disturbed() -> None:
    estate = lived_in()
    estate.leases.take("config", Claim("a", take_over=True))
    estate.store.put(STATE, {"Id": "open#config", "Records": {}})
    with pytest.raises(ScopeBusy):
        recover(estate, take_over=False)


def test_a_head_that_is_there_is_left_as_it_is() -> None:
    estate = lived_in()
    before = estate.leases.take("config", Claim("a", take_over=True))
    assert recover(estate) is None
    assert estate.leases.read("config") == before


def test_nothing_is_made_from_a_chain_that_is_not_whole() -> None:
    estate = without_head()
    lost = estate.records()[3]
    estate.store.drop(PREFIX + LEDGER_TABLE.name, {"AuditID": lost.audit_id})
    with pytest.raises(DamagedState, match="record #4 is missing"):
        recover(estate)
    with pytest.raises(DamagedState, match="no record of it"):
        recover(estate, "a/b")
    assert estate.leases.read("config") is None
