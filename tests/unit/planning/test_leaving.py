"""How an object leaves: at once, as a tombstone, or marked first and deleted twenty minutes later."""

from typing import Any

import pytest

from controller.model.canonical import parse_canonical
from controller.planning.diff import diff
from controller.planning.leaving import is_retired, leave, left_with_retired
from tests.unit.planning.worlds import (
    ENVIRONMENT,
    NOW,
    NOW_MS,
    SERVICE,
    UPSTREAM,
    desired_of,
    found,
    item,
    options,
    ref,
    scope_of,
    wanted,
)

MARKED = {"MarkForDelete": True}


@pytest.mark.parametrize(
    ("kind", "attributes", "action", "because"),
    [
        (None, item("Group/a"), "delete", "what is no document is deleted"),
        (ENVIRONMENT, item("Environment/a"), "delete", "the guards ask whether it was retired"),
        (SERVICE, item("Service/a"), "update", "a service becomes a tombstone"),
        (SERVICE, item("Service/a", Deleted="true"), "none", "a tombstone stays"),
        (UPSTREAM, item("Upstream/a"), "update", "first the mark"),
        (UPSTREAM, item("Upstream/a", MarkForDelete=False, MarkForDeleteTimestamp=0), "update",
         "not marked yet"),
        (UPSTREAM, item("Upstream/a", **MARKED, MarkForDeleteTimestamp=NOW_MS + 1), "none", "wait"),
        (UPSTREAM, item("Upstream/a", **MARKED, MarkForDeleteTimestamp=NOW_MS), "none", "still"),
        (UPSTREAM, item("Upstream/a", **MARKED, MarkForDeleteTimestamp=NOW_MS - 1), "delete", "due"),
        (UPSTREAM, item("Upstream/a", **MARKED, MarkForDeleteTimestamp=0), "update", "no time yet"),
        (UPSTREAM, item("Upstream/a", **MARKED, MarkForDeleteTimestamp=10**18), "update",
         "no time at all"),
        (UPSTREAM, item("Upstream/a", **MARKED, MarkForDeleteTimestamp="soon"), "update", "no time"),
        (UPSTREAM, item("Upstream/a", **MARKED), "update", "the time is missing"),
    ],
)  # fmt: skip
def test_the_next_step(kind: Any, attributes: Any, action: str, because: str) -> None:
    step = leave(found("X/a", attributes), kind, NOW)

    assert step.action == action, because


def test_the_mark_does_not_depend_on_the_clock_of_the_plan() -> None:
    step = leave(found("Upstream/a", item("Upstream/a")), UPSTREAM, NOW)

    assert parse_canonical(step.after)["UpstreamTable"] == {
        "Name": "a",
        "MarkForDelete": True,
        "MarkForDeleteTimestamp": {"$nowMs": 1_200_000},
    }
    assert parse_canonical(step.extra)["leaving"] == "mark then delete"


def test_the_digest_of_a_tombstone_is_what_will_be_found() -> None:
    before = found("Service/a", item("Service/a", Value={"BluePort": 1}))

    step = leave(before, SERVICE, NOW)

    after = found("Service/a", parse_canonical(step.after), extra={"leaving": "tombstone"})
    assert after.digest == step.digest


def test_a_tombstone_comes_back_when_the_yaml_has_it_again() -> None:
    one = wanted("Service/a", item("Service/a", Value={"BluePort": 1}))
    gone = found(
        "Service/a",
        item("Service/a", Value={"BluePort": 1}, Deleted="true"),
        extra={"leaving": "tombstone"},
    )

    (back,) = diff(desired_of(one), scope_of(gone), options()).changes

    assert back.action == "update"
    assert [(f.path, f.before) for f in back.fields] == [("ServiceTable.Deleted", "true")]
    assert back.because == "comes back: it had been marked as leaving"


def test_a_marked_upstream_that_comes_back_is_unmarked() -> None:
    one = wanted("Upstream/a")
    marked = found(
        "Upstream/a",
        item("Upstream/a", **MARKED, MarkForDeleteTimestamp=NOW_MS + 1),
        extra={"leaving": "mark then delete"},
    )

    (back,) = diff(desired_of(one), scope_of(marked), options()).changes

    after = parse_canonical(back.after or b"")["UpstreamTable"]
    assert after == {"Name": "a", "MarkForDelete": False, "MarkForDeleteTimestamp": 0}


def test_a_mark_that_somebody_else_put_there_stays() -> None:
    one = wanted("Upstream/a", item("Upstream/a", Zone="128k"))
    marked = found("Upstream/a", item("Upstream/a", **MARKED, MarkForDeleteTimestamp=NOW_MS))

    (edited,) = diff(desired_of(one), scope_of(marked), options()).changes

    assert [f.path for f in edited.fields] == ["UpstreamTable.Zone"]
    assert parse_canonical(edited.after or b"")["UpstreamTable"]["MarkForDelete"] is True


def test_an_environment_that_is_marked_as_leaving_has_no_marks_to_take_off() -> None:
    service = found("Service/a", extra={"leaving": "tombstone"})

    (back,) = diff(desired_of(wanted("Service/a")), scope_of(service), options()).changes

    assert back.fields == ()


@pytest.mark.parametrize(
    ("extra", "retired"),
    [({}, False), ({"spec": {"lifecycle": "active"}}, False), ({"spec": {"lifecycle": "retired"}}, True)],
)  # fmt: skip
def test_retired(extra: Any, retired: bool) -> None:
    assert is_retired(extra) is retired


def test_what_belongs_to_a_retired_environment_leaves_although_the_yaml_has_it() -> None:
    retired = wanted("Environment/c07", extra={"spec": {"lifecycle": "retired"}})
    own = wanted(
        "Upstream/c07-a", item("Upstream/c07-a", Environment="c07"), needs=["Environment/c07"]
    )
    vhost = wanted(
        "LoadBalancerSetting/c07/www",
        item("LoadBalancerSetting/c07/www", EnvironmentName="c07"),
        needs=["Environment/c07", "Upstream/c07-a"],
    )
    user = wanted(
        "LoadBalancerSetting/c08/www",
        item("LoadBalancerSetting/c08/www", EnvironmentName="c08"),
        needs=["Environment/c07", "Environment/c08", "Upstream/c07-a"],
    )
    desired = desired_of(retired, own, vhost, user)

    leaving = left_with_retired(desired, {retired.ref})

    assert leaving == {own.ref: retired.ref, vhost.ref: retired.ref}


def test_nothing_leaves_where_nothing_is_retired() -> None:
    assert left_with_retired({ref("Service/a"): wanted("Service/a")}, frozenset()) == {}
