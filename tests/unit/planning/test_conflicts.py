"""Two changes that wait to be merged conflict where they want one thing otherwise, and nowhere else."""

from typing import Any

import pytest

from controller.model.canonical import canonical_bytes
from controller.model.plan import Action, Cause, Change, FieldChange
from controller.model.ref import Origin, ResourceRef
from controller.model.review import Conflict, OpenRequest
from controller.planning.conflicts import LINES_SHOWN, conflict_lines, conflicts

SEARCH = ResourceRef("Service", "search")
TANGO = ResourceRef("Cluster", "Tango")


def change(
    action: Action = "update",
    ref: ResourceRef = SEARCH,
    after: Any = None,
    needs: tuple[ResourceRef, ...] = (),
    **fields: Any,
) -> Change:
    """``fields`` have ``__`` for a dot; a value in a tuple is sensitive."""
    return Change(
        action=action,
        target="tables",
        ref=ref,
        cause=Cause.EDITED,
        fields=tuple(
            FieldChange(name.replace("__", "."), 1, value, sensitive=isinstance(value, tuple))
            for name, value in fields.items()
        ),
        before=None,
        after=None if action == "delete" else canonical_bytes(after),
        extra=b"{}",
        digest="d" * 64,
        base=b"{}",
        origin=Origin("a.yaml", 1),
        depends_on=needs,
    )


@pytest.mark.parametrize(
    ("here", "there", "found"),
    [
        (change(port=2), change(port=3), [("port", "2", "3")]),
        (change(port=2), change(port=2), []),
        (change(port=2), change(tags=3), []),
        (change(port=2), change(portal=3), []),
        (change(roles="x"), change(roles__Web__ami="y"), [("roles.Web.ami", "x", "y")]),
        (change(roles__Web="x"), change(roles="y"), [("roles.Web", "x", "y")]),
        (change(key=("m",)), change(key=("m",)), [("key", '["m"]', '["m"]')]),
        (change("delete"), change(port=2), [("", "deleted", "updated")]),
        (change(port=2), change("delete"), [("", "updated", "deleted")]),
        (change("delete"), change("delete"), []),
        (change("create", after=1), change("create", after=1), []),
        (change("create", after=1), change("create", after=2), [("", "created", "created")]),
        (change("start", after=1), change("update", after=2), [("", "start", "updated")]),
        (change(port=2), change(ref=TANGO, port=3), []),
    ],
)
def test_of_one_object(here: Change, there: Change, found: list[tuple[str, str, str]]) -> None:
    assert list(conflicts([here], [there])) == [Conflict(SEARCH, *one) for one in found]


def test_one_takes_what_the_other_needs() -> None:
    needing, taking = change("create", needs=(TANGO,)), change("delete", TANGO)
    leaving = change("delete", needs=(TANGO,))
    told = "needs Cluster/Tango", "Cluster/Tango deleted"

    assert list(conflicts([needing], [taking])) == [Conflict(SEARCH, "", *told)]
    assert list(conflicts([taking], [needing])) == [Conflict(SEARCH, "", *reversed(told))]
    assert list(conflicts([leaving], [taking])) == []
    assert list(conflicts([needing], [change(ref=TANGO, x=1)])) == []


def test_lines_name_so_many_and_count_all() -> None:
    place = Conflict(SEARCH, "port", "2", "3")
    beside = (
        OpenRequest("refs/pull/1/head", (place, place._replace(field=""))),
        OpenRequest("refs/pull/2/head", unknown="no such branch"),
        OpenRequest("refs/pull/3/head"),
        OpenRequest("refs/pull/4/head", (place,) * (LINES_SHOWN + 1_000)),
    )

    lines = list(conflict_lines(beside))

    assert lines[:2] == [
        "refs/pull/1/head: Service/search port: 2 here, 3 there",
        "refs/pull/1/head: Service/search: 2 here, 3 there",
    ]
    assert lines[2] == "refs/pull/2/head: not compared: no such branch"
    assert lines[-2:] == [
        "refs/pull/4/head: and 1,000 more",
        "no conflict with 1 of 4 open pull requests",
    ]
    assert len(lines) == 3 + LINES_SHOWN + 2
    assert list(conflict_lines(())) == []
