"""What stands in the way of single changes in live accounts: locks, freezes, protected actions, protection. Pure.

Power is held by none of them: a deploy lock or a freeze does not touch schedules.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

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
) -> tuple[Barrier, ...]:
    """Return what holds changes of a scope. ``departed`` is asked for environments the tables do not have: did we delete them?"""
    objects: dict[str, set[ResourceRef]] = {}
    for ref, environment in belongings.environments.items():
        objects.setdefault(environment, set()).add(ref)
    return tuple(
        barrier
        for environment in sorted(objects)
        for barrier in _of_environment(
            accepted, environment, frozenset(objects[environment]), belongings, now, departed
        )
    )


def _of_environment(
    accepted: AcceptedState,
    environment: str,
    refs: frozenset[ResourceRef],
    belongings: Belongings,
    now: datetime,
    departed: Callable[[str], bool],
) -> Iterator[Barrier]:
    ref, targets = ResourceRef("Environment", environment), belongings.targets
    if ref in accepted.unreadable:
        why = f"{ref} cannot be read back from the tables: {accepted.unreadable[ref]}"
        yield Barrier(
            guard="unreadable", because=why, refs=refs, targets=targets, overridable=False
        )
        return
    resource = accepted.resources.get(ref)
    if resource is None:
        if belongings.ending and not departed(environment):
            why = f"{ref} is not in the tables, but no record says that we deleted it"
            yield Barrier(
                guard="retireFirst",
                because=why,
                refs=refs,
                targets=belongings.ending,
                actions=("delete",),
                overridable=False,
            )
        return
    if accepted.operational(environment, "DeploymentsLocked"):
        why = f"deployments to {ref} are locked until its deploymentsLocked says false"
        yield Barrier(
            guard="deployLock", because=why, refs=refs, targets=targets, overridable=False
        )
    spec = accepted.specs[ref]
    yield from _of_type(accepted, spec.environment_type, refs, targets, now)
    if belongings.ending:
        document = parse_canonical(resource.document)
        yield from _of_deletes(ref, spec, document, refs, belongings.ending)


def _of_deletes(
    ref: ResourceRef,
    spec: Any,
    document: Mapping[str, Any],
    refs: frozenset[ResourceRef],
    targets: tuple[str, ...],
) -> Iterator[Barrier]:
    """Yield what keeps groups of an environment from being deleted, which ends their instances."""
    if document.get("metadata", {}).get("protect"):
        yield Barrier(
            guard="protected",
            because=f"{ref} is protected: apply it without metadata.protect first",
            refs=refs,
            targets=targets,
            actions=("delete",),
            overridable=False,
        )
    if spec.lifecycle != "retired":
        yield Barrier(
            guard="retireFirst",
            because=f"deleting a group ends its instances, and {ref} is not retired",
            refs=refs,
            targets=targets,
            actions=("delete",),
        )


def _of_type(
    accepted: AcceptedState,
    name: str,
    refs: frozenset[ResourceRef],
    targets: tuple[str, ...],
    now: datetime,
) -> Iterator[Barrier]:
    spec = accepted.spec("EnvironmentType", name)
    if spec is None:
        return
    if BULK_PATCH in (spec.protected_actions or ()):
        yield Barrier(
            guard="protectedActions",
            because=f"EnvironmentType/{name} is protected against {BULK_PATCH}",
            refs=refs,
            targets=targets,
            causes=(Cause.IMAGE,),
            overridable=False,
        )
    for calendar in spec.freeze or ():
        because = frozen_because(accepted, calendar, now.astimezone(UTC).date())
        if because:
            why = f"EnvironmentType/{name} is frozen: {because}"
            yield Barrier(guard="freeze", because=why, refs=refs, targets=targets)
