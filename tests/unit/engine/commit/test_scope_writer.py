"""The owner of a scope writes records with the head, follows the head in its own epoch, and gives the scope back."""

from collections.abc import Iterator

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Claim, LeaseKeeper, Leases
from controller.engine.commit.scope_writer import MAX_HEAD_MOVES, ScopeWriter
from controller.engine.commit.transaction import records_of
from controller.errors import Conflict, ScopeBusy, StaleEpoch, Throttled
from controller.events import EpochTaken, Event, LeaseNotReleased
from controller.model.ledger_record import ItemWrite, LedgerRecord
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate

STATE = PREFIX + STATE_TABLE.name


@pytest.fixture
def estate() -> Estate:
    return Estate()


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def writer(estate: Estate, told: list[Event]) -> Iterator[ScopeWriter]:
    claim = Claim("worker-a")
    with ScopeWriter.take("config", claim, estate.storage, estate.request(), told.append) as taken:
        yield taken


def row(name: str) -> ItemWrite:
    return ItemWrite(
        table=STATE_TABLE.name,
        key={"Id": name},
        before=None,
        after={"Id": name},
        ref=ResourceRef("Row", name),
        cause="edited",
        origin="",
        authorship=UNKNOWN_AUTHORSHIP,
    )


def write(writer: ScopeWriter, *names: str) -> tuple[LedgerRecord, ...]:
    items = [row(name) for name in names]
    return writer.append(
        records_of(items, "config", writer.storage, writer.request, writer.storage.clock()),
        [PutWrite(STATE, to_wire(item.after or {}), "attribute_not_exists(Id)") for item in items],
    )


def moved_by_a_namesake(estate: Estate) -> None:
    """Write a record in the present epoch, as another process of the same owner would."""
    head = estate.leases.read("config")
    assert head is not None
    other = ScopeWriter(estate.storage, estate.request(), LeaseKeeper(head, estate.leases))
    write(other, f"other-{head.sequence}")


def test_records_go_with_their_items_and_the_head(estate: Estate, writer: ScopeWriter) -> None:
    first, second = write(writer, "a", "b")

    assert (first.sequence, second.sequence, second.previous_hash) == (1, 2, first.hash)
    assert estate.item(STATE_TABLE.name, Id="b") == {"Id": "b"}
    assert (writer.lease.head.sequence, writer.lease.head.last_hash) == (2, second.hash)
    estate.check_ledger()


def test_what_is_chained_to_a_head_that_moved_is_chained_again(
    estate: Estate, writer: ScopeWriter
) -> None:
    moved_by_a_namesake(estate)

    (record,) = write(writer, "a")

    assert record.sequence == 2
    estate.check_ledger()


def test_a_head_that_never_stands_still_ends_the_run(estate: Estate, writer: ScopeWriter) -> None:
    before = estate.store.before

    def move_first(*_: object) -> None:
        estate.store.before = before
        moved_by_a_namesake(estate)
        estate.store.before = move_first

    estate.store.before = move_first
    with pytest.raises(StaleEpoch, match="moves under our own epoch"):
        write(writer, "a")
    assert len(estate.records()) == MAX_HEAD_MOVES + 1


def test_a_condition_that_does_not_hold_writes_nothing(estate: Estate, writer: ScopeWriter) -> None:
    write(writer, "a")

    with pytest.raises(Conflict, match="ConditionalCheckFailed"):
        write(writer, "b", "a")
    assert estate.item(STATE_TABLE.name, Id="b") is None
    estate.check_ledger()


def test_who_lost_the_scope_writes_nothing(estate: Estate, writer: ScopeWriter) -> None:
    estate.worker("worker-b").takes(take_over=True)

    with pytest.raises(StaleEpoch, match=r"now by worker-b \(epoch 2\)"):
        write(writer, "a")
    assert estate.records() == []


@pytest.mark.parametrize("error", [None, KeyboardInterrupt(), Conflict("meanwhile")])
def test_the_scope_is_given_back_whatever_happens(
    estate: Estate, error: BaseException | None
) -> None:
    def run() -> None:
        with ScopeWriter.take("config", Claim("worker-a"), estate.storage, estate.request()):
            if error is not None:
                raise error

    if error is None:
        run()
    else:
        with pytest.raises(type(error)):
            run()
    assert estate.leases.take("config", Claim("worker-b")).epoch == 2


def test_a_lease_that_cannot_be_given_back_is_told_and_fails_nothing(
    estate: Estate, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object) -> None:
        raise Throttled("tables: AWS asked to slow down")

    monkeypatch.setattr(Leases, "release", throttled)
    claim = Claim("worker-a")
    with ScopeWriter.take("config", claim, estate.storage, estate.request(), told.append) as taken:
        write(taken, "a")

    assert told == [
        EpochTaken("config", 1, "worker-a"),
        LeaseNotReleased("config", "tables: AWS asked to slow down"),
    ]
    assert len(estate.records()) == 1
    with pytest.raises(ScopeBusy):
        estate.leases.take("config", Claim("worker-b"))
