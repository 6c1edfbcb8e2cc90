"""How much of each environment is on: as the last looks at accounts counted, which the statuses of their scopes hold. Pure."""

from collections.abc import Iterable, Mapping

from controller.engine.queries.listing import ListedEnvironment
from controller.model.observed import ScopeStatus


def as_seen(
    listed: Iterable[ListedEnvironment], statuses: Mapping[str, ScopeStatus]
) -> tuple[ListedEnvironment, ...]:
    """Return environments with the instances that the last look at their scope counted, as far as one is on record."""
    return tuple(_as_seen(one, statuses.get(f"{one.account}/{one.region}")) for one in listed)


def _as_seen(listed: ListedEnvironment, status: ScopeStatus | None) -> ListedEnvironment:
    counts = None if status is None else status.seen
    if counts is None or counts.instances_on is None:
        return listed
    if not counts.environments and counts.instances_on + (counts.instances_off or 0):
        # They belong to nobody, or a version counted them that did not say whose they are.
        return listed
    on, whole = counts.environments.get(listed.name, (0, 0))
    at = counts.instances_at or counts.at
    return listed._replace(instances_on=on, instances=whole, seen_at=at)
