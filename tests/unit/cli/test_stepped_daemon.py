"""What the daemon of the tour says of what it did."""

from controller.cli.tour.stepped_daemon import told
from controller.events import (
    ChangeSettled,
    DesiredRejected,
    EpochTaken,
    Event,
    PlanRefusedByGuard,
    WorkDone,
    WorkFailed,
)

DONE = WorkDone("config", "reconcile", 1.0)


def change(ref: str) -> ChangeSettled:
    return ChangeSettled(ref, "create", "edited", "applied", "t")


def test_few_changes_are_told_one_by_one() -> None:
    assert list(told([change("Service/A"), change("Service/B"), DONE])) == [
        "config: create Service/A applied (edited)",
        "config: create Service/B applied (edited)",
    ]


def test_many_are_counted_by_kind() -> None:
    services = [change(f"Service/{number}") for number in range(4)]

    assert list(told([*services, change("Cluster/A"), DONE])) == [
        "config: 5 applied: 4 create Service, 1 create Cluster"
    ]


def test_kinds_beyond_a_few_are_only_counted() -> None:
    (line,) = told([*(change(f"{kind}/a") for kind in "ABCDEF"), DONE])

    assert line.endswith("1 create D, 2 kinds more")


def test_what_is_refused_is_told_once() -> None:
    rejected = DesiredRejected("git", "0123456789", 2, 0)
    failed = WorkFailed("config", "reconcile", "2 problems")
    refused = PlanRefusedByGuard("config", "maxDeletes", "maxDeletes@1")

    assert list(told([rejected, failed])) == [
        "config: 0123456 has 2 problems: what was accepted last stays in force"
    ]
    assert list(told([refused, DONE])) == [
        "config: refused by maxDeletes, approved only by maxDeletes@1"
    ]


def test_a_failure_says_why_and_nothing_done_says_nothing() -> None:
    nothing: list[Event] = [EpochTaken("config", 2, "daemon"), DONE]

    assert list(told([WorkFailed("a/b", "look", "no way in")])) == ["a/b: look failed: no way in"]
    assert list(told(nothing)) == []
