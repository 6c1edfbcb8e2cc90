"""Whose an item is, and what a look makes of what it finds."""

from typing import Any

import pytest

from controller.errors import AccessDenied, Throttled
from controller.model.observed import Observation, Ownership, ScopeState
from controller.model.ref import ResourceRef
from controller.targets.tables import Tables
from tests.support.estate import PREFIX, TABLES, Estate
from tests.support.toy_kinds import (
    ACCOUNTS,
    CONFIG,
    ENVIRONMENTS,
    MAINTENANCE,
    OPERATIONS,
    SERVICES,
    STATE,
    TOY_KINDS,
    UPSTREAMS,
    environment,
    projection,
    service,
)

A = ResourceRef("Service", "a")
C50 = ResourceRef("Environment", "c50")


@pytest.fixture
def estate() -> Estate:
    """An estate with one Service and one Environment of ours."""
    made = Estate()
    made.wants(service("a"), environment("c50"))
    made.worker().takes().applies()
    return made


def found(estate: Estate, ref: ResourceRef) -> Observation:
    return estate.observes().objects[ref]


def change(estate: Estate, table: str, key: dict[str, Any], **attributes: Any) -> None:
    """Meddle with an item: None takes an attribute off."""
    item = estate.item(table, **key)
    assert item is not None
    merged = {**item, **attributes}
    estate.meddles(table, **{name: value for name, value in merged.items() if value is not None})


def test_an_untouched_item_of_ours_has_the_digest_of_its_mark(estate: Estate) -> None:
    for ref in (A, C50):
        one = found(estate, ref)
        assert one.ownership is Ownership.OURS
        assert one.mark is not None
        assert one.digest == one.mark.digest == estate.desired[ref].digest
        assert (one.mark.path, one.mark.line) == (f"fleet/{ref.key}.yaml", 3)


def test_a_changed_item_has_another(estate: Estate) -> None:
    change(estate, SERVICES.name, {"ServiceName": "a"}, OwningCluster="Rhino")
    one = found(estate, A)
    assert one.ownership is Ownership.OURS
    assert one.mark is not None
    assert one.digest != one.mark.digest


class TestForeign:
    def test_the_mark_of_a_second_installation(self, estate: Estate) -> None:
        other = Estate(store=estate.store, installation="inst-2")
        observed = other.observes().objects
        assert {one.ownership for one in observed.values()} == {Ownership.FOREIGN}
        assert other.plans() == ()

    def test_a_copied_item_brings_a_mark_that_does_not_fit_its_key(self, estate: Estate) -> None:
        item = estate.item(SERVICES.name, ServiceName="a")
        assert item is not None
        estate.meddles(SERVICES.name, **{**item, "ServiceName": "copy"})
        assert found(estate, ResourceRef("Service", "copy")).ownership is Ownership.FOREIGN
        assert found(estate, A).ownership is Ownership.OURS

    @pytest.mark.parametrize("managed", ["text", {"By": 1}, [], {"By": "x", "Id": "y"}])
    def test_a_mark_in_no_form_of_ours_on_an_item_without_history(
        self, estate: Estate, managed: Any
    ) -> None:
        estate.meddles(SERVICES.name, ServiceName="odd", Managed=managed)
        assert found(estate, ResourceRef("Service", "odd")).ownership is Ownership.FOREIGN

    def test_one_foreign_half_makes_the_whole_foreign(self, estate: Estate) -> None:
        change(
            estate,
            OPERATIONS.name,
            {"EnvironmentName": "c50"},
            Managed={
                "By": "inst-2",
                "Id": "z",
                "Digest": "d",
                "Extra": {},
            },
        )
        assert found(estate, C50).ownership is Ownership.FOREIGN


