"""What stands in the way of single changes in live accounts: locks, freezes, protected actions, protection. Pure.

Power is held by none of them: a deploy lock or a freeze does not touch schedules.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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

    ``ending`` are those of them whose deletes end instances; ``emptied`` objects whose updates end all they have.
    """

    environments: Mapping[ResourceRef, str]
    targets: tuple[str, ...]
    ending: tuple[str, ...] = ()
    emptied: frozenset[ResourceRef] = frozenset()


def live_barriers(
    accepted: AcceptedState,
    belongings: Belongings,
    now: datetime,
    departed: Callable[[str], bool],
) -> Iterator[Barrier]:
    """Yield what holds changes of a scope, be it for what is accepted or for what was applied last.

    So lifting a barrier and doing what it held take two runs. ``departed`` is asked for environments that are not accepted:
    did we delete them?
    """
    objects: dict[str, set[ResourceRef]] = {}
    for ref, environment in belongings.environments.items():
        objects.setdefault(environment, set()).add(ref)
    for name, mine in sorted(objects.items()):
        ref, refs = ResourceRef("Environment", name), frozenset(mine)
        held = tuple(
            environment_barriers(accepted, ref, refs, belongings, now, partial(departed, name))
        )
        yield from held
        if accepted.before is not None:
            # What is only accepted now was not ours to delete from until now.
            absent_in_both = partial(operator.not_, ref in accepted.resources)
            for barrier in environment_barriers(
                accepted.before, ref, refs, belongings, now, absent_in_both
            ):
                if barrier not in held:
                    yield replace(barrier, lifted=True)


def environment_barriers(
    state: AcceptedState,
    ref: ResourceRef,
    refs: frozenset[ResourceRef],
    belongings: Belongings,
    now: datetime,
    departed: Callable[[], bool],
) -> Iterator[Barrier]:
    """Yield what holds changes of an environment's objects, ``refs``, for what one state says."""
    barrier = partial(Barrier, refs=refs, targets=belongings.targets)
    unreadable = partial(barrier, guard="unreadable", overridable=False)
    if ref in state.unreadable:
        yield unreadable(because=_unreadable(state, ref))
        return
    resource = state.resources.get(ref)
    if resource is None:
        if belongings.ending and not departed():
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
    if state.operational(ref.key, "DeploymentsLocked"):
        why = f"deployments to {ref} are locked until its deploymentsLocked says false"
        yield barrier(guard="deployLock", because=why, overridable=False)
    spec = state.specs[ref]
    kind = ResourceRef("EnvironmentType", spec.environment_type)
    if kind in state.unreadable:
        # What it would have held back cannot be known.
        yield unreadable(because=_unreadable(state, kind))
    of_type = state.type_of(ref.key)
    if of_type is not None and BULK_PATCH in (of_type.protected_actions or ()):
        why = f"{kind} is protected against {BULK_PATCH}"
        causes = (Cause.IMAGE,)
        yield barrier(guard="protectedActions", because=why, causes=causes, overridable=False)
    for calendar in (of_type and of_type.freeze) or ():
        frozen = frozen_because(state, calendar, now.astimezone(UTC).date())
        if frozen:
            yield barrier(guard="freeze", because=f"{kind} is frozen: {frozen}")
    if belongings.ending:
        protected = parse_canonical(resource.document).get("metadata", {}).get("protect")
        retired = spec.lifecycle == "retired"
        yield from _of_ends(ref, refs, belongings, protected=bool(protected), retired=retired)


def _of_ends(
    ref: ResourceRef,
    refs: frozenset[ResourceRef],
    belongings: Belongings,
    *,
    protected: bool,
    retired: bool,
) -> Iterator[Barrier]:
    """Yield what keeps an environment's groups from being deleted, or emptied for good: both end their instances."""
    barrier = partial(Barrier, targets=belongings.ending)
    if protected:
        why = f"{ref} is protected: apply it without metadata.protect first"
        of_protected = partial(barrier, guard="protected", because=why, overridable=False)
        yield of_protected(refs=refs, actions=("delete",))
        emptied = refs & belongings.emptied
        if emptied:
            yield of_protected(refs=emptied, actions=("update",))
    if not retired:
        why = f"deleting a group ends its instances, and {ref} is not retired"
        yield barrier(guard="retireFirst", because=why, refs=refs, actions=("delete",))


def _unreadable(state: AcceptedState, ref: ResourceRef) -> str:
    return f"{ref} cannot be read back from the tables: {state.unreadable[ref]}"
