"""First installation, the same again, and what was there before."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.table_setup import describe_table
from controller.engine.commit.lease import Claim, Leases
from controller.engine.installation.bootstrap import (
    BootstrapReport,
    all_tables,
    bootstrap,
    set_up_tables,
)
from controller.engine.installation.installation import INSTALLATION_KEY
from controller.errors import AccessDenied, ScopeBusy, StaleEpoch, Throttled
from controller.kinds.environment_type import KIND as ENVIRONMENT_TYPE
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.older_records import OLDER_ROW
from controller.ledger.redaction import is_digest
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate
from tests.support.in_memory_tables import InMemoryTables
from tests.support.moto_tables import AT_ONCE, MotoTables
from tests.support.toy_kinds import OPERATIONS, SERVICES, TOY_KINDS, service

WANTED = all_tables(TOY_KINDS, PREFIX)


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        place = Place("", "eu-west-1")
        clients = Clients()
        yield clients.client(place, "dynamodb")


def estate_in(client: Any) -> Estate:
    store = MotoTables(client)
    store.definitions = {table.name: table for table in WANTED}
    return Estate(store=store)


def run(client: Any, estate: Estate, *, upgrade: bool = False) -> BootstrapReport:
    done = set_up_tables(client, WANTED, upgrade=upgrade, patience=AT_ONCE)
    return bootstrap(
        done, TOY_KINDS, estate.storage, estate.request(), Claim("ada"), lambda: "inst-1"
    )


def test_everything_is_made_and_the_same_again_changes_nothing(client: Any) -> None:
    estate = estate_in(client)
    first = run(client, estate)
    assert set(first.created) == {table.name for table in WANTED}
    assert first.changed
    assert (first.installation, first.installation_is_new) == ("inst-1", True)
    for table in WANTED:
        state = describe_table(client, table.name)
        assert state is not None
        assert state.on_demand
        assert state.point_in_time_recovery
        assert state.deletion_protection
        assert (state.stream == "NEW_AND_OLD_IMAGES") is table.stream
        assert {index.name for index in state.indexes} == {index.name for index in table.indexes}
    store = estate.store
    assert isinstance(store, MotoTables)
    store.calls.clear()
    again = run(client, estate)
    assert not again.changed
    assert (again.created, again.applied, again.remaining, again.baseline) == ((), (), (), None)
    assert again.installation == "inst-1"
    assert not {name for name in store.calls if name.startswith(("Update", "Transact", "Create"))}


def test_an_existing_table_is_only_altered_when_asked(client: Any) -> None:
    name = PREFIX + SERVICES.name
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "ServiceName", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "ServiceName", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 2},
    )
    estate = estate_in(client)
    listed = run(client, estate)
    assert {str(one.aspect) for one in listed.remaining} == {
        "billing",
        "stream",
        "point-in-time recovery",
        "deletion protection",
    }
    assert listed.applied == ()
    upgraded = run(client, estate, upgrade=True)
    assert upgraded.applied == listed.remaining
    assert upgraded.remaining == ()
    assert not run(client, estate, upgrade=True).changed


def in_memory(items: int = 250) -> Estate:
    estate = Estate()
    for number in range(items):
        estate.meddles(SERVICES.name, ServiceName=f"s{number:03}", Audit={"Version": number})
    estate.meddles(OPERATIONS.name, EnvironmentName="c50", Value={})
    return estate


def begin(estate: Estate, tables: Sequence[Any] = TOY_KINDS) -> BootstrapReport:
    return bootstrap((), tables, estate.storage, estate.request(), Claim("ada"), lambda: "inst-1")


def test_what_exists_gets_a_record_each() -> None:
    estate = in_memory()
    report = begin(estate)
    assert report.baseline is not None
    assert report.baseline.recorded == 251
    assert {(r.phase, r.change_type, r.before) for r in estate.records()} == {
        ("baseline", "Baseline", "")
    }
    assert len(estate.store.transactions) == 4
    estate.check_ledger()
    assert begin(estate).baseline is None
    head = estate.leases.read("config")
    assert head is not None
    assert head.owner == ""


@pytest.mark.parametrize("left", [True, False])
def test_whether_the_old_product_left_records_is_noted_once(left: bool) -> None:
    estate = in_memory(2)
    if left:
        estate.meddles(LEDGER_TABLE.name, AuditID="shardId-1", Date="2017-05-04")
    begin(estate)
    state = estate.storage.physical(STATE_TABLE.name)
    assert estate.store.get(state, OLDER_ROW) == {**OLDER_ROW, "Exist": left}
    estate.meddles(LEDGER_TABLE.name, AuditID="shardId-2", Date="2017-05-04")
    begin(estate)
    assert estate.store.get(state, OLDER_ROW) == {**OLDER_ROW, "Exist": left}


def test_sensitive_values_of_what_exists_enter_the_ledger_as_digests() -> None:
    (table,) = ENVIRONMENT_TYPE.tables
    estate = Estate(store=InMemoryTables(all_tables([ENVIRONMENT_TYPE], PREFIX)))
    value = {"LicenseKeys": {"NewRelicKey": "s3cret"}}
    estate.meddles(table.name, EnvironmentType="Staging", Value=value)
    begin(estate, [ENVIRONMENT_TYPE])
    (record,) = estate.records()
    assert "s3cret" not in repr(record)
    keys = (record.new_value or {})["Value"]["LicenseKeys"]
    assert is_digest(keys["NewRelicKey"])


def test_what_exists_stays_unmanaged_and_is_adopted_after_its_baseline() -> None:
    estate = in_memory(1)
    begin(estate)
    estate.wants(service("s000"))
    assert estate.plans() == ()
    estate.worker().takes().applies(estate.plans(adopt=True))
    kinds = [r.change_type for r in estate.records() if r.entity_key == "s000"]
    assert kinds == ["Baseline", "Updated"]
    baseline, adoption = (r for r in estate.records() if r.entity_key == "s000")
    assert adoption.before == baseline.after
    estate.check_ledger()


class Killed(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("moment", [1, 2, 3])
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_half_way_it_goes_on_where_it_stopped(side: str, moment: int) -> None:
    estate = in_memory()
    tries = 0

    def die(*_: object) -> None:
        nonlocal tries
        tries += 1
        if tries == moment:
            raise Killed

    setattr(estate.store, side, die)
    with pytest.raises(Killed):
        begin(estate)
    estate.clock.sleep(100)
    begin(estate)
    assert len(estate.records()) == 251
    assert len({record.entity_key for record in estate.records()}) == 251
    estate.check_ledger()


def test_another_owner_is_waited_for_or_told() -> None:
    estate = in_memory()
    estate.worker("bob").takes()
    with pytest.raises(ScopeBusy):
        begin(estate)


def test_one_who_takes_the_scope_meanwhile_ends_it() -> None:
    estate = in_memory()

    def taken(*_: object) -> None:
        estate.store.before = lambda *_: None
        estate.worker("bob").takes(take_over=True)

    estate.store.before = taken
    with pytest.raises(StaleEpoch):
        begin(estate)


def test_a_bootstrap_that_fails_half_way_gives_the_scope_back() -> None:
    estate = in_memory()

    def unreachable(*_: object) -> None:
        raise AccessDenied("no access")

    estate.store.before = unreachable
    with pytest.raises(AccessDenied):
        begin(estate)
    assert estate.leases.take("config", Claim("bob")).epoch == 2


def test_a_lease_that_cannot_be_given_back_fails_no_bootstrap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def throttled(*_: object) -> None:
        raise Throttled("tables: AWS asked to slow down")

    monkeypatch.setattr(Leases, "release", throttled)
    report = begin(in_memory())
    assert report.baseline is not None
    assert report.baseline.recorded == 251


def test_an_item_too_large_for_a_record_is_told() -> None:
    estate = in_memory(1)
    noise = random.Random(1).randbytes(405_000)
    estate.meddles(SERVICES.name, ServiceName="big", Value={"Bytes": noise})
    estate.meddles(SERVICES.name, ServiceName="text", Value={"Text": "x" * 405_000})
    report = begin(estate)
    assert report.baseline is not None
    assert report.baseline.too_large == ("InfraConfigServices/big",)


def test_a_kind_that_comes_later_is_recorded_then() -> None:
    estate = in_memory(3)
    begin(estate, [kind for kind in TOY_KINDS if kind.name != "Service"])
    assert len(estate.records()) == 1
    begin(estate)
    assert len(estate.records()) == 4
    estate.check_ledger()


def test_two_bootstraps_agree_on_one_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    estate = Estate()
    write = estate.store.write

    def other_first(one: Any) -> Any:
        monkeypatch.setattr(estate.store, "write", write)
        bootstrap((), TOY_KINDS, estate.storage, estate.request(), Claim("ada"), lambda: "theirs")
        return write(one)

    monkeypatch.setattr(estate.store, "write", other_first)
    report = bootstrap(
        (), TOY_KINDS, estate.storage, estate.request(), Claim("ada"), lambda: "mine"
    )
    assert (report.installation, report.installation_is_new) == ("theirs", False)
    row = estate.store.get(PREFIX + "EnvctlState", INSTALLATION_KEY)
    assert row is not None
    assert row["Installation"] == "theirs"
