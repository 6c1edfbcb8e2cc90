"""Changes by the edit that causes them."""

from collections.abc import Iterable

import pytest

from controller.model.plan import Cause, Change, Edit, FieldChange
from controller.model.ref import Origin
from controller.planning.edits import collapse, group_by_edit, join_alike, with_file_edits
from tests.unit.planning.worlds import change

WEB = Edit(Origin("maps/web.yaml", 17), "roles.Web.ami")


@pytest.mark.parametrize(
    ("one", "wanted", "because"),
    [
        (change("A/a", "delete", path="x/gone/a.yaml"), Edit(Origin("x/gone/"), "removed"), "folder"),
        (change("A/a", "delete", path="x/a.yaml"), Edit(Origin("x/a.yaml"), "removed"), "file"),
        (change("A/a", "delete", path="x/kept.yaml"), Edit(Origin("x/kept.yaml"), ""), "taken out"),
        (change("A/a", cause=Cause.PRUNED, path="a.yaml"), Edit(Origin("a.yaml"), "removed"), "mark"),
        (change("A/a", "create", path="x/new/a.yaml"), Edit(Origin("x/new/"), "added"), "new folder"),
        (change("A/a", "create", path="x/old.yaml"), Edit(Origin("x/old.yaml"), ""), "known file"),
        (change("A/a", "create", path="x/new.yaml", cause=Cause.DRIFTED), None, "drift is no edit"),
        (change("A/a", path="x/kept.yaml"), None, "an update is found by the engine"),
        (change("A/a", "delete"), None, "from no file"),
        (change("A/a", "delete", path="x/a.yaml", edit=WEB), WEB, "known already"),
    ],
)  # fmt: skip
def test_what_comes_and_goes_with_files(one: Change, wanted: Edit | None, because: str) -> None:
    files, known = frozenset({"x/kept.yaml", "x/new.yaml"}), frozenset({"x/old.yaml"})

    (edited,) = with_file_edits([one], files, lambda: known)

    assert edited.edit == wanted, because


def test_groups_are_removals_first_then_by_place() -> None:
    removed = Edit(Origin("z/"), "removed")
    changes = [
        change("A/a", path="b.yaml"),
        change("A/b", edit=WEB),
        change("A/c", edit=WEB),
        change("A/d", edit=removed),
        change("A/e"),
        change("A/f", path="b.yaml"),
        change("A/g", cause=Cause.DRIFTED, path="b.yaml"),
    ]

    groups, aside = group_by_edit(changes)

    assert [(str(group.edit.origin), keys(group.changes)) for group in groups] == [
        ("z/", "d"),
        ("", "e"),
        ("b.yaml", "af"),
        ("maps/web.yaml:17", "bc"),
    ]
    assert keys(aside) == "g"


def test_the_same_edit_in_many_places_is_one_group() -> None:
    field, masked = FieldChange("x", 1, 2), FieldChange("key", "***", "***", sensitive=True)
    places = [Edit(Origin("a.yaml", line), f"A/{line}") for line in range(9)]
    changes = [
        change("A/a", fields=(field,), edit=places[0]),
        change("A/b", fields=(FieldChange("x", 1, 3),), edit=places[1]),
        change("A/c", fields=(field,), edit=places[2]),
        change("A/d", "create", edit=places[3]),
        change("A/e", "create", edit=places[4]),
        change("A/f", fields=(masked,), edit=places[5]),
        change("A/g", fields=(masked,), edit=places[6]),
        change("A/h", edit=places[7]),
        change("A/i", edit=places[8]),
    ]

    joined = join_alike(group_by_edit(changes)[0])

    assert [(group.edit, keys(group.changes), group.places) for group in joined] == [
        (places[0], "ac", 2),
        *((places[at], keys(changes[at : at + 1]), 1) for at in (1, 3, 4, 5, 6, 7, 8)),
    ]


def test_what_reads_the_same_is_said_once() -> None:
    field = FieldChange("x", 1, 2)
    changes = [
        change("A/a", fields=(field,)),
        change("A/b"),
        change("A/c", fields=(field,)),
        change("B/d", fields=(field,)),
        change("A/e", fields=(field,), effects={"ended": 1}),
        change("A/f", fields=(FieldChange("x", 1, True),)),
        change("A/g", fields=(field,), because="why"),
    ]

    joined = collapse(changes)

    assert [keys(alike) for alike in joined] == ["ac", "b", "d", "e", "f", "g"]


def keys(changes: Iterable[Change]) -> str:
    return "".join(one.ref.key for one in changes)
