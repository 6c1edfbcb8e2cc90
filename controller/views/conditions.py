"""How a scope stands as three conditions: whether it is as accepted, whether we are at it, whether it waits for a person. Pure.

Named as in Kubernetes, so that who knows them there can read them: Ready, Reconciling, Stalled, each with one reason of a fixed set.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from controller.engine.notifications.standing import TRIES
from controller.engine.queries.status.view import ScopeLine
from controller.model.observed import ScopeState
from controller.views.scope_text import what_of

ConditionType = Literal["Ready", "Reconciling", "Stalled"]
ConditionStatus = Literal["True", "False", "Unknown"]


class ConditionReason(StrEnum):
    """Why a condition is as it is; more may be added."""

    AS_ACCEPTED = "AsAccepted"
    """The last look left nothing to do."""
    ONLY_OBSERVED = "OnlyObserved"
    """The settings or the account's document say that nothing is changed there."""
    CHANGES_LEFT = "ChangesLeft"
    CHANGES_BLOCKED = "ChangesBlocked"
    """Changes that cannot be made as things are."""
    ACCOUNT_LACKS = "AccountLacks"
    """Objects wait for something that the account does not have."""
    LEFT_OPEN = "LeftOpen"
    """An earlier run announced changes and did not end; the next one settles them."""
    INSTANCES_ON_THE_WAY = "InstancesOnTheWay"
    WORKED_ON = "WorkedOn"
    """A worker owns the scope now."""
    TRIED_AGAIN = "TriedAgain"
    """The last try failed, and the next one has its moment."""
    NOT_LOOKED_AT = "NotLookedAt"
    NOT_SEEN = "NotSeen"
    WAITS_FOR_ACCOUNT = "WaitsForAccount"
    """The way into the account is not there yet."""
    GUARD_REFUSED = "GuardRefused"
    RUN_STOPPED = "RunStopped"
    """The source could not be taken, or a run did not come to its end."""
    NEWER_CONTROLLER = "NewerController"
    DAMAGED = "Damaged"
    """A row of the controller is not as it writes them."""
    NOT_NAMED = "NotNamed"
    """No account names the scope any more."""
    NOTHING_TO_DO = "NothingToDo"
    GOES_ON = "GoesOn"
    """Nobody is needed."""


class Condition(NamedTuple):
    """One condition of a scope; ``message`` is for people and may be empty."""

    type: ConditionType
    status: ConditionStatus
    reason: ConditionReason
    message: str = ""


_OF_STATE: Final[dict[ScopeState, tuple[ConditionStatus, ConditionReason]]] = {
    ScopeState.UNKNOWN: ("Unknown", ConditionReason.NOT_SEEN),
    ScopeState.WAITING: ("False", ConditionReason.WAITS_FOR_ACCOUNT),
    ScopeState.REFUSED: ("False", ConditionReason.GUARD_REFUSED),
    ScopeState.STALLED: ("False", ConditionReason.RUN_STOPPED),
}
"""States in which the last look or run did not come to its end."""


def conditions_of(scope: ScopeLine, now: datetime) -> tuple[Condition, Condition, Condition]:
    """Return Ready, Reconciling and Stalled, in this order."""
    ready = Condition("Ready", *_readiness(scope), what_of(scope))
    return ready, _reconciling(scope, now), _stalled(scope)


def leading(conditions: tuple[Condition, ...]) -> Condition:
    """Return the one that says most: that somebody is needed, that we are at it, else whether it is as accepted."""
    return next((one for one in reversed(conditions) if one.status == "True"), conditions[0])


def _readiness(scope: ScopeLine) -> tuple[ConditionStatus, ConditionReason]:
    found = scope.status
    if scope.newer or scope.damaged:
        return "Unknown", _broken(scope)
    if found is None:
        return "Unknown", ConditionReason.NOT_LOOKED_AT
    if found.state in _OF_STATE:
        return _OF_STATE[found.state]
    is_observed = found.state is ScopeState.OBSERVE
    left = (
        (not scope.known, ConditionReason.NOT_NAMED),
        (found.blocked, ConditionReason.CHANGES_BLOCKED),
        (scope.lacking, ConditionReason.ACCOUNT_LACKS),
        (found.changes and is_observed, ConditionReason.ONLY_OBSERVED),
        (found.changes, ConditionReason.CHANGES_LEFT),
        (scope.open_records, ConditionReason.LEFT_OPEN),
    )
    for stands, reason in left:
        if stands:
            return "False", reason
    return "True", ConditionReason.ONLY_OBSERVED if is_observed else ConditionReason.AS_ACCEPTED


def _reconciling(scope: ScopeLine, now: datetime) -> Condition:
    head, found = scope.head, scope.status
    if head is not None and head.owner and head.lease_until > now.timestamp() * 1000:
        return _at_it(ConditionReason.WORKED_ON, f"by {head.owner}")
    if found is None:
        return Condition("Reconciling", "Unknown", ConditionReason.NOT_LOOKED_AT)
    if found.retry_at is not None:
        at = found.retry_at.astimezone(UTC)
        return _at_it(ConditionReason.TRIED_AGAIN, f"next try {at:%Y-%m-%d %H:%M} UTC")
    if scope.open_records:
        return _at_it(ConditionReason.LEFT_OPEN, "the next run settles it")
    if found.seen is not None and found.seen.on_the_way:
        return _at_it(ConditionReason.INSTANCES_ON_THE_WAY, f"{found.seen.on_the_way}")
    if found.changes and found.state is ScopeState.OK:
        return _at_it(ConditionReason.CHANGES_LEFT, "the next look goes on")
    reason = {
        ScopeState.OBSERVE: ConditionReason.ONLY_OBSERVED,
        ScopeState.REFUSED: ConditionReason.GUARD_REFUSED,
    }.get(found.state, ConditionReason.NOTHING_TO_DO)
    return Condition("Reconciling", "False", reason)


def _stalled(scope: ScopeLine) -> Condition:
    found = scope.status
    if scope.newer or scope.damaged:
        return Condition("Stalled", "True", _broken(scope), scope.newer or scope.damaged)
    if found is not None:
        needs_somebody = found.state in (ScopeState.REFUSED, ScopeState.STALLED)
        # A while without an answer passes by itself, as alerts have it, too.
        if needs_somebody or (found.state is ScopeState.UNKNOWN and found.failures >= TRIES):
            _, reason = _OF_STATE[found.state]
            return Condition("Stalled", "True", reason, found.reason.message)
    return Condition("Stalled", "False", ConditionReason.GOES_ON)


def _broken(scope: ScopeLine) -> ConditionReason:
    return ConditionReason.NEWER_CONTROLLER if scope.newer else ConditionReason.DAMAGED


def _at_it(reason: ConditionReason, message: str) -> Condition:
    return Condition("Reconciling", "True", reason, message)
