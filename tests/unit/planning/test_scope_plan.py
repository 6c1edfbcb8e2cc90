"""One scope from desired and observed to a plan."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from controller.model.observed import Observation, Ownership, ScopeState
from controller.model.plan import Cause, Change, ScopePlan, Violation
from controller.model.ref import Reason
from controller.model.resource import Projection
from controller.planning.scope_plan import (
    Barrier,
    ScopeOptions,
    finish,
    plan,
    plan_scope,
    to_be_made,
)
from controller.planning.wording import as_applied
from tests.unit.planning.worlds import (
    by_hand,
    change,
    desired_of,
    found,
    item,
    options,
    ref,
    scope_of,
    wanted,
)


def planned(
    desired: Sequence[Projection], objects: Sequence[Observation], **more: Any
) -> ScopePlan:
    return plan_scope(
        desired_of(*desired), scope_of(*objects), ScopeOptions(diff=options(), **more)
    )


@pytest.mark.parametrize("state", [ScopeState.UNKNOWN, ScopeState.WAITING, ScopeState.STALLED])
def test_where_a_scope_is_not_known_nothing_is_planned_and_the_reason_kept(
    state: ScopeState,
) -> None:
    observed = scope_of(state=state, reason="AssumeRole denied")

    result = plan_scope(desired_of(wanted("Service/a")), observed, ScopeOptions(diff=options()))

    assert result == ScopePlan("config", state, reason=Reason("AssumeRole denied"))


def test_a_scope_that_is_only_observed_is_planned() -> None:
    observed = replace(scope_of(), state=ScopeState.OBSERVE)

    result = plan_scope(desired_of(wanted("Service/a")), observed, ScopeOptions(diff=options()))

    assert (result.state, len(result.changes)) == (ScopeState.OBSERVE, 1)


def test_an_unapproved_violation_refuses_the_scope_and_its_token_opens_it() -> None:
    objects = [found(f"Service/{n}") for n in range(9)]
    kept = [wanted("Service/0")]

    refused = planned(kept, objects)
    (violation,) = refused.violations
    approved = planned(kept, objects, approvals=by_hand(violation.token))

    assert refused.state is ScopeState.REFUSED
    assert approved.state is ScopeState.OK
    digests = {plan([one], revision="r", label="l").digest for one in (refused, approved)}
    assert len(digests) == 1


def test_nothing_desired_is_a_mistake_but_of_targets_that_may_want_nothing() -> None:
    objects = [found("Service/a")]

    assert [v.guard for v in planned([], objects).violations] == ["emptySource"]
    of_targets = finish(scope_of(*objects), (), ScopeOptions(diff=options()))
    assert of_targets.violations == ()


def test_what_belongs_to_a_retired_environment_leaves_once_it_was_applied_as_retired() -> None:
    lifecycle = {"spec": {"lifecycle": "retired"}}
    retired = wanted("Environment/c07", extra=lifecycle)
    attributes = item("Upstream/c07-a", Environment="c07")
    own = wanted("Upstream/c07-a", attributes, needs=["Environment/c07"])
    upstream = found("Upstream/c07-a", attributes)

    first = planned([retired, own], [found("Environment/c07"), upstream])
    then = planned([retired, own], [found("Environment/c07", extra=lifecycle), upstream])

    assert [(str(c.ref), c.cause, c.because) for c in first.changes] == [
        ("Environment/c07", Cause.EDITED, "")
    ]
    assert [(note.category, str(note.ref), note.text) for note in first.notes] == [
        (
            "leaving",
            "Upstream/c07-a",
            "leaves in the run after the one that retires Environment/c07",
        )
    ]
    assert [(str(c.ref), c.cause, c.because) for c in then.changes] == [
        (
            "Upstream/c07-a",
            Cause.PRUNED,
            "Environment/c07 is retired; marked now, deleted twenty minutes later",
        ),
    ]


def test_what_a_retired_environment_would_have_is_not_made() -> None:
    retired = wanted("Environment/c07", extra={"spec": {"lifecycle": "retired"}})
    attributes = item("Upstream/c07-a", Environment="c07")
    own = wanted("Upstream/c07-a", attributes, needs=["Environment/c07"])
    assert [str(c.ref) for c in planned([retired, own], []).changes] == ["Environment/c07"]


def test_what_is_protected_from_now_on_does_not_leave_with_its_environment() -> None:
    lifecycle = {"spec": {"lifecycle": "retired"}}
    attributes = item("Upstream/c07-a", Environment="c07")
    own = wanted(
        "Upstream/c07-a",
        attributes,
        needs=["Environment/c07"],
        extra={"metadata": {"protect": True}},
    )
    made = planned(
        [wanted("Environment/c07", extra=lifecycle), own],
        [found("Environment/c07", extra=lifecycle), found("Upstream/c07-a", attributes)],
    )
    assert [(v.guard, v.overridable) for v in made.violations] == [("protected", False)]


def test_shares_are_of_what_is_ours_and_staying() -> None:
    objects = [
        found("Service/a"),
        found("Service/b", ownership=Ownership.LOST_MARK),
        found("Service/c", ownership=Ownership.UNMANAGED),
        found("Service/d", ownership=Ownership.FOREIGN),
        found("Service/e", item("Service/e", Deleted="true"), extra={"leaving": "tombstone"}),
    ]

    assert planned([wanted("Service/a")], objects).observed_count == {"Service": 2}


def test_what_a_barrier_holds_is_noted_and_the_rest_goes_on() -> None:
    lock = Barrier(guard="deployLock", because="locked", refs={ref("Service/a")}, overridable=False)

    result = planned([wanted("Service/a"), wanted("Service/b")], [], barriers=(lock,))

    assert [str(one.ref) for one in result.changes] == ["Service/b"]
    assert [(note.category, note.text) for note in result.notes] == [("blocked", "locked")]


def test_what_only_a_barrier_that_is_lifted_holds_is_left_to_the_next_run() -> None:
    both = {ref("Service/a"), ref("Service/b")}
    now = Barrier(guard="deployLock", because="locked", refs={ref("Service/a")}, overridable=False)
    lifted = Barrier(
        guard="deployLock", because="was locked", refs=both, overridable=False, lifted=True
    )

    result = planned([wanted("Service/a"), wanted("Service/b")], [], barriers=(now, lifted))

    assert [note.text for note in result.notes] == ["locked", as_applied("was locked")]
    assert result.left_to_next_run == 1


def test_an_approved_barrier_is_shown_as_approved() -> None:
    freeze = Barrier(guard="freeze", because="frozen")
    (note,) = planned([wanted("Service/a")], [], barriers=(freeze,)).notes
    token = note.text.rpartition(" ")[2]

    result = planned([wanted("Service/a")], [], barriers=(freeze,), approvals=by_hand(token))

    assert [(v.message, v.overridden) for v in result.violations] == [("frozen", True)]
    assert (len(result.changes), result.state) == (1, ScopeState.OK)


def test_the_config_scope_comes_first_and_accounts_by_name() -> None:
    scopes = [ScopePlan(name, ScopeState.OK) for name in ("2/eu", "config", "1/us", "1/eu")]

    result = plan(scopes, revision="r1", label="main@r1")

    assert [scope.scope for scope in result.scopes] == ["config", "1/eu", "1/us", "2/eu"]
    assert (result.revision, result.label, result.refused) == ("r1", "main@r1", ())


def test_the_same_inputs_give_the_same_plan_in_any_order() -> None:
    desired = [wanted("Service/a"), wanted("Cluster/b"), wanted("DeploymentMap/m")]
    objects = [found("Service/x"), found("DeploymentMap/y"), found("Cluster/z")]

    first, second = planned(desired, objects), planned(desired[::-1], objects[::-1])

    assert first == second


LIVE = "staging-eu/eu-west-1"


def caused(text: str, cause: Cause, *needs: str) -> Change:
    return replace(change(text, needs=needs), cause=cause)


REFUSED = ScopePlan(
    LIVE,
    ScopeState.REFUSED,
    (
        caused("Group/edited", Cause.EDITED),
        caused("Group/healed", Cause.DRIFTED),
        caused("Group/counted", Cause.DRIFTED),
        caused("Group/image", Cause.IMAGE),
        caused("ScalingSchedules/edited", Cause.DRIFTED, "Group/edited"),
        caused("Alarm/edited", Cause.DRIFTED, "ScalingSchedules/edited"),
        caused("ScalingSchedules/healed", Cause.DRIFTED, "Group/healed"),
        caused("Instance/i-1", Cause.SCHEDULED),
    ),
    (
        Violation("maxInstancesEnded", LIVE, "m", "d", (ref("Group/counted"),)),
        Violation("maxDeletes", LIVE, "m", "d", (ref("Group/healed"),), overridden=True),
    ),
)


def made(scope: ScopePlan) -> list[str]:
    return [str(change.ref) for change in to_be_made(scope)]


def test_where_a_guard_refuses_what_nobody_asks_for_goes_on() -> None:
    assert made(REFUSED) == ["Group/healed", "ScalingSchedules/healed", "Instance/i-1"]


@pytest.mark.parametrize(
    ("scope", "expected", "because"),
    [
        (replace(REFUSED, state=ScopeState.OK), len(REFUSED.changes), "nothing refuses it"),
        (replace(REFUSED, state=ScopeState.OBSERVE), 0, "it is only observed"),
        (replace(REFUSED, state=ScopeState.UNKNOWN), 0, "it is not known"),
        (replace(REFUSED, scope="config"), 0, "the tables become a revision as a whole"),
    ],
)
def test_in_other_states_all_or_nothing_is_made(
    scope: ScopePlan, expected: int, because: str
) -> None:
    assert len(made(scope)) == expected, because
