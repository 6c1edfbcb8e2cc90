"""Where instances and groups are to be brought: changes as records and as goals of a drive, and what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.errors import EnvctlError
from controller.ledger.records import POWER
from controller.model.canonical import parse_canonical
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.ports import ActResult, Batch
from controller.scheduling.schedule import State
from controller.targets.power_parts.power_changes import INSTANCE

_OFF: Final = frozenset({"stop", "enterStandby"})
_STATES: Final = {"running": State.ON, "stopped": State.OFF}
_FIRST: Final = {"stop": 0, "start": 0, "enterStandby": 1, "exitStandby": 1}


class GroupGoal(NamedTuple):
    """What is wanted of a group as such."""

    wanted: State
    scales: bool = False
    """Off means no instances."""


@dataclass(frozen=True, slots=True)
class Goals:
    """Instances by id and groups by name; what is not named is left as it is."""

    power: Mapping[str, State] = field(default_factory=dict)
    """ON or OFF."""
    groups: Mapping[str, GroupGoal] = field(default_factory=dict)
    """Also of groups whose members alone are to be switched."""
    replaced: frozenset[str] = frozenset()
    """Members to be ended for another, once."""


class Outcome(NamedTuple):
    """What came of one instance or group. ``error`` None: it is where it was wanted, or on its way there."""

    error: EnvctlError | None = None
    message: str = ""
    goes_on: bool = False
    """Whether more is to be done once AWS is further."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of everything, by instance id and by name of the group."""

    instances: Mapping[str, Outcome]
    groups: Mapping[str, Outcome]


def batches_of(changes: Sequence[Change]) -> tuple[Batch, ...]:
    """Join changes of one environment that switch the same way; the record says what most of them are."""
    joined: dict[tuple[str, str, State], list[Change]] = {}
    for change in changes:
        scope = change.ref.key.rpartition("/")[0]
        key = (scope, str(parse_canonical(change.extra)["environment"]), _way(change))
        joined.setdefault(key, []).append(change)
    return tuple(
        Batch(
            ResourceRef(POWER, f"{scope}/{environment}"),
            tuple(sorted(together, key=lambda change: (_FIRST.get(change.action, 2), change.ref))),
        )
        for (scope, environment, _), together in joined.items()
    )


def goals_of(changes: Sequence[Change]) -> Goals:
    """Return where changes want instances and groups."""
    power: dict[str, State] = {}
    groups: dict[str, GroupGoal] = {}
    replaced: set[str] = set()
    for change in changes:
        name = change.ref.key.rpartition("/")[2]
        extra, after = parse_canonical(change.extra), parse_canonical(change.after or b"{}")
        wanted = State(str(extra.get("groupWanted", State.NONE)))
        if change.ref.kind != INSTANCE:
            groups[name] = GroupGoal(wanted, bool(extra.get("scales")))
            continue
        state = _STATES.get(after["state"])
        if state is None:
            replaced.add(name)
            continue
        power[name] = state
        if "group" in extra:
            groups.setdefault(str(extra["group"]), GroupGoal(wanted))
    return Goals(power, groups, frozenset(replaced))


def results_of(
    changes: Sequence[Change], outcomes: Outcomes, look_again_s: float
) -> Mapping[ResourceRef, ActResult | EnvctlError]:
    """Return what came of each change; what goes on is to be looked at again after so long."""
    results: dict[ResourceRef, ActResult | EnvctlError] = {}
    for change in changes:
        name = change.ref.key.rpartition("/")[2]
        of_kind = outcomes.instances if change.ref.kind == INSTANCE else outcomes.groups
        outcome = of_kind[name]
        results[change.ref] = outcome.error or ActResult(
            message=outcome.message, look_again_s=look_again_s if outcome.goes_on else None
        )
    return results


def _way(change: Change) -> State:
    if change.ref.kind == INSTANCE:
        return State.OFF if change.action in _OFF else State.ON
    return State(str(parse_canonical(change.extra)["groupWanted"]))
