"""What one revision may not do at once: lift what holds changes of an environment, and change that environment. Pure.

Read from the documents alone, so it is known before anything is looked at, and whatever account is out of reach.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, NamedTuple

from controller.decisions.barriers import Belongings, environment_barriers
from controller.model.accepted import AcceptedState
from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef
from controller.planning.scope_plan import Barrier

BY_REVISION: Final = frozenset({Cause.EDITED, Cause.PRUNED, Cause.RESTORED, Cause.ROLLED_BACK})
"""Causes of what a revision brings: no drift that is healed, no override that begins or ends."""

_LIFTING: Final[Mapping[str, tuple[str, ...]]] = {
    "Environment": ("deploymentsLocked", "metadata.protect"),
    "EnvironmentType": ("protectedActions", "freeze"),
    "Calendar": ("dates",),
}
"""Kind -> fields by which it holds changes of environments."""
HOLDING: Final = frozenset(_LIFTING)
"""Kinds that have such fields."""
_POWER: Final = ("schedule",)
"""Fields of environments that none of the barriers is against."""
_MAKING_UP: Final = frozenset(
    {"EnvironmentType", "DeploymentMap", "Cluster", "Service", "Template"}
)
"""Kinds that say what an environment is made of, beside itself."""
_LASTING: Final = frozenset({"deployLock", "freeze", "protectedActions", "protected"})
"""Guards that hold until somebody lifts them. Retiring is itself what lets groups end, and heals of what is unreadable are no edit."""

Needed = Callable[[ResourceRef], Sequence[ResourceRef]]
"""An object -> what its document names."""


class LiftedAndActed(NamedTuple):
    """A barrier that a revision lifts, and the changes by which it lifts it and does what it held."""

    guard: str
    because: str
    changes: tuple[Change, ...]


def may_lift(changes: Iterable[Change]) -> bool:
    """Tell whether any change can lift a barrier: whether looking closer is worth while."""
    return any(map(_lifts, changes))


def lifted_and_acted(
    applied: AcceptedState,
    accepted: AcceptedState,
    changes: Iterable[Change],
    needed: Needed,
    drifted: AbstractSet[ResourceRef],
    now: datetime,
) -> Iterator[LiftedAndActed]:
    """Yield each barrier that holds for what was applied last, and no more for what a revision's ``changes`` make of it.

    But only where the revision changes the environment otherwise, too. A barrier of many environments is yielded once.
    What ``drifted`` objects hold may be somebody else's, and lifting it the controller's.
    """
    brought = {change.ref: change for change in changes if change.cause in BY_REVISION}
    found: dict[tuple[str, str], dict[ResourceRef, Change]] = {}
    for ref in applied.of_kind("Environment"):
        lifting = [brought[of] for of in _holders(applied, ref) if of in brought]
        lifting = [change for change in lifting if _lifts(change) and change.ref not in drifted]
        if not lifting:
            continue
        acting = [brought[part] for part in _parts(ref, needed) if part in brought]
        acting = [change for change in acting if _acts(change)]
        gone = ref not in accepted.resources
        for barrier in _lifted(applied, accepted, ref, now) if acting or gone else ():
            if gone and barrier.guard != "deployLock":
                # What its type says is not lifted by its going; guards of deletes see to protection.
                continue
            told = found.setdefault((barrier.guard, barrier.because), {})
            told.update((change.ref, change) for change in (*lifting, *acting))
    for (guard, because), told in found.items():
        yield LiftedAndActed(guard, because, tuple(told[ref] for ref in sorted(told)))


def _holders(applied: AcceptedState, ref: ResourceRef) -> Iterator[ResourceRef]:
    """Yield what may hold changes of an environment: itself, its type, and the calendars that freeze it."""
    yield ref
    spec = applied.specs.get(ref)
    of_type = applied.type_of(ref.key)
    if spec is not None:
        yield ResourceRef("EnvironmentType", spec.environment_type)
    for calendar in (of_type and of_type.freeze) or ():
        yield ResourceRef("Calendar", calendar)


def _lifted(
    applied: AcceptedState, accepted: AcceptedState, ref: ResourceRef, now: datetime
) -> Iterator[Barrier]:
    # A freeze that ends on another day, or is another calendar's, is a freeze.
    held = {barrier.guard for barrier in _barriers(accepted, ref, now)}
    return (barrier for barrier in _barriers(applied, ref, now) if barrier.guard not in held)


def _barriers(state: AcceptedState, ref: ResourceRef, now: datetime) -> Iterator[Barrier]:
    belongings = Belongings({ref: ref.key}, ("",), ("",))
    every = environment_barriers(state, ref, frozenset({ref}), belongings, now, lambda: True)
    return (barrier for barrier in every if barrier.guard in _LASTING)


def _lifts(change: Change) -> bool:
    """Tell whether a change can lift a barrier: by one of its fields, or as what holds goes."""
    fields = _LIFTING.get(change.ref.kind, ())
    if not fields or change.cause not in BY_REVISION or change.action == "create":
        return False
    return change.action == "delete" or any(_is_of(field.path, fields) for field in change.fields)


def _acts(change: Change) -> bool:
    """Tell whether a change does anything but lift barriers and set schedules."""
    harmless = (*_LIFTING.get(change.ref.kind, ()), *_POWER)
    return change.action != "update" or any(
        not _is_of(field.path, harmless) for field in change.fields
    )


def _is_of(path: str, fields: Sequence[str]) -> bool:
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in fields)


def _parts(ref: ResourceRef, needed: Needed) -> Iterator[ResourceRef]:
    """Yield the documents an environment is made of: itself and what they name, on and on."""
    known, waiting = {ref}, [ref]
    while waiting:
        part = waiting.pop()
        yield part
        new = [named for named in needed(part) if named.kind in _MAKING_UP and named not in known]
        known.update(new)
        waiting += new
