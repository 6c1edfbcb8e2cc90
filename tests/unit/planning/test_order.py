"""Nothing before what it needs, nothing gone before what needs it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.plan import Action, Cause, Change
from controller.planning.leaving import leaves
from controller.planning.order import in_order
from tests.unit.planning.worlds import change

KEYS = ["a", "b", "c", "d", "e"]
ACTIONS: list[Action] = ["create", "update", "delete"]


@st.composite
def worlds(draw: st.DrawFn) -> list[Change]:
    """Changes that depend only on those with a smaller key, as references without a cycle do."""
    count = draw(st.integers(1, len(KEYS)))
    return [
        change(
            f"Kind/{key}",
            draw(st.sampled_from(ACTIONS)),
            needs=[f"Kind/{k}" for k in draw(st.sets(st.sampled_from(KEYS[:index] or ["a"])))],
        )
        for index, key in enumerate(KEYS[:count])
    ]


@given(worlds())
def test_creates_follow_and_deletes_precede_what_they_depend_on(changes: list[Change]) -> None:
    place = {one.ref: index for index, one in enumerate(in_order(changes))}
    by_ref = {one.ref: one for one in changes}

    for one in changes:
        for needed in one.depends_on:
            if needed == one.ref or needed not in by_ref:
                continue
            if leaves(by_ref[needed]):
                assert place[one.ref] < place[needed]
            elif not leaves(one):
                assert place[needed] < place[one.ref]


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_they_come_in_does_not_matter(changes: list[Change], random: object) -> None:
    shuffled = list(changes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

    assert in_order(shuffled) == in_order(changes)


@pytest.mark.parametrize(
    ("changes", "wanted", "because"),
    [
        ([change("B/x"), change("A/y"), change("A/x")], "A/x A/y B/x", "kind, then key"),
        ([change("A/x", needs=["B/y"]), change("B/y", "create")], "B/y A/x", "needed first"),
        (
            [change("A/x", "delete"), change("B/y", "delete", needs=["A/x"])],
            "B/y A/x",
            "what needs it goes first",
        ),
        (
            [change("A/old", "delete"), change("B/user", needs=["A/old", "A/new"]), change("A/new", "create")],
            "A/new B/user A/old",
            "a user moves over between",
        ),
        (
            [change("A/x", cause=Cause.PRUNED), change("B/y", "delete", needs=["A/x"])],
            "B/y A/x",
            "a mark is a step of leaving",
        ),
        (
            [change("A/x", needs=["B/y"]), change("B/y", needs=["A/x"]), change("C/z", needs=["B/y"])],
            "A/x B/y C/z",
            "a cycle begins with its first",
        ),
        (
            [change("A/x", needs=["B/y"]), change("B/y", needs=["C/z"]), change("C/z", needs=["B/y"]),
             change("D/w", "delete", needs=["D/w"])],
            "D/w B/y A/x C/z",
            "one that waits for a cycle goes when its turn comes",
        ),
    ],
)  # fmt: skip
def test_order(changes: list[Change], wanted: str, because: str) -> None:
    assert " ".join(str(one.ref) for one in in_order(changes)) == wanted, because


def test_ties_go_by_kind_and_what_leaves_comes_last() -> None:
    changes = [
        change("Service/t", "delete"),
        change("Account/b", "delete"),
        change("Service/s", "create"),
        change("Account/c", "create"),
    ]

    ordered = in_order(changes)

    assert [planned.ref.key for planned in ordered] == ["c", "s", "b", "t"]
