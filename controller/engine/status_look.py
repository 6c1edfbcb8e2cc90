"""What a look at the accounts adds to status. Nothing is written, not even how the look went."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from controller.engine.live_plan import LiveAsked, LiveScopePlan
from controller.engine.live_run import LiveAccounts
from controller.engine.read_status import StatusRead
from controller.engine.status_view import LookedScope, ReplicaView, StatusView
from controller.model.canonical import parse_canonical
from controller.model.observed import ScopeState

INSTANCE: Final = "Instance"
REPLICAS: Final = "replicas"
_ON: Final = frozenset({"running", "pending"})
_WORST: Final = (
    ScopeState.REFUSED,
    ScopeState.UNKNOWN,
    ScopeState.WAITING,
    ScopeState.OK,
    ScopeState.OBSERVE,
)


def with_look(read: StatusRead, accounts: LiveAccounts) -> StatusView:
    """Look at every account now and return the status with what is there. Raises as reading the controller's own rows."""
    if read.accepted is None:
        return read.view
    setups = accounts.scopes(read.accepted)
    run = accounts.plan(read.accepted, setups, LiveAsked(now=read.view.at))
    looked = {one.setup.scope.name: _looked(one) for one in run.scopes if one.plans}
    return replace(read.view, looked=looked, replicas=_replicas(read.view, looked))


def _replicas(
    view: StatusView, looked: Mapping[str, LookedScope]
) -> tuple[ReplicaView, ...] | None:
    """Return whose copies are complete now: a look tells it of the copies alone."""
    if view.replicas is None:
        return None
    return tuple(
        ReplicaView(
            one.scope,
            view.at if one.scope in looked and looked[one.scope].copies_behind == 0 else None,
        )
        for one in view.replicas
    )


def _copies_behind(scope: LiveScopePlan) -> int | None:
    if not any(part.target.name == REPLICAS for part in scope.view.parts):
        return None
    return sum(change.target == REPLICAS for one in scope.plans for change in one.changes)


def _looked(scope: LiveScopePlan) -> LookedScope:
    present = {one.state for one in scope.plans}
    state = next(one for one in _WORST if one in present)
    reasons = [one.reason for one in scope.plans if one.reason and one.state is state]
    reasons += [violation.message for one in scope.plans for violation in one.violations]
    notes = [note for one in scope.plans for note in one.notes]
    on, off = _instances(scope)
    switching = [c for one in scope.plans for c in one.changes if c.ref.kind == INSTANCE]
    return LookedScope(
        state=state,
        reason="\n".join(dict.fromkeys(reasons)),
        changes=sum(len(one.changes) for one in scope.plans),
        blocked=sum(note.category == "blocked" for note in notes),
        instances_on=on,
        instances_off=off,
        to_switch=None if on is None else len(switching),
        images=tuple((note.ref.key, note.text) for note in notes if note.category == "image"),
        copies_behind=_copies_behind(scope),
        missing=tuple((str(note.ref), note.text) for note in notes if note.category == "missing"),
    )


def _instances(scope: LiveScopePlan) -> tuple[int | None, int | None]:
    """Count the instances that are on and off; None where no target looks at instances."""
    parts = [part for part in scope.view.parts if INSTANCE in part.target.kinds]
    if not parts:
        return None, None
    states = [
        parse_canonical(found.attributes)["state"]
        for part in parts
        for ref, found in part.observed.objects.items()
        if ref.kind == INSTANCE
    ]
    on = sum(state in _ON for state in states)
    return on, len(states) - on
