"""After any run of applies the chain is whole and replays to the tables; what somebody does beside it is named."""

from collections.abc import Iterator

from controller.ledger.chain import ChainEntry, VerificationReport
from controller.ledger.records import EntityKey, record_wire
from controller.ledger.replay import table_digests
from controller.ledger.verify import TablesNow, verify_ledger
from tests.support.estate import PREFIX, TABLES, Estate
from tests.support.toy_kinds import environment, service


class ChainOf:
    """The estate's ledger, as verification reads it."""

    def __init__(self, estate: Estate) -> None:
        """Take the estate."""
        self._estate = estate

    def pages(self, scope: str, after: int) -> Iterator[list[ChainEntry]]:
        """Give all records on one page."""
        yield [
            ChainEntry(one.sequence, one.audit_id, record_wire(one))
            for one in self._estate.records()
            if one.scope == scope and one.sequence > after
        ]


def digests(estate: Estate) -> Iterator[tuple[EntityKey, str]]:
    for table in TABLES.values():
        physical = table.prefixed(PREFIX)
        yield from table_digests(physical, estate.store.items(physical.name))


def verified(estate: Estate) -> VerificationReport:
    return verify_ledger(
        ["config"],
        ChainOf(estate),
        estate.leases,
        sleep=estate.clock.sleep,
        tables=TablesNow(lambda: digests(estate)),
    )


def lived_in() -> Estate:
    estate = Estate()
    for port in (40000, 40002):
        estate.wants(*(service(f"s{n}", port) for n in range(5)), environment("c50", f"at {port}"))
        estate.converges()
    estate.wants(*(service(f"s{n}", 40002) for n in range(2)), environment("c50", "at 40002"))
    estate.converges()
    return estate


def test_creates_updates_and_deletes_verify_and_replay() -> None:
    estate = lived_in()
    assert {record.change_type for record in estate.records()} == {"Created", "Updated", "Deleted"}
    assert verified(estate).intact


def test_an_item_changed_behind_our_back_is_named_also_after_it_was_healed() -> None:
    estate = lived_in()
    item = estate.item("InfraConfigServices", ServiceName="s1")
    assert item is not None
    estate.meddles("InfraConfigServices", **{**item, "OwningCluster": "Mallory"})
    for kind, intact in (("changed outside", False), ("changed outside, since overcome", True)):
        report = verified(estate)
        assert report.scopes[0].intact
        assert report.intact is intact
        assert [(one.kind.value, one.where) for one in report.tables or ()] == [
            (kind, f"{PREFIX}InfraConfigServices/s1")
        ]
        estate.converges()
    healed = estate.item("InfraConfigServices", ServiceName="s1")
    assert healed is not None
    assert healed["OwningCluster"] == "Tango"
