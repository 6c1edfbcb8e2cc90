"""Ownership of a scope: epochs rise, owners are told apart, damage is told."""

from decimal import Decimal

import pytest

from controller.aws.items import to_wire
from controller.engine.commit.lease import Claim, Leases
from controller.errors import Conflict, DamagedState, ScopeBusy, StaleEpoch
from controller.ledger.heads import head_of_row, row_of_head
from controller.model.ledger_record import Head
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import service


@pytest.fixture
def estate() -> Estate:
    return Estate()


@pytest.fixture
def leases(estate: Estate) -> Leases:
    return estate.leases


def test_the_first_owner_makes_the_head(estate: Estate, leases: Leases) -> None:
    assert leases.read("config") is None
    head = leases.take("config", Claim("a", lease_s=30))
    assert head == leases.read("config")
    assert (head.epoch, head.owner, head.sequence, head.last_hash) == (1, "a", 0, "")
    assert head.lease_until == int(estate.clock.now.timestamp() * 1000) + 30_000


def test_the_same_owner_takes_it_again_in_a_new_epoch(leases: Leases) -> None:
    leases.take("config", Claim("a"))
    assert leases.take("config", Claim("a")).epoch == 2


@pytest.mark.parametrize(
    ("passed_s", "claim", "taken"),
    [
        (59, Claim("b"), False),
        (60, Claim("b"), True),
        (59, Claim("b", wait_s=1), True),
        (30, Claim("b", wait_s=29), False),
        (0, Claim("b", take_over=True), True),
    ],
)
def test_when_another_may_have_it(
    estate: Estate, leases: Leases, passed_s: int, claim: Claim, taken: bool
) -> None:
    leases.take("config", Claim("a"))
    estate.clock.sleep(passed_s)
    if taken:
        assert leases.take("config", claim).epoch == 2
    else:
        with pytest.raises(ScopeBusy):
            leases.take("config", claim)


def test_renewing_keeps_others_waiting(estate: Estate, leases: Leases) -> None:
    head = leases.take("config", Claim("a"))
    estate.clock.sleep(50)
    leases.renew(head)
    estate.clock.sleep(50)
    with pytest.raises(ScopeBusy):
        leases.take("config", Claim("b"))


def test_renewing_what_was_taken_says_by_whom(estate: Estate, leases: Leases) -> None:
    head = leases.take("config", Claim("a"))
    leases.take("config", Claim("b", take_over=True))
    with pytest.raises(StaleEpoch, match=r"now by b \(epoch 2\)"):
        leases.renew(head)
    leases.release(head)
    now = leases.read("config")
    assert now is not None
    assert now.owner == "b"


def test_scopes_are_apart(leases: Leases) -> None:
    leases.take("config", Claim("a"))
    assert leases.take("012345670123/eu-west-1", Claim("b")).epoch == 1


def test_of_two_who_see_it_free_one_gets_it(
    estate: Estate, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases.ensure("config")
    write = estate.store.write

    def other_first(one: object) -> object:
        monkeypatch.setattr(estate.store, "write", write)
        leases.take("config", Claim("b"))
        return write(one)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(estate.store, "write", other_first)
    with pytest.raises(ScopeBusy, match="owned by b"):
        leases.take("config", Claim("a"))


def test_a_head_survives_being_a_row() -> None:
    head = Head("config", 3, "a", 5, 7, "ff")
    assert head_of_row("config", row_of_head(head)) == head
    assert to_wire(row_of_head(head))


@pytest.mark.parametrize(
    "damage",
    [
        {"Owner": None, "Epoch": "x"},
        {"LeaseUntil": "9" * 400},
        {"LeaseUntil": Decimal("9.9E+125")},
        {"Epoch": -1},
        {"Sequence": Decimal("Infinity")},
    ],
)
def test_a_damaged_row_is_told_and_not_guessed(damage: dict[str, object]) -> None:
    row = row_of_head(Head("config", 3, "a", 5, 7, "ff"))
    with pytest.raises(DamagedState, match="row head#config of EnvctlState is damaged"):
        head_of_row("config", {**row, **damage})


def test_a_row_of_nothing_but_its_key_is_no_head() -> None:
    with pytest.raises(DamagedState):
        head_of_row("config", {"Id": "head#config"})


def test_a_lost_answer_to_taking_is_no_obstacle(
    estate: Estate, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases.ensure("config")
    write = estate.store.write

    def conflict_with_ourselves(one: object) -> object:
        write(one)  # type: ignore[arg-type]  # passed on as it came
        monkeypatch.setattr(estate.store, "write", write)
        raise Conflict("changed since it was read")

    monkeypatch.setattr(estate.store, "write", conflict_with_ourselves)
    assert leases.take("config", Claim("a")).epoch == 2


def test_no_second_chain_begins_where_a_head_was_lost(estate: Estate, leases: Leases) -> None:
    estate.wants(service("s1", 40000))
    estate.converges()
    head = leases.read("config")
    assert head is not None
    estate.store.drop(PREFIX + STATE_TABLE.name, {"Id": "head#config"})
    with pytest.raises(DamagedState, match="head lost") as lost:
        leases.take("config", Claim("a"))
    assert "envctl audit recover config" in lost.value.fix
    with pytest.raises(DamagedState, match="head lost"):
        leases.ensure("config")
    assert leases.read("config") is None
    assert leases.restore(head)
    assert not leases.restore(head)
    assert leases.take("config", Claim("a", take_over=True)).sequence == 1
