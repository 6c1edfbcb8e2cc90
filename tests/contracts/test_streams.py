"""What others change is recorded, whatever it is; what we change is not recorded twice: moto always, ministack where installed."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from moto import mock_aws

from benchmarks.ministack import MINISTACK, ministack
from controller.aws.streams import PositionLost, StreamOff, TableStream
from controller.ledger.outside_record import NOBODY_NAMED
from controller.ledger.records import image_digest
from tests.support.estate import PREFIX
from tests.support.streamed_estate import StreamedEstate
from tests.support.toy_kinds import service

SERVICES = "InfraConfigServices"
ODD: dict[str, Any] = {
    "ServiceName": "odd",
    "Fraction": -0.125,
    "Long": Decimal("0.1234567890123456789012345678"),
    "Flag": False,
    "Nothing": None,
    "Bytes": b"\x00\xff",
    "List": [1, [], {}, "x"],
    "Texts": frozenset({"b", "a"}),
    "Numbers": frozenset({1, 2.5}),
    "Blobs": frozenset({b"a", b"b"}),
    "Audit": "not what it should be",
}


@pytest.fixture(params=["moto", pytest.param("ministack", marks=pytest.mark.slow)])
def estate(request: pytest.FixtureRequest) -> Iterator[StreamedEstate]:
    if request.param == "moto":
        with mock_aws():
            yield StreamedEstate.made()
        return
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed: make servers")
    with ministack() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        yield StreamedEstate.made()


def applied(estate: StreamedEstate, *services: Any) -> None:
    estate.wants(*services)
    estate.converges()


def edited(estate: StreamedEstate, name: str, **changed: Any) -> None:
    """Change attributes of an item as the console does: Audit and mark stay as they are."""
    item = estate.item(SERVICES, ServiceName=name)
    assert item is not None
    estate.meddles(SERVICES, **{**item, **changed})


def dropped(estate: StreamedEstate, name: str) -> None:
    estate.store.drop(PREFIX + SERVICES, {"ServiceName": name})


def test_what_we_create_update_and_delete_is_ours(estate: StreamedEstate) -> None:
    applied(estate, service("a"), service("b"))
    applied(estate, service("a", 40002), service("b"))
    applied(estate, service("a", 40002))
    read = estate.reads()
    assert (read.events, read.ours, read.outside) == (4, 4, 0)
    assert estate.outside() == []
    assert estate.reads().events == 0
    assert estate.verified().intact


def test_edits_puts_and_deletes_by_others_are_recorded_in_their_order(
    estate: StreamedEstate,
) -> None:
    applied(estate, service("a"), service("b"))
    edited(estate, "a", OwningCluster="Mallory")
    estate.meddles(SERVICES, ServiceName="c", Audit={"User": "ada", "Version": 1})
    dropped(estate, "b")
    estate.reads()
    found = [(r.change_type, r.entity_key, r.changed_by, r.cause) for r in estate.outside()]
    assert found == [
        ("Updated", "a", NOBODY_NAMED, "outside"),
        ("Created", "c", "ada", "outside"),
        ("Deleted", "b", NOBODY_NAMED, "outside"),
    ]
    assert estate.told == estate.outside()
    assert estate.verified().intact


def test_every_type_of_attribute_is_recorded_as_it_is(estate: StreamedEstate) -> None:
    estate.meddles(SERVICES, **ODD)
    estate.reads()
    (record,) = estate.outside()
    assert {**(record.new_value or {}), **record.new_meta} == ODD
    assert record.after == image_digest(ODD)
    assert estate.verified().intact


def test_a_put_of_what_is_there_makes_no_record(estate: StreamedEstate) -> None:
    applied(estate, service("a"))
    edited(estate, "a")
    estate.reads()
    assert estate.outside() == []


def test_a_second_delete_of_what_we_deleted_once_is_by_others(estate: StreamedEstate) -> None:
    applied(estate, service("a"), service("b"))
    ours = estate.item(SERVICES, ServiceName="b")
    assert ours is not None
    applied(estate, service("a"))
    estate.meddles(SERVICES, **ours)
    dropped(estate, "b")
    estate.reads()
    assert [record.change_type for record in estate.outside()] == ["Created", "Deleted"]
    assert estate.verified().intact


@pytest.mark.parametrize("between", [True, False])
def test_an_image_of_ours_that_others_put_back_is_by_them(
    estate: StreamedEstate, between: bool
) -> None:
    applied(estate, service("a"))
    first = estate.item(SERVICES, ServiceName="a")
    applied(estate, service("a", 40002))
    second = estate.item(SERVICES, ServiceName="a")
    assert first is not None
    assert second is not None
    if between:
        estate.reads()
    estate.meddles(SERVICES, **first)
    estate.meddles(SERVICES, **second)
    estate.reads()
    assert [r.changed_by for r in estate.outside()] == [NOBODY_NAMED] * 2
    assert estate.verified().intact


def test_what_is_healed_links_with_what_was_changed(estate: StreamedEstate) -> None:
    applied(estate, service("a"))
    edited(estate, "a", OwningCluster="Mallory")
    estate.converges()
    estate.reads()
    report = estate.verified()
    assert report.intact
    assert report.tables == ()


def test_a_table_made_anew_is_a_gap_with_what_changed_in_it(estate: StreamedEstate) -> None:
    applied(estate, service("a"), service("b"))
    estate.reads()
    estate.make_table_anew(SERVICES)
    estate.meddles(SERVICES, ServiceName="b", Found="anew")
    read = estate.reads()
    assert read.has_gap
    gap = estate.outside()[-1]
    assert (gap.phase, gap.change_type) == ("gap", "Gap")
    kinds = {(r.change_type, r.entity_key) for r in estate.outside() if r.phase == "done"}
    assert {("Deleted", "a"), ("Deleted", "b"), ("Created", "b")} >= kinds
    assert ("Deleted", "a") in kinds
    assert estate.verified().intact
    assert not estate.reads().has_gap


def test_after_a_day_without_a_reader_the_table_is_compared(estate: StreamedEstate) -> None:
    applied(estate, service("a"))
    estate.reads()
    estate.clock.sleep(30 * 3600)
    assert estate.reads().has_gap
    (gap,) = estate.outside()
    assert gap.new_value is not None
    assert gap.new_value["Updated"] == 0
    assert estate.verified().intact


def test_a_stream_that_was_off_for_a_while_is_a_gap(
    estate: StreamedEstate, request: pytest.FixtureRequest
) -> None:
    if "moto" in request.node.name:
        pytest.skip("moto switches no stream on again")
    applied(estate, service("a"), service("b"))
    estate.reads()
    client: Any = estate.access.dynamodb
    table = PREFIX + SERVICES
    dropped(estate, "a")
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    with pytest.raises(StreamOff, match="bootstrap --upgrade"):
        estate.reads()
    edited(estate, "b", OwningCluster="Mallory")
    on = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName=table, StreamSpecification=on)
    assert estate.reads().has_gap
    causes = {record.entity_key: record.cause for record in estate.outside()}
    assert causes == {"a": "outside", "b": "gap", "*": "gap"}
    assert estate.verified().intact


def test_a_stream_read_from_its_beginning_again_makes_no_record_twice(
    estate: StreamedEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(estate, service("a"), service("b"))
    edited(estate, "a", OwningCluster="Mallory")
    applied(estate, service("a"))
    edited(estate, "a", OwningCluster="Mallory")
    estate.reads()
    before = [record.audit_id for record in estate.outside()]
    begin = TableStream.iterator

    def lost_once(stream: TableStream, shard: str, after: str) -> str:
        if after:
            raise PositionLost("trimmed")
        return begin(stream, shard, after)

    monkeypatch.setattr(TableStream, "iterator", lost_once)
    assert estate.reads().has_gap
    *same, gap = estate.outside()
    assert [record.audit_id for record in same] == before
    assert (gap.phase, gap.new_value and gap.new_value["Updated"]) == ("gap", 0)
    assert estate.verified().intact


def test_what_is_left_of_a_stream_read_again_makes_nothing_of_ours_a_change_by_others(
    estate: StreamedEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(estate, service("a"))
    estate.reads()
    with estate.reader() as reader:
        trimmed = {shard: read.after for shard, read in reader.checkpoint.positions.items()}
    for owner in ("Mallory", "Eve"):
        edited(estate, "a", OwningCluster=owner)
        applied(estate, service("a"))
    estate.reads()
    before = [record.audit_id for record in estate.outside()]
    begin = TableStream.iterator

    def trimmed_once(stream: TableStream, shard: str, after: str) -> str:
        if after:
            raise PositionLost("trimmed")
        return begin(stream, shard, trimmed.get(shard, ""))

    monkeypatch.setattr(TableStream, "iterator", trimmed_once)
    read = estate.reads()
    *same, gap = estate.outside()
    assert (read.has_gap, read.outside) == (True, 0)
    assert [record.audit_id for record in same] == before
    assert (gap.phase, gap.new_value and gap.new_value["Updated"]) == ("gap", 0)


def test_large_items_go_in_several_transactions(estate: StreamedEstate) -> None:
    for number in range(12):
        estate.meddles(SERVICES, ServiceName=f"s{number}", Value="x" * 290_000)
    assert estate.reads().outside == 12
    assert len(estate.outside()) == 12
    assert estate.verified().intact


def test_what_no_record_can_hold_stops_no_stream(estate: StreamedEstate) -> None:
    random = Random(7)
    for value in "ab":
        noise = value + random.randbytes(195_000).hex()
        estate.meddles(SERVICES, ServiceName="large", Value=noise)
    estate.meddles(SERVICES, ServiceName="small")
    estate.reads()
    large, *_, small = estate.outside()
    assert "Omitted" in (estate.outside()[1].new_value or {})
    assert (large.entity_key, small.entity_key) == ("large", "small")
    assert estate.verified().intact