class TestLost:
    @pytest.mark.parametrize("managed", [None, "text", {"By": "inst-1"}])
    def test_what_we_made_is_ours_without_its_mark(self, estate: Estate, managed: Any) -> None:
        change(estate, SERVICES.name, {"ServiceName": "a"}, Managed=managed)
        assert found(estate, A).ownership is Ownership.LOST_MARK
        (healing,) = estate.plans()
        assert healing.because == "mark lost"
        estate.worker().takes().applies()
        assert found(estate, A).ownership is Ownership.OURS

    def test_one_half_is_enough(self, estate: Estate) -> None:
        change(estate, ENVIRONMENTS.name, {"EnvironmentName": "c50"}, Managed=None)
        assert found(estate, C50).ownership is Ownership.LOST_MARK

    def test_halves_marked_differently_are_healed(self, estate: Estate) -> None:
        item = estate.item(OPERATIONS.name, EnvironmentName="c50")
        assert item is not None
        managed = {**item["Managed"], "Digest": "another"}
        change(estate, OPERATIONS.name, {"EnvironmentName": "c50"}, Managed=managed)
        assert found(estate, C50).ownership is Ownership.LOST_MARK

    def test_deleted_by_us_and_made_anew_by_others_is_not_ours(self, estate: Estate) -> None:
        estate.wants(environment("c50"))
        estate.worker().takes().applies()
        estate.meddles(SERVICES.name, ServiceName="a")
        assert found(estate, A).ownership is Ownership.UNMANAGED


class TestUnmanaged:
    def test_no_mark_and_no_record(self, estate: Estate) -> None:
        estate.meddles(SERVICES.name, ServiceName="old")
        old = ResourceRef("Service", "old")
        assert found(estate, old).ownership is Ownership.UNMANAGED
        estate.wants(*estate.desired.values(), service("old"))
        assert estate.plans() == ()

    def test_adoption_is_explicit_and_makes_it_ours(self, estate: Estate) -> None:
        estate.meddles(SERVICES.name, ServiceName="old", Audit={"Version": 7, "Source": "kept"})
        estate.wants(*estate.desired.values(), service("old"))
        (adoption,) = estate.plans(adopt=True)
        assert adoption.cause == "adopted"
        estate.worker().takes().applies([adoption])
        item = estate.item(SERVICES.name, ServiceName="old")
        assert item is not None
        assert (item["Audit"]["Version"], item["Audit"]["Source"]) == (8, "kept")
        assert estate.plans() == ()
        estate.check_ledger()


class TestSharedFields:
    def test_what_others_write_is_no_drift(self, estate: Estate) -> None:
        value = {"ScheduleAutomatically": False, "EnvironmentInMaintenance": True}
        change(estate, OPERATIONS.name, {"EnvironmentName": "c50"}, Value=value)
        assert estate.plans() == ()
        assert b"EnvironmentInMaintenance" in found(estate, C50).attributes

    def test_unless_git_owns_it(self, estate: Estate) -> None:
        items = {
            ENVIRONMENTS.name: {"EnvironmentName": "c50", "Value": {}},
            OPERATIONS.name: {
                "EnvironmentName": "c50",
                "Value": {"EnvironmentInMaintenance": False},
            },
        }
        estate.wants(service("a"), projection(C50, items, owned=(MAINTENANCE,)))
        worker = estate.worker().takes()
        worker.applies()
        assert estate.plans() == ()
        change(
            estate,
            OPERATIONS.name,
            {"EnvironmentName": "c50"},
            Value={"EnvironmentInMaintenance": True},
        )
        (healing,) = estate.plans()
        assert healing.cause == "drifted"

    def test_in_list_members_too(self, estate: Estate) -> None:
        ref = ResourceRef("Upstream", "c50-Search")
        host = {"DnsName": "c50-Search-blue", "Port": 40000}
        item = {"Key": "/c50_c50-Search/config", "Upstream": "c50-Search", "Hosts": [host]}
        estate.wants(
            *estate.desired.values(),
            projection(ref, {UPSTREAMS.name: item}),
        )
        estate.worker().takes().applies()
        assert estate.plans() == ()
        up = [{**host, "State": "up"}]
        change(estate, UPSTREAMS.name, {"Key": item["Key"]}, Hosts=up)
        assert estate.plans() == ()
        assert STATE.default == "down"


