"""Who relies on whom: what is made on what it names, what names something on nothing when that leaves."""

from collections.abc import Sequence

import pytest

from controller.model.plan import Action, Cause, Change
from controller.model.ref import ResourceRef
from controller.planning.order import Graph, in_order


def change(name: str, action: Action, *names: str) -> Change:
    return Change(
        action=action,
        target="tables",
        ref=ResourceRef("Service", name),
        cause=Cause.PRUNED if action == "delete" else Cause.EDITED,
        fields=(),
        before=None,
        after=None,
        extra=b"{}",
        digest="",
        base=b"null",
        depends_on=tuple(ResourceRef("Service", one) for one in names),
    )


@pytest.mark.parametrize(
    ("changes", "relies", "because"),
    [
        ([change("a", "create"), change("b", "create")], {}, "they know nothing of each other"),
        ([change("b", "create", "a"), change("a", "create")], {"b": {"a"}}, "b names a"),
        ([change("b", "delete", "a"), change("a", "delete")], {"a": {"b"}}, "b goes first"),
        (
            [change("b", "update", "a"), change("a", "delete")],
            {"a": {"b"}},
            "b may have named it until now",
        ),
        ([change("b", "create", "x")], {}, "x does not change"),
        (
            [change("a", "create", "b"), change("b", "create", "a")],
            {"b": {"a"}},
            "in a cycle one is first",
        ),
        ([change("a", "create", "a")], {}, "nothing relies on itself"),
    ],
)
def test_who_relies_on_whom(
    changes: Sequence[Change], relies: dict[str, set[str]], because: str
) -> None:
    ordered = in_order(changes)
    graph = Graph(ordered)
    found = {
        dependent.ref.key: {ordered[earlier].ref.key for earlier in graph.earlier(place)}
        for place, dependent in enumerate(ordered)
        if graph.earlier(place)
    }
    assert found == relies, because
