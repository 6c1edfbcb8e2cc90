"""What a lock, a freeze or a missing object holds back, while the rest goes on."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.model.plan import Cause, Change
from controller.planning.scope_plan import Barrier, block_changes
from tests.unit.planning.worlds import by_hand, change, ref

C50 = ref("Environment/c50")
LOCK = Barrier(guard="deployLock", because="c50 is locked", refs={C50}, overridable=False)
FREEZE = Barrier(
    guard="freeze",
    because="frozen until 3 Jan",
    targets=("groups",),
    actions=("update", "delete"),
    causes=(Cause.EDITED,),
)


def group(key: str, **more: object) -> Change:
    return change(f"Group/{key}", target="groups", **more)  # type: ignore[arg-type]  # a pass-through


@pytest.mark.parametrize(
    ("barrier", "one", "holds"),
    [
        (LOCK, change("Environment/c50"), True),
        (LOCK, change("Environment/c51"), False),
        (FREEZE, group("a"), True),
        (FREEZE, change("Service/a"), False),
        (FREEZE, group("a", action="create"), False),
        (FREEZE, group("a", cause=Cause.DRIFTED), False),
        (Barrier(guard="g", because="all"), change("Service/a", "delete"), True),
    ],
)
def test_what_a_barrier_holds(barrier: Barrier, one: Change, holds: bool) -> None:
    assert barrier.blocks(one) is holds


def held(
    changes: Sequence[Change], barriers: Sequence[Barrier] = (), *withheld: str
) -> dict[str, str]:
    result = block_changes("config", changes, barriers, frozenset(map(ref, withheld)))
    assert len(result.changes) + len(result.notes) == len(changes)
    return {str(note.ref): note.text for note in result.notes}


def test_nothing_is_held_without_a_reason() -> None:
    changes = [change("Service/a"), change("Service/b", "delete")]

    assert block_changes("config", changes, [LOCK]).changes == tuple(changes)


def test_a_held_change_says_why_and_the_first_reason_is_enough() -> None:
    other = Barrier(guard="other", because="another reason")

    assert held([change("Environment/c50")], [LOCK, other]) == {"Environment/c50": "c50 is locked"}


def test_no_approval_is_told_where_something_else_holds_that_no_approval_lifts() -> None:
    for_good = Barrier(
        guard="deployLock", because="locked for good", refs={ref("Group/a")}, overridable=False
    )

    notes = block_changes("x", [group("a"), group("b")], [FREEZE, for_good]).notes

    assert notes[0].text == "locked for good"
    assert notes[1].text.startswith("frozen until 3 Jan; to go on: --approve freeze@")
    was_locked = replace(for_good, lifted=True)
    notes = block_changes("x", [group("a")], [FREEZE, was_locked]).notes
    assert notes[0].text == "frozen until 3 Jan"


def test_an_approval_lifts_a_barrier_from_exactly_its_changes() -> None:
    (note,) = block_changes("x", [group("a")], [FREEZE]).notes
    token = note.text.rpartition(" ")[2]

    assert note.text.startswith("frozen until 3 Jan; to go on: --approve freeze@")
    lifted = block_changes("x", [group("a")], [FREEZE], approvals=by_hand(token))
    assert (lifted.notes, [one.token for one in lifted.lifted]) == ((), [token])
    assert (
        block_changes("x", [group("a"), group("b")], [FREEZE], approvals=by_hand(token)).changes
        == ()
    )


def test_what_needs_an_object_that_may_not_come_to_be_waits_for_it() -> None:
    changes = [
        change("Environment/c50", "create", needs=["DeploymentMap/web"]),
        change("Upstream/u", "create", needs=["Environment/c50"]),
        change("Environment/c51", needs=["DeploymentMap/old"]),
        change("Service/gone", "delete", needs=["DeploymentMap/web"]),
    ]

    assert held(changes, (), "DeploymentMap/web") == {
        "Environment/c50": "waits for DeploymentMap/web, which does not exist yet",
        "Upstream/u": "waits for Environment/c50, which does not exist yet",
    }


def test_a_held_create_holds_what_needs_it_and_a_held_update_does_not() -> None:
    needing = change("Upstream/u", "create", needs=["Environment/c50"])

    assert set(held([change("Environment/c50", "create"), needing], [LOCK])) == {
        "Environment/c50",
        "Upstream/u",
    }
    assert set(held([change("Environment/c50"), needing], [LOCK])) == {"Environment/c50"}


def test_what_a_held_change_still_refers_to_does_not_leave() -> None:
    changes = [
        change(
            "Environment/c50", needs=["DeploymentMap/old", "DeploymentMap/new", "Cluster/there"]
        ),
        change("DeploymentMap/old", "delete", needs=["Cluster/gone"]),
        change("Cluster/gone", "delete"),
        change("DeploymentMap/new", "create"),
    ]

    assert held(changes, [LOCK]) == {
        "Environment/c50": "c50 is locked",
        "DeploymentMap/old": "Environment/c50 still refers to it",
        "Cluster/gone": "DeploymentMap/old still refers to it",
    }


def test_a_cycle_of_held_changes_comes_to_an_end() -> None:
    changes = [
        change("A/a", "create", needs=["A/b"]),
        change("A/b", "create", needs=["A/a"]),
    ]

    assert len(held(changes, (), "A/a")) == 2


def test_a_barrier_prints_no_approval_where_it_cannot_be_known() -> None:
    (note,) = block_changes("x", [group("a")], [FREEZE], approvals=None).notes

    assert note.text == "frozen until 3 Jan"