class TestOddItems:
    @pytest.mark.parametrize(
        "attributes",
        [
            {"Value": {"BluePort": "40000"}},
            {"__Deleted": True},
            {"Deleted": "true"},
            {"Value": None},
            {
                "Value": {
                    "Set": frozenset({"b", "a"}),
                    "Bytes": b"\x00\xff",
                    "Big": 2**80,
                    "Half": 0.5,
                }
            },
            {"Audit": "yesterday"},
            {"Audit": {"Version": "3"}},
            {"Managed": {"By": "inst-1", "Id": 3, "Digest": None, "Extra": []}},
        ],
    )
    def test_do_not_disturb_and_can_be_adopted(
        self, estate: Estate, attributes: dict[str, Any]
    ) -> None:
        estate.meddles(SERVICES.name, ServiceName="odd", **attributes)
        assert estate.observes().state is ScopeState.OK
        if "Managed" in attributes:
            return
        estate.wants(*estate.desired.values(), service("odd"))
        (outcome,) = estate.worker().takes().applies(estate.plans(adopt=True)).outcomes
        assert outcome.status == "applied"
        assert estate.plans() == ()
        estate.check_ledger()

    def test_items_that_go_by_one_name_stay_as_many(self, estate: Estate) -> None:
        ref = ResourceRef("Account", "staging")
        item = {"AccountName": "staging", "AccountNumber": 5, "RoleArn": "arn:x"}
        estate.wants(*estate.desired.values(), projection(ref, {ACCOUNTS.name: item}))
        estate.worker().takes().applies()
        for number in (3, 7):
            estate.meddles(ACCOUNTS.name, AccountName="staging", AccountNumber=number)
        estate.meddles(ACCOUNTS.name, AccountName="staging (7)", AccountNumber=9)
        objects = estate.observes().objects
        assert objects[ref].ownership is Ownership.OURS
        others = {key for kind, key in objects if kind == "Account"} - {"staging"}
        assert others == {"staging (3)", "staging (7)", "staging (7) (7)"}
        assert estate.plans() == ()

    def test_a_table_of_two_kinds_tells_them_apart(self, estate: Estate) -> None:
        for kind in ("Schedule", "Calendar", "Poem"):
            estate.meddles(CONFIG.name, Kind=kind, Name="x")
        estate.meddles(CONFIG.name, Kind="Schedule", Name="y")
        refs = {
            ref for ref in estate.observes().objects if ref.kind not in {"Service", "Environment"}
        }
        assert refs == {
            ResourceRef("Schedule", "x"),
            ResourceRef("Schedule", "y"),
            ResourceRef("Calendar", "x"),
            ResourceRef("Poem", "Poem/x"),
        }


class TestUnreadable:
    @pytest.mark.parametrize("error", [AccessDenied("no access to it"), Throttled("slow down")])
    def test_one_table_makes_everything_unknown(
        self, estate: Estate, error: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan = estate.store.scan

        def failing(table: str, segments: int = 1) -> Any:
            if table == PREFIX + SERVICES.name:
                raise error
            return scan(table, segments)

        monkeypatch.setattr(estate.store, "scan", failing)
        observed = estate.observes()
        assert (observed.state, observed.objects) == (ScopeState.UNKNOWN, {})
        assert observed.reason == str(error)

    def test_so_does_a_ledger_that_cannot_be_asked(self, estate: Estate) -> None:
        class Silent:
            def of_item(self, table: str, hash_key: str, range_key: str | None) -> Any:
                raise Throttled("slow down")

        estate.meddles(SERVICES.name, ServiceName="old")
        tables = Tables(
            estate.store, TOY_KINDS, installation="inst-1", prefix=PREFIX, history=Silent()
        )
        assert tables.observe().state is ScopeState.UNKNOWN

    def test_all_missing_tables_are_told_in_one_line(self) -> None:
        estate = Estate()
        for table in TABLES:
            estate.store.drop_table(PREFIX + table)
        reason = estate.observes().reason
        assert "nor do the tables of 4 more kinds" in reason
        assert "envctl bootstrap creates them" in reason
