"""What is to change, why, and what is left alone whatever is desired."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import parse_canonical
from controller.model.observed import Observation, Ownership
from controller.model.plan import Cause, Change, Note, NoteCategory
from controller.model.ref import Origin
from controller.model.resource import Projection
from controller.planning.diff import departing, diff
from controller.planning.fields import EXTRA, FieldNames
from tests.unit.planning.worlds import (
    desired_of,
    found,
    item,
    options,
    ref,
    scope_of,
    wanted,
)

SEARCH = ref("Service/Search")


def search(port: int, **more: Any) -> Projection:
    return wanted("Service/Search", item("Service/Search", Value={"BluePort": port}), **more)


def search_found(port: int, **more: Any) -> Observation:
    return found("Service/Search", item("Service/Search", Value={"BluePort": port}), **more)


def only(
    desired: Projection | None, observed: Observation | None, **how: Any
) -> Change | Note | None:
    """What one desired and one found object give: a change, a note, or nothing."""
    result = diff(
        desired_of(desired) if desired else {},
        scope_of(observed) if observed else scope_of(),
        options(**how),
    )
    answers: list[Change | Note] = [*result.changes, *result.notes]
    assert len(answers) <= 1
    return answers[0] if answers else None


def change_of(desired: Projection | None, observed: Observation | None, **how: Any) -> Change:
    answer = only(desired, observed, **how)
    assert isinstance(answer, Change)
    return answer


UPGRADED = "shape 1 → 2: written another way by this version"
OLD, NEW = search(40001), search(40002)


@pytest.mark.parametrize(
    ("desired", "observed", "cause", "because"),
    [
        (NEW, search_found(40001), Cause.EDITED, ""),
        (OLD, search_found(40009, applied=OLD), Cause.DRIFTED, "changed outside envctl"),
        (
            NEW,
            search_found(40009, applied=OLD),
            Cause.EDITED,
            "also changed outside envctl since it was last applied",
        ),
        (OLD, search_found(40001, ownership=Ownership.LOST_MARK), Cause.DRIFTED, "mark lost"),
        (
            search(40002, extra={"shape": 2}),
            search_found(40001),
            Cause.UPGRADED,
            UPGRADED,
        ),
        (
            search(40002, extra={"shape": 2}),
            search_found(40009, applied=OLD),
            Cause.UPGRADED,
            f"{UPGRADED}; also changed outside envctl since it was last applied",
        ),
        (
            search(40002, extra={"shape": 2, "metadata": {"protect": True}}),
            search_found(40001),
            Cause.EDITED,
            "",
        ),
    ],
)
def test_why_an_object_of_ours_changes(
    desired: Projection, observed: Observation, cause: Cause, because: str
) -> None:
    change = change_of(desired, observed)

    assert (change.action, change.cause, change.because) == ("update", cause, because)


def test_what_is_in_order_is_not_looked_at() -> None:
    broken = search_found(40001)._replace(attributes=b"not even JSON")

    assert only(OLD, broken) is None


def test_drift_shows_what_was_found_and_what_is_wanted() -> None:
    change = change_of(NEW, search_found(40009, applied=OLD))

    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("ServiceTable.Value.BluePort", 40009, 40002)
    ]


def test_a_change_carries_what_applying_it_needs() -> None:
    desired = search(40002, needs=["Cluster/Tango"])
    observed = search_found(40001, version=7, needs=["Cluster/Old", "Cluster/Tango"])

    change = change_of(
        desired,
        observed,
        origins={SEARCH: Origin("a.yaml", 3)},
    )

    assert (change.before, change.base) == (observed.attributes, b'{"version":7}')
    assert parse_canonical(change.after or b"") == parse_canonical(desired.attributes)
    assert (change.extra, change.digest) == (desired.extra, desired.digest)
    assert change.depends_on == (ref("Cluster/Tango"), ref("Cluster/Old"))
    assert change.origin == Origin("a.yaml", 3)


@pytest.mark.parametrize(
    ("how", "cause", "because"),
    [
        ({}, Cause.EDITED, ""),
        ({"edited_as": Cause.RESTORED}, Cause.RESTORED, ""),
        ({"removed_outside": {SEARCH}}, Cause.DRIFTED, "deleted outside envctl"),
        ({"overridden": {SEARCH: OLD}}, Cause.EDITED, ""),
    ],
)
def test_why_an_object_is_created(how: dict[str, Any], cause: Cause, because: str) -> None:
    change = change_of(OLD, None, **how)

    assert (change.action, change.cause, change.because) == ("create", cause, because)
    assert (change.before, change.base) == (None, b"null")


def test_a_create_writes_the_defaults_of_shared_fields() -> None:
    hosts = [{"DnsName": "a-b", "Port": 40001}]
    desired = wanted("Upstream/c50-Search", item("Upstream/c50-Search", Hosts=hosts))

    created = parse_canonical(change_of(desired, None).after or b"")["UpstreamTable"]

    assert created["Hosts"] == [{**hosts[0], "State": "down"}]
    assert (created["MarkForDelete"], created["MarkForDeleteTimestamp"]) == (False, 0)
    assert change_of(OLD, None, origins={SEARCH: Origin("a.yaml")}).after == OLD.attributes


def test_authored_parts_that_are_no_attributes_show_as_fields() -> None:
    desired = search(40001, extra={"metadata": {"labels": {"team": "b"}}, "owned": ["x"]})
    observed = search_found(40001, extra={"metadata": {"labels": {"team": "a"}}})

    change = change_of(desired, observed)

    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("metadata.labels.team", "a", "b")
    ]


# Ownership, one rule a test.


def test_a_foreign_object_is_reported_and_not_touched() -> None:
    answer = only(None, search_found(40001, ownership=Ownership.FOREIGN))

    assert answer == Note(
        NoteCategory.FOREIGN, SEARCH, "carries the mark of another installation (other)"
    )


def test_a_foreign_object_that_is_wanted_is_blocked() -> None:
    answer = only(OLD, search_found(40001, ownership=Ownership.FOREIGN), adopt=True)

    assert isinstance(answer, Note)
    assert answer.category == "blocked"


def test_an_object_with_a_lost_mark_is_healed_even_if_nothing_else_differs() -> None:
    change = change_of(OLD, search_found(40001, ownership=Ownership.LOST_MARK))

    assert (change.action, change.fields, change.digest) == ("update", (), OLD.digest)


def test_an_object_with_a_lost_mark_is_never_pruned() -> None:
    answer = only(None, search_found(40001, ownership=Ownership.LOST_MARK))

    assert answer == Note(
        NoteCategory.UNMANAGED, SEARCH, "lost its mark and is not in the YAML: left alone"
    )


def test_a_copied_item_is_foreign_where_it_was_copied_to() -> None:
    copy = found("Service/Copy", item("Service/Copy"), ownership=Ownership.FOREIGN)

    answer = only(None, copy, installation="other")

    assert isinstance(only(None, copy), Note)
    assert answer == Note(
        NoteCategory.FOREIGN, ref("Service/Copy"), "carries our mark of another item: it is a copy"
    )


def test_an_object_with_our_mark_and_no_record_is_never_pruned() -> None:
    answer = only(None, search_found(40001), unrecorded={SEARCH})

    assert isinstance(answer, Note)
    assert answer.category == "unmanaged"


def test_an_unmanaged_object_is_reported() -> None:
    answer = only(None, search_found(40001, ownership=Ownership.UNMANAGED), adopt=True)

    assert answer == Note(NoteCategory.UNMANAGED, SEARCH, "not in the YAML, not ours")


def test_an_unmanaged_object_is_adopted_only_when_asked() -> None:
    observed = search_found(40001, ownership=Ownership.UNMANAGED)

    assert only(OLD, observed) == Note(
        NoteCategory.UNMANAGED, SEARCH, "exists without our mark: --adopt takes it over"
    )
    change = change_of(OLD, observed, adopt=True)
    assert (change.action, change.cause, change.fields) == ("update", Cause.ADOPTED, ())


@given(st.booleans(), st.sampled_from([Ownership.UNMANAGED, Ownership.FOREIGN]), st.booleans())
def test_what_is_not_ours_is_never_deleted_whatever_is_desired(
    wanted_too: bool, ownership: Ownership, adopt: bool
) -> None:
    observed = found("Upstream/x", ownership=ownership)
    desired = desired_of(wanted("Upstream/x")) if wanted_too else {}

    result = diff(desired, scope_of(observed), options(adopt=adopt))

    assert {change.action for change in result.changes} <= {"update"}
    assert not {change.cause for change in result.changes} & {Cause.PRUNED}


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_what_was_applied_last_changes_causes_never_fields(
    now: int, then: int, before: int
) -> None:
    changes = [
        only(search(now), search_found(then, applied=search(applied))) for applied in (before, then)
    ]

    fields = {change.fields if isinstance(change, Change) else None for change in changes}
    assert len(fields) == 1


# Leaving and staying.


def test_a_pruned_object_is_known_by_the_file_it_came_from() -> None:
    change = change_of(
        None,
        found("DeploymentMap/web", path="maps/web.yaml"),
        leaving_because={ref("DeploymentMap/web"): "why"},
    )

    assert (change.action, change.cause, change.after) == ("delete", Cause.PRUNED, None)
    assert (change.origin, change.because) == (Origin("maps/web.yaml", 1), "why")
    assert change_of(None, found("DeploymentMap/web", path="")).origin is None


def test_a_tombstone_shows_its_flag_and_then_nothing_more() -> None:
    change = change_of(None, search_found(40001))

    assert (change.action, change.cause) == ("update", Cause.PRUNED)
    assert [(f.path, f.after) for f in change.fields] == [("ServiceTable.Deleted", "true")]
    assert only(None, found("Service/Search", item("Service/Search", Deleted="true"))) is None


def test_what_a_tombstone_holds_is_not_read_unless_somebody_touched_it() -> None:
    dead = found("Service/a", item("Service/a", Deleted="true"), extra={"leaving": "tombstone"})
    dead = dead._replace(attributes=b"is not read")

    assert only(None, dead) is None
    with pytest.raises(ValueError, match="unexpected"):
        only(None, dead._replace(digest="another"))


def test_a_marked_upstream_waits() -> None:
    marked = item("Upstream/a", MarkForDelete=True, MarkForDeleteTimestamp=1_900_000_000_000)

    answer = only(None, found("Upstream/a", marked))

    assert isinstance(answer, Note)
    assert answer.text == "marked for delete, deleted after 2030-03-17 17:46:40 UTC"


@pytest.mark.parametrize("desired", [None, NEW])
def test_a_suspended_object_is_left_as_it_is(desired: Projection | None) -> None:
    answer = only(desired, search_found(40001), suspended={SEARCH})

    assert answer == Note(NoteCategory.SUSPENDED, SEARCH, "left as it is by an override")


def test_a_suspended_object_that_is_not_there_is_withheld() -> None:
    result = diff(desired_of(OLD), scope_of(), options(suspended={SEARCH}))

    assert result.withheld == {SEARCH}
    assert not diff(
        desired_of(NEW), scope_of(search_found(1)), options(suspended={SEARCH})
    ).withheld


NAMES = FieldNames(
    lambda _ref, path: ".".join(map(str, path[2:] if path[0] != EXTRA else path[1:]))
)


def test_a_field_that_is_left_keeps_its_found_value() -> None:
    desired = wanted("Service/Search", item("Service/Search", Value={"BluePort": 2, "Owner": "b"}))
    observed = found("Service/Search", item("Service/Search", Value={"BluePort": 1, "Owner": "a"}))

    change = change_of(desired, observed, left={SEARCH: ("BluePort",)}, names=NAMES)

    assert [f.path for f in change.fields] == ["Owner"]
    assert parse_canonical(change.after or b"")["ServiceTable"]["Value"] == {
        "BluePort": 1,
        "Owner": "b",
    }


def test_an_object_of_which_only_a_left_field_differs_does_not_change() -> None:
    assert only(NEW, search_found(40001), left={SEARCH: ("BluePort",)}, names=NAMES) is None
    inner = {SEARCH: ("Blue",)}
    assert isinstance(only(NEW, search_found(40001), left=inner, names=NAMES), Change)


def test_a_group_is_compared_without_a_kind() -> None:
    desired = wanted("Group/a", {"groups": {"Min": 1}})

    change = change_of(desired, found("Group/a", {"groups": {"Min": 2}}))

    assert [(f.path, f.before, f.after) for f in change.fields] == [("groups.Min", 2, 1)]


def test_those_that_depart_are_known_before_their_records_are_looked_up() -> None:
    observed = scope_of(
        found("Service/a"), found("Service/b"), found("Service/c", ownership=Ownership.UNMANAGED)
    )

    assert departing(desired_of(wanted("Service/b")), observed) == {ref("Service/a")}


def test_tombstones_have_left_unless_somebody_touched_them() -> None:
    dead = found("Service/a", item("Service/a", Deleted="true"), extra={"leaving": "tombstone"})
    touched = dead._replace(ref=ref("Service/b"), digest="another")

    assert departing({}, scope_of(dead, touched)) == {ref("Service/b")}


def test_comparing_what_is_in_order_is_one_pass() -> None:
    many = {ref(f"Service/s{number}"): OLD for number in range(100_000)}
    observed = replace(scope_of(), objects=dict.fromkeys(many, search_found(40001)))
    how = options()

    best = min(_timed(lambda: diff(many, observed, how)) for _ in range(3))

    assert best < 0.2


def _timed(work: Any) -> float:
    begin = time.process_time()
    result = work()
    spent = time.process_time() - begin
    assert result.changes == ()
    return spent
