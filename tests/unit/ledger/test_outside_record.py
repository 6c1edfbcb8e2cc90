"""What an item says of who changed it, and what is believed of that."""

from datetime import UTC, datetime
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.aws.streams import StreamEvent
from controller.ledger.outside_record import (
    NOBODY_NAMED,
    StreamSource,
    author_named,
    outside_record,
)
from controller.ledger.records import EntityKey, chained, record_of_wire, record_wire
from controller.ledger.stream_changes import change_of
from controller.model.ledger_record import Head
from controller.model.table import KeyAttribute, TableDefinition

Image = dict[str, Any] | None
TABLE = TableDefinition("test-Services", KeyAttribute("Name"))
SOURCE = StreamSource(
    "Services", "arn:aws:dynamodb:::table/test-Services", "stream/Services", lambda _, image: image
)
MARK = {"By": "inst-1"}


def audit(version: object, user: object = "ada") -> dict[str, Any]:
    return {"User": user, "Version": version}


@pytest.mark.parametrize(
    ("old", "new", "who"),
    [
        pytest.param(None, {"Audit": audit(1)}, "ada", id="created"),
        pytest.param(None, {"Audit": audit(1), "Managed": MARK}, "", id="a copy of ours"),
        pytest.param(None, {}, "", id="created without a name"),
        pytest.param({"Audit": audit(1)}, {"Audit": audit(2, "eve")}, "eve", id="a later version"),
        pytest.param({}, {"Audit": audit(1)}, "ada", id="the first version"),
        pytest.param({"Audit": audit(2)}, {"Audit": audit(2), "V": 1}, "", id="Audit left alone"),
        pytest.param({"Audit": audit(3)}, {"Audit": audit(2)}, "", id="an older image"),
        pytest.param(
            {"Audit": audit(1), "Managed": MARK},
            {"Audit": audit(2), "Managed": MARK},
            "ada",
            id="beneath the same mark",
        ),
        pytest.param(
            {"Audit": audit(1), "Managed": MARK}, {"Audit": audit(2)}, "ada", id="the mark dropped"
        ),
        pytest.param(
            {"Audit": audit(1)}, {"Audit": audit(2), "Managed": MARK}, "", id="another mark"
        ),
        pytest.param({"Audit": audit(2)}, None, "", id="deleted"),
        pytest.param(
            {"Audit": audit(2), "__Deleted": True}, None, "ada", id="deleted after a mark"
        ),
        pytest.param(None, {"Audit": "text"}, "", id="no Audit of that form"),
        pytest.param({"Audit": audit("1")}, {"Audit": audit("2")}, "", id="versions as text"),
        pytest.param({"Audit": audit(1)}, {"Audit": audit(True)}, "", id="a truth as version"),
        pytest.param({"Audit": audit(1)}, {"Audit": audit(2, {"S": "x"})}, "", id="no name"),
    ],
)
def test_who_an_item_names(old: Image, new: Image, who: str) -> None:
    assert author_named(old, new) == who


def test_a_name_is_one_printable_line() -> None:
    named = author_named(None, {"Audit": audit(1, "a\nb\x1b[31m" + "c" * 1000)})
    assert len(named) == 128
    assert named.isprintable()


def streamed(old: Image, new: Image, service: str = "") -> Any:
    before, after = (
        None if image is None else to_wire({"Name": "s", **image}) for image in (old, new)
    )
    action: Any = "MODIFY"
    if old is None or new is None:
        action = "INSERT" if old is None else "REMOVE"
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    event = StreamEvent("e1", action, to_wire({"Name": "s"}), before, after, "7", at, service)
    change = change_of(event, TABLE)
    assert change is not None
    return outside_record(change, SOURCE)


def test_a_record_comes_back_as_it_was_written() -> None:
    loose = streamed({"Raw": b"\x00", "Of": frozenset({1})}, {"Audit": audit(1)})
    ((record, _),) = chained([loose], Head("stream/Services", 1, "reader", 0, 0, ""))
    assert record_of_wire(record_wire(record)) == record
    assert (record.audit_id, record.transaction_id, record.scope) == ("e1", "e1", "stream/Services")
    assert (record.change_type, record.cause, record.changed_by) == ("Updated", "outside", "ada")


def test_who_is_not_named_is_outside_and_a_service_names_itself() -> None:
    assert streamed({}, None).changed_by == NOBODY_NAMED
    expired = streamed({"Audit": audit(1)}, None, "dynamodb.amazonaws.com")
    assert expired.changed_by == "dynamodb.amazonaws.com"


def test_a_key_no_index_can_hold_is_cut_and_told_apart() -> None:
    names = [str(EntityKey("t", "x" * 2048 + end)) for end in "ab"]
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 2048 for name in names)
    assert str(EntityKey("t", "ü" * 600)) == "t/" + "ü" * 600
