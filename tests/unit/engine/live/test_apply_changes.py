"""In which stages the changes of a scope are made, and what becomes of those that rely on one that failed."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from controller.engine.commit.change_queue import ChangeQueue
from controller.engine.live.apply_changes import Stage, next_stage
from controller.engine.live.journal import MAX_RECORDS
from controller.errors import StaleEpoch
from controller.model.plan import Action, Cause, Change, Status
from controller.model.ref import ResourceRef
from controller.ports import LiveTarget


class Target:
    """A target by name; it is never asked for anything here."""

    kinds = ("Group",)

    def __init__(self, name: str) -> None:
        self.name = name


TARGETS = {name: cast(LiveTarget, Target(name)) for name in ("groups", "scaling-schedules")}


def ref(name: str) -> ResourceRef:
    return ResourceRef("Group", f"staging-eu/eu-west-1/{name}")


def change(name: str, *relies_on: str, target: str = "groups", action: Action = "update") -> Change:
    more: Any = {"depends_on": tuple(map(ref, relies_on))}
    return Change(
        action, target, ref(name), Cause.EDITED, (), b"{}", b"{}", b"{}", "d", b"null", **more
    )


class Queue(ChangeQueue):
    """A queue whose stages are taken and settled by the change."""

    def stage(self) -> Stage | None:
        return next_stage(self, TARGETS)

    def done(self, changed: Change, status: Status) -> None:
        self.settle(self.place_of(changed), status)


def queue(changes: Sequence[Change]) -> Queue:
    return Queue(changes, "t-1")


def names(changes: Sequence[Change]) -> str:
    return " ".join(one.ref.key.rpartition("/")[2] for one in changes)


@pytest.mark.parametrize(
    ("changes", "stages"),
    [
        ([], []),
        ([change("a"), change("b")], ["a b"]),
        ([change("a"), change("b", "a")], ["a", "b"]),
        ([change("a"), change("b", "a"), change("c", "b"), change("d")], ["a d", "b", "c"]),
        ([change("a"), change("s", target="scaling-schedules"), change("b")], ["a b", "s"]),
        (
            [change("a"), change("s", "a", target="scaling-schedules"), change("b", "s")],
            ["a", "s", "b"],
        ),
    ],
)  # fmt: skip
def test_what_relies_on_nothing_open_goes_together(
    changes: list[Change], stages: list[str]
) -> None:
    made = queue(changes)
    told = []
    while (stage := made.stage()) is not None:
        told.append(names(stage.changes))
        assert {one.target for one in stage.changes} == {stage.target.name}
        for one in stage.changes:
            made.done(one, Status.APPLIED)
    assert told == stages
    assert made.progress == (len(changes), len(changes))


@pytest.mark.parametrize("broken", [Status.FAILED, Status.CONFLICTED, Status.SKIPPED])
def test_what_relies_on_a_failure_is_skipped_and_the_rest_goes_on(broken: Status) -> None:
    changes = [change("a"), change("b", "a"), change("c", "b"), change("d"), change("e", "d")]
    made = queue(changes)
    first = made.stage()
    assert first is not None
    assert names(first.changes) == "a d"
    made.done(first.changes[0], broken)
    made.done(first.changes[1], Status.APPLIED)
    second = made.stage()
    assert second is not None
    assert names(second.changes) == "e"
    made.done(second.changes[0], Status.APPLIED)
    assert made.stage() is None
    found = {one.change.ref.key[-1]: one for one in made.outcomes()}
    assert [found[name].status for name in "abcde"] == [
        broken, Status.SKIPPED, Status.SKIPPED, Status.APPLIED, Status.APPLIED,
    ]  # fmt: skip
    assert "a, which must come first, was not done" in found["b"].message


def test_a_stage_holds_no_more_records_than_a_transaction() -> None:
    made = queue([change(f"g{n}") for n in range(MAX_RECORDS + 3)])
    first = made.stage()
    assert first is not None
    assert len(first.batches) == MAX_RECORDS
    for one in first.changes:
        made.done(one, Status.APPLIED)
    second = made.stage()
    assert second is not None
    assert len(second.batches) == 3


def test_what_is_left_when_a_run_stops_has_an_outcome_too() -> None:
    made = queue([change("a"), change("b", "a")])
    stage = made.stage()
    assert stage is not None
    made.done(stage.changes[0], Status.APPLIED)
    made.stop(StaleEpoch("somebody took the scope over"))
    assert made.stage() is None
    assert [one.status for one in made.outcomes()] == [Status.APPLIED, Status.STALE_EPOCH]
