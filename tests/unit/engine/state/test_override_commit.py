"""Overrides are written with their records, once, and taken away by whoever comes first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.engine.commit.lease import Claim, Leases
from controller.engine.state.damaged_overrides import readable_rows, sorted_out, unread
from controller.engine.state.override_commit import Ending, end_overrides, make_overrides
from controller.engine.state.override_rows import numbered, read_overrides
from controller.errors import Conflict, ScopeBusy, Throttled
from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.estate import PREFIX, START, Estate

CLAIM = Claim("worker-a")
FIRST = Override(
    id="A1553PT2",
    ref=ResourceRef("Environment", "c50"),
    reason="release night",
    actor="ada",
    since=START,
    until=START + timedelta(hours=2),
)
SECOND = replace(FIRST, id="Z95JTF5B", since=START + timedelta(milliseconds=1))


@pytest.fixture
def estate() -> Estate:
    return Estate()


def ids(estate: Estate) -> list[str]:
    return sorted(override.id for override in read_overrides(estate.store, PREFIX))


def test_a_throttled_release_fails_nothing_so_nobody_writes_them_again(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(*_: object) -> None:
        raise Throttled("tables: AWS asked to slow down")

    monkeypatch.setattr(Leases, "release", throttled)

    make_overrides(estate.storage, [FIRST], estate.request(), CLAIM)

    assert ids(estate) == [FIRST.id]
    estate.check_ledger()


def test_what_is_there_is_not_made_again(estate: Estate) -> None:
    make_overrides(estate.storage, [FIRST], estate.request(), CLAIM)

    with pytest.raises(Conflict, match="made or released by somebody else"):
        make_overrides(estate.storage, [SECOND, FIRST], estate.request(), CLAIM)
    assert ids(estate) == [FIRST.id]


def test_of_those_that_end_each_says_why_and_one_that_is_gone_stops_none(estate: Estate) -> None:
    make_overrides(estate.storage, [FIRST, SECOND], estate.request(), CLAIM)
    end_overrides(estate.storage, [Ending(FIRST, "released by bob")], estate.request(), CLAIM)

    endings = [Ending(FIRST, "its time was up"), Ending(SECOND, "its time was up")]
    gone = end_overrides(estate.storage, endings, estate.request(), CLAIM)

    assert gone == (endings[1],)
    assert [record.actor.trigger for record in estate.records()[2:]] == [
        "override ended: released by bob",
        "override ended: its time was up",
    ]
    assert ids(estate) == []
    estate.check_ledger()


def test_who_loses_the_scope_meanwhile_is_told_to_run_again(estate: Estate) -> None:
    def taken(*_: object) -> None:
        estate.store.before = lambda *_: None
        estate.worker("worker-b").takes(take_over=True)

    estate.store.before = taken
    with pytest.raises(ScopeBusy, match="nothing was written"):
        make_overrides(estate.storage, [FIRST], estate.request(), CLAIM)
    assert ids(estate) == []


def held(count: int, value: str = "") -> tuple[Override, ...]:
    """An override of many services, as a restore leaves it."""
    loose = [
        replace(
            FIRST,
            ref=ResourceRef("Service", f"Service{number}"),
            path="spec.description",
            value=value,
            until=None,
            until_git=True,
        )
        for number in range(count)
    ]
    return numbered("HELD01", loose)


def test_an_override_of_many_objects_is_made_whole_and_ends_by_parts(estate: Estate) -> None:
    made = held(90, "x" * 60_000)
    make_overrides(estate.storage, made, estate.request(), CLAIM)
    assert ids(estate) == sorted(part.id for part in made)

    changed = [Ending(part, f"Git changed {part.ref}") for part in made[:3]]
    gone = end_overrides(estate.storage, changed, estate.request(), CLAIM)

    assert set(gone) == set(changed)
    assert ids(estate) == sorted(part.id for part in made[3:])
    assert {record.actor.trigger for record in estate.records()} >= {
        "override ended: Git changed Service/Service0; 2 more alike"
    }
    rest = [Ending(part, "released by ada") for part in made]
    assert set(end_overrides(estate.storage, rest, estate.request(), CLAIM)) == set(rest[3:])
    assert ids(estate) == []
    assert end_overrides(estate.storage, rest, estate.request(), CLAIM) == ()
    estate.check_ledger()


def test_a_part_that_was_released_is_made_again_beside_those_that_stayed(estate: Estate) -> None:
    made = held(3)
    make_overrides(estate.storage, made, estate.request(), CLAIM)
    end_overrides(estate.storage, [Ending(made[1], "released by ada")], estate.request(), CLAIM)

    make_overrides(estate.storage, [made[1]], estate.request(), CLAIM)

    assert ids(estate) == [part.id for part in made]
    estate.check_ledger()


def test_a_row_of_parts_that_somebody_else_took_away_stops_no_other(estate: Estate) -> None:
    made = held(4, "x" * 90_000)
    make_overrides(estate.storage, made, estate.request(), CLAIM)
    table = estate.storage.physical("EnvctlState")

    def taken(*_: object) -> None:
        estate.store.before = lambda *_: None
        estate.store.write(DeleteWrite(table, to_wire({"Id": "override#HELD01.2"})))

    estate.store.before = taken
    endings = [Ending(part, "released by ada") for part in made]
    gone = end_overrides(estate.storage, endings, estate.request(), CLAIM)

    assert set(gone) == {endings[0], endings[2], endings[3]}
    assert ids(estate) == []


def test_a_damaged_row_of_parts_is_as_the_ledger_has_it_and_is_taken_away_by_its_name(
    estate: Estate,
) -> None:
    made = held(3)
    make_overrides(estate.storage, made, estate.request(), CLAIM)
    table = estate.storage.physical("EnvctlState")
    known = estate.store.get(table, {"Id": "override#HELD01.1"})
    damaged = {"Id": "override#HELD01.1", "Parts": "x"}
    estate.store.write(PutWrite(table, to_wire(damaged)))

    (row,) = readable_rows([damaged], lambda _id: known)
    (unknown,) = readable_rows([damaged], lambda _id: None)

    assert sorted_out([row]) == (made, {})
    none, why = sorted_out([unknown])
    assert (none, list(why)) == ((), ["HELD01.1"])
    ending = Ending(unread("HELD01.1", why["HELD01.1"]), "released by ada")
    assert end_overrides(estate.storage, [ending], estate.request(), CLAIM) == (ending,)
    assert ids(estate) == []
