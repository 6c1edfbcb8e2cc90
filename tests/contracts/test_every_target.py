"""What holds for every target: looking changes nothing, applying reaches a fixed point, what is not ours survives."""

from collections import Counter
from collections.abc import Iterator

import pytest
from moto import mock_aws

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.observed import Ownership, ScopeState
from controller.model.plan import Status
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import DesiredState, Resource
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, START, TABLES, Estate
from tests.support.moto_tables import MotoTables
from tests.support.toy_kinds import SERVICES, environment, service

READS = {"Scan", "Query", "GetItem", "BatchGetItem", "DescribeTable"}


@pytest.fixture
def in_memory() -> Estate:
    return Estate()


@pytest.fixture
def in_moto() -> Iterator[Estate]:
    with mock_aws():
        place = Place("", "eu-west-1")
        clients = Clients()
        client = clients.client(place, "dynamodb")
        definitions = [
            table.prefixed(PREFIX) for table in (*TABLES.values(), STATE_TABLE, LEDGER_TABLE)
        ]
        yield Estate(store=MotoTables(client, definitions))


@pytest.fixture(params=["in_memory", "in_moto"])
def estate(request: pytest.FixtureRequest) -> Estate:
    """The config tables, in both stores there are."""
    made: Estate = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def settled(estate: Estate) -> Estate:
    """An estate whose desired state has been applied once."""
    estate.wants(service("a"), service("b", 40002), environment("c50"))
    result = estate.worker().takes().applies()
    assert {outcome.status for outcome in result.outcomes} == {Status.APPLIED}
    return estate


def test_projecting_is_pure(estate: Estate) -> None:
    projection = service("a")
    resource = Resource(projection.ref, Origin("a.yaml"), 0, b"{}", projection)
    desired = DesiredState("1", "one", "ada", "", {projection.ref: resource})
    first = estate.target.project(desired, START)
    assert first == estate.target.project(desired, START) == {projection.ref: projection}


def test_looking_writes_nothing(settled: Estate) -> None:
    before = len(settled.store.transactions)
    calls = settled.store.calls if isinstance(settled.store, MotoTables) else Counter[str]()
    calls.clear()
    settled.observes()
    assert len(settled.store.transactions) == before
    assert set(calls) <= READS


def test_after_applying_there_is_nothing_to_do(settled: Estate) -> None:
    assert settled.plans() == ()
    assert settled.observes().state is ScopeState.OK
    settled.check_ledger()


def test_applying_an_old_plan_again_changes_nothing(estate: Estate) -> None:
    estate.wants(service("a"), environment("c50"))
    worker = estate.worker().takes()
    changes = estate.plans()
    worker.applies(changes)
    before = estate.store.items(PREFIX + SERVICES.name)
    again = worker.applies(changes)
    assert {outcome.status for outcome in again.outcomes} == {Status.CONFLICTED}
    assert estate.store.items(PREFIX + SERVICES.name) == before
    estate.check_ledger()


def test_edits_and_departures_are_applied(settled: Estate) -> None:
    settled.wants(service("a", 40005), environment("c51"))
    settled.worker().takes().applies()
    assert settled.plans() == ()
    item = settled.item(SERVICES.name, ServiceName="a")
    assert item is not None
    assert (item["Value"]["BluePort"], item["Audit"]["Version"]) == (40005, 2)
    assert settled.item(SERVICES.name, ServiceName="b") is None
    settled.check_ledger()


def test_what_is_not_ours_survives(settled: Estate) -> None:
    old = {"ServiceName": "old", "Value": {"BluePort": "40100"}, "__Deleted": True}
    settled.meddles(SERVICES.name, **old)
    settled.wants()
    settled.worker().takes().applies()
    assert settled.store.items(PREFIX + SERVICES.name) == [old]
    found = settled.observes().objects[ResourceRef("Service", "old")]
    assert found.ownership is Ownership.UNMANAGED


def test_a_table_that_is_missing_makes_everything_unknown(settled: Estate) -> None:
    settled.store.drop_table(PREFIX + SERVICES.name)
    observed = settled.observes()
    assert observed.state is ScopeState.UNKNOWN
    assert observed.objects == {}
    assert "test-InfraConfigServices does not exist" in observed.reason
    assert "envctl bootstrap" in observed.reason
