"""Images of any size are kept, and the hash is that of the record, whatever form they are kept in."""

from base64 import b64encode
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.items import MAX_ITEM_BYTES, item_bytes
from controller.errors import RefusedByAws, WrongUsage
from controller.ledger.chain import ChainCheck, ChainEntry, Verification
from controller.ledger.large_images import (
    IMAGES,
    PACKED,
    PACKED_DIGEST,
    ImagesLost,
    ImagesTooLarge,
    unpack_images,
)
from controller.ledger.records import record_of_wire, record_wire
from controller.model.ledger_record import LedgerRecord
from tests.unit.ledger.ledgers import (
    SCOPE,
    BlobsInMemory,
    answered,
    entries,
    head_of,
    image,
    records_of,
    write,
)


def noise(count: int) -> str:
    return b64encode(Random(count).randbytes(count * 3 // 4)).decode()


def updated(text: str) -> LedgerRecord:
    before, after = image("s", 1, Text=text), image("s", 2, Text=text, Tags={"a"}, Blob=b"\0")
    return records_of([[write("s", before, after)]])[0]


SMALL, COMPRESSIBLE, NOISY = updated("x"), updated("envctl " * 25_000), updated(noise(390_000))


def verified(record: LedgerRecord, wire: Any, blobs: BlobsInMemory | None) -> Verification:
    head = head_of([record])
    check = ChainCheck(SCOPE, head, blobs)
    check.add([ChainEntry(1, record.audit_id, answered(wire))])
    return check.finish(head)


@pytest.mark.parametrize(
    ("record", "plain", "packed", "stored"),
    [(SMALL, True, False, 0), (COMPRESSIBLE, False, True, 0), (NOISY, False, False, 1)],
    ids=["small", "compressible", "noisy"],
)
def test_each_form_holds_the_same_record(
    record: LedgerRecord, plain: bool, packed: bool, stored: int
) -> None:
    blobs = BlobsInMemory()
    wire = record_wire(record, blobs)
    assert (set(IMAGES) <= set(wire), PACKED in wire, len(blobs.kept)) == (plain, packed, stored)
    assert item_bytes(wire) < MAX_ITEM_BYTES
    assert record_of_wire(wire, blobs) == record
    assert record_of_wire(answered(wire), blobs) == record
    assert verified(record, wire, blobs).intact


def test_the_same_images_are_stored_once() -> None:
    blobs = BlobsInMemory()
    assert record_wire(NOISY, blobs) == record_wire(NOISY, blobs)
    assert len(blobs.kept) == 1


def test_without_a_store_the_change_is_refused_by_its_name() -> None:
    with pytest.raises(
        ImagesTooLarge, match=r"t-InfraConfigServices/s cannot(?s:.*)snapshots\.bucket"
    ):
        record_wire(NOISY)


def test_reading_without_the_store_says_what_to_set() -> None:
    blobs = BlobsInMemory()
    wire = record_wire(NOISY, blobs)
    with pytest.raises(WrongUsage, match=r"snapshots\.bucket"):
        record_of_wire(wire)
    (found,) = verified(NOISY, wire, None).findings
    assert (found.kind.value, found.sequence) == ("unreadable", 1)
    assert "snapshots.bucket" in found.fix


@pytest.mark.parametrize("damage", ["gone", "another"])
def test_images_lost_in_the_store_are_found(damage: str) -> None:
    blobs = BlobsInMemory()
    wire = record_wire(NOISY, blobs)
    key = wire[PACKED_DIGEST]["S"]
    if damage == "gone":
        del blobs.kept[key]
    else:
        blobs.kept[key] += b"\0"
    with pytest.raises(ImagesLost):
        unpack_images(wire, blobs)
    assert [one.kind.value for one in verified(NOISY, wire, blobs).findings] == ["unreadable"]


PACKED_WIRE = record_wire(COMPRESSIBLE)


@given(st.integers(0, len(PACKED_WIRE[PACKED]["B"]) * 8 - 1))
def test_any_single_bit_of_compressed_images_is_guarded(bit: int) -> None:
    content = bytearray(PACKED_WIRE[PACKED]["B"])
    content[bit // 8] ^= 1 << bit % 8
    damaged = {**PACKED_WIRE, PACKED: {"B": bytes(content)}}
    with pytest.raises(RefusedByAws):
        record_of_wire(damaged)
    found = verified(COMPRESSIBLE, damaged, None).findings
    assert [one.kind.value for one in found] == ["altered"]


@pytest.mark.parametrize(
    "damage",
    [
        {PACKED_DIGEST: {"S": "0" * 64}},
        {PACKED: {"B": "not base64"}},
        {PACKED: {"S": "text"}},
        {
            PACKED_DIGEST: {
                "S": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            },
            PACKED: {"B": b""},
        },
    ],
)
def test_compressed_images_of_another_form_are_altered(damage: dict[str, Any]) -> None:
    found = verified(COMPRESSIBLE, {**PACKED_WIRE, **damage}, None).findings
    assert [one.kind.value for one in found] == ["altered"]


def test_a_whole_chain_may_mix_the_forms() -> None:
    blobs = BlobsInMemory()
    records = records_of(
        [
            [write("a", None, image("a", 1))],
            [write("b", None, image("b", 1, Text="envctl " * 50_000))],
            [write("c", image("c", 1, Text=noise(390_000)), image("c", 2, Text=noise(390_001)))],
        ]
    )
    found = [
        one._replace(record=answered(record_wire(record, blobs)))
        for one, record in zip(entries(records[:1]) * 3, records, strict=True)
    ]
    check = ChainCheck(SCOPE, head_of(records), blobs)
    check.add(one._replace(sequence=n) for n, one in enumerate(found, start=1))
    assert check.finish(head_of(records)).intact
