"""Images, digested whole and taken apart for showing."""

from dataclasses import replace
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.errors import DamagedState
from controller.ledger.records import (
    action_of,
    audit_id,
    chained,
    image_digest,
    readable_record,
    record_hash,
    record_of_wire,
    record_wire,
    split_image,
    to_item,
    who_changed,
)
from controller.ledger.summaries import summary_of
from controller.model.ledger_record import Actor, Approved, Head
from tests.unit.ledger.ledgers import Image, image, services

SERVICE = image("s", 1, Tags={"b", "a"}, Weight=1.0)


@pytest.mark.parametrize("whole", [None, SERVICE, {"Key": "k"}])
def test_an_image_is_taken_apart_into_what_is_its_own_and_what_is_ours(whole: Image) -> None:
    value, meta = split_image(whole)
    assert (None if value is None else {**value, **meta}) == whole
    assert set(meta) <= {"Audit", "Managed"}
    assert not {"Audit", "Managed"} & set(value or ())


def test_equal_items_have_equal_digests_whatever_their_order() -> None:
    again = {**dict(reversed(SERVICE.items())), "Value": {**SERVICE["Value"], "Weight": 1}}
    assert image_digest(again) == image_digest(SERVICE)
    assert image_digest(None) == ""


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [(None, SERVICE, "create"), (SERVICE, SERVICE, "update"), (SERVICE, None, "delete")],
)
def test_a_change_is_named_by_its_images(before: Image, after: Image, action: str) -> None:
    assert action_of(before, after) == action


def test_the_id_of_a_record_differs_with_each_part() -> None:
    known = ("T", {"Key": "k"}, "update", "b", "a")
    others = [
        ("U", *known[1:]),
        ("T", {"Key": "l"}, *known[2:]),
        ("T", {"Key": "k"}, "delete", "b", "a"),
        ("T", {"Key": "k"}, "update", "x", "a"),
        ("T", {"Key": "k"}, "update", "b", "x"),
    ]
    assert len({audit_id(*one) for one in (known, *others)}) == 6


@pytest.mark.parametrize(
    ("author", "changed_by", "who", "why"),
    [
        ("Ada <ada@example.com>", "envctl-1", "Ada <ada@example.com>", "the author of the commit"),
        ("unknown", "ada", "ada", "a history that does not say"),
        ("", "ada", "ada", "a source without a history"),
        ("", "", "unknown", "nobody known"),
    ],
)
def test_who_did_it(author: str, changed_by: str, who: str, why: str) -> None:
    assert who_changed(Actor(author, "", "", ""), changed_by) == who, why


def test_records_from_before_callers_were_kept_have_the_hash_they_had() -> None:
    (record, *_) = services(1)

    assert record.hash == "0bb0857974ac5073a007216c3de5d6e784ca33818be5d0a17d46b7c697fcb258"
    assert set(to_item(record)["Actor"]) == {"Author", "Commit", "AppliedBy", "Trigger"}


def test_who_acted_and_what_was_approved_comes_back_and_is_in_the_hash() -> None:
    (record, *_) = services(1)
    facts: dict[str, Any] = {
        "principal": "arn:aws:iam::123456789012:role/ci",
        "role": "arn:aws:iam::012345670123:role/envctl",
        "subject": "Retire it",
        "merged_by": "bot",
        "approvals": (Approved("maxDeletes@3f9c1a", "--approve by ann"),),
    }
    hashes = {record.hash}
    for name, value in facts.items():
        told = replace(record, actor=replace(record.actor, **{name: value}))
        assert record_of_wire(to_wire(to_item(told))).actor == told.actor
        assert summary_of(told).actor == told.actor
        hashes.add(record_hash(told))

    assert len(hashes) == 1 + len(facts)


@pytest.mark.parametrize(
    "changed",
    [
        {"ISOTimestamp": "9" * 300},
        {"ISOTimestamp": "2026-11-24T10:00:00"},
        {"ISOTimestamp": "soon"},
        {"Sequence": "1"},
        {"Actor": "somebody"},
    ],
)
def test_a_record_that_others_damaged_is_told_by_its_id(changed: dict[str, Any]) -> None:
    record = services(1)[0]
    assert readable_record(to_wire(to_item(record))) == record
    with pytest.raises(DamagedState, match=record.audit_id):
        readable_record(to_wire({**to_item(record), **changed}))


def test_the_wire_item_that_was_hashed_is_the_records_own() -> None:
    chain = list(chained(services(3), Head("config", 1, "owner", 4, 0, "h")))

    assert chain
    assert [wire for _, wire in chain] == [record_wire(record) for record, _ in chain]
