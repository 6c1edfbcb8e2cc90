"""How much of each environment is on: as the last looks at accounts counted, which are on record or published."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from controller.engine.live.planner import LivePlanOptions
from controller.engine.live.published_accounts import PublishedAccounts
from controller.engine.power.fleet import POWER
from controller.engine.queries.listing import ListedEnvironment
from controller.model.accepted import AcceptedState
from controller.model.observed import ScopeStatus
from controller.model.ref import Reason


class SeenEnvironments(NamedTuple):
    """Environments with what was counted of them, and of which scopes that is not known."""

    found: tuple[ListedEnvironment, ...]
    unknown: Mapping[str, Reason]
    """Scope -> why the look that is published of it does not tell."""


def as_seen(
    listed: Iterable[ListedEnvironment], statuses: Mapping[str, ScopeStatus]
) -> tuple[ListedEnvironment, ...]:
    """Return environments with the instances that the last look at their scope counted, as far as one is on record. Pure."""
    return tuple(_as_seen(one, statuses.get(_scope(one))) for one in listed)


def as_published(
    listed: Sequence[ListedEnvironment],
    accounts: PublishedAccounts,
    accepted: AcceptedState,
    now: datetime,
) -> SeenEnvironments:
    """Return environments with the instances that the published looks at their scopes show. What cannot be read of one is why it is unknown."""
    wanted = set(map(_scope, listed))
    setups = [setup for setup in accounts.scopes(accepted) if setup.scope.name in wanted]
    planned = accounts.plan(accepted, setups, LivePlanOptions(now=now, targets=(POWER,)))
    members: dict[str, Mapping[str, tuple[int, int]]] = {}
    unknown: dict[str, Reason] = {}
    for scope in planned.scopes:
        name, parts = scope.setup.scope.name, scope.view.parts
        if parts:
            members[name] = parts[0].projected.members
        else:
            unknown[name] = next((one.reason for one in scope.plans if one.reason), _NOT_TOLD)
    found = tuple(
        _counted(one, members[_scope(one)], accounts.seen[_scope(one)])
        if _scope(one) in members
        else one
        for one in listed
    )
    return SeenEnvironments(found, unknown)


_NOT_TOLD = Reason("target power is off in these settings")


def _scope(listed: ListedEnvironment) -> str:
    return f"{listed.account}/{listed.region}"


def _as_seen(listed: ListedEnvironment, status: ScopeStatus | None) -> ListedEnvironment:
    counts = None if status is None else status.seen
    if counts is None or counts.instances_on is None:
        return listed
    if not counts.environments and counts.instances_on + (counts.instances_off or 0):
        # They belong to nobody, or a version counted them that did not say whose they are.
        return listed
    return _counted(listed, counts.environments, counts.instances_at or counts.at)


def _counted(
    listed: ListedEnvironment, members: Mapping[str, tuple[int, int]], at: datetime
) -> ListedEnvironment:
    on, whole = members.get(listed.name, (0, 0))
    return listed._replace(instances_on=on, instances=whole, seen_at=at)
