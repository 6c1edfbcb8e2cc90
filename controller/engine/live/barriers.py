"""What stands in the way of single changes in live accounts: locks, freezes, protected actions, protection. Pure.

Power is held by none of them: a deploy lock or a freeze does not touch schedules.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from controller.kinds.calendar import frozen_because
from controller.model.accepted import AcceptedState
from controller.model.canonical import parse_canonical
from controller.model.plan import Cause
from controller.model.ref import ResourceRef
from controller.planning.scope_plan import Barrier

BULK_PATCH: Final = "BULK_PATCH_AMI"


@dataclass(frozen=True, slots=True)
class Belongings:
    """Which environment the objects of a scope belong to, and the names of the targets (at least one) that wait for theirs.

    ``ending`` are those of them whose deletes end instances.
    """

    environments: Mapping[ResourceRef, str]
    targets: tuple[str, ...]
    ending: tuple[str, ...] = ()


def live_barriers(
    accepted: AcceptedState,
    belongings: Belongings,
    now: datetime,
    departed: Callable[[str], bool],
) -> Iterator[Barrier]:
    """Yield what holds changes of a scope. ``departed`` is asked for environments the tables do not have: did we delete them?"""
    objects: dict[str, set[ResourceRef]] = {}
    for ref, environment in belongings.environments.items():
        objects.setdefault(environment, set()).add(ref)
    for environment, refs in sorted(objects.items()):
        yield from _of_environment(
            accepted, environment, frozenset(refs), belongings, now, departed
        )


def _of_environment(
    accepted: AcceptedState,
    environment: str,
    refs: frozenset[ResourceRef],
    belongings: Belongings,
    now: datetime,
    departed: Callable[[str], bool],
) -> Iterator[Barrier]:
    ref = ResourceRef("Environment", environment)
    barrier = partial(Barrier, refs=refs, targets=belongings.targets)
    # What keeps groups of the environment from being deleted, which ends their instances.
    of_deletes = partial(barrier, targets=belongings.ending, actions=("delete",))
    if ref in accepted.unreadable:
        why = f"{ref} cannot be read back from the tables: {accepted.unreadable[ref]}"
        yield barrier(guard="unreadable", because=why, overridable=False)
        return
    resource = accepted.resources.get(ref)
    if resource is None:
        if belongings.ending and not departed(environment):
            why = f"{ref} is not in the tables, but no record says that we deleted it"
            yield of_deletes(guard="retireFirst", because=why, overridable=False)
        return
    if accepted.operational(environment, "DeploymentsLocked"):
        why = f"deployments to {ref} are locked until its deploymentsLocked says false"
        yield barrier(guard="deployLock", because=why, overridable=False)
    spec = accepted.specs[ref]
    name = f"EnvironmentType/{spec.environment_type}"
    of_type = accepted.spec("EnvironmentType", spec.environment_type)
    if of_type is not None and BULK_PATCH in (of_type.protected_actions or ()):
        why = f"{name} is protected against {BULK_PATCH}"
        causes = (Cause.IMAGE,)
        yield barrier(guard="protectedActions", because=why, causes=causes, overridable=False)
    for calendar in (of_type and of_type.freeze) or ():
        frozen = frozen_because(accepted, calendar, now.astimezone(UTC).date())
        if frozen:
            yield barrier(guard="freeze", because=f"{name} is frozen: {frozen}")
    if not belongings.ending:
        return
    if parse_canonical(resource.document).get("metadata", {}).get("protect"):
        why = f"{ref} is protected: apply it without metadata.protect first"
        yield of_deletes(guard="protected", because=why, overridable=False)
    if spec.lifecycle != "retired":
        why = f"deleting a group ends its instances, and {ref} is not retired"
        yield of_deletes(guard="retireFirst", because=why)
