"""Changes as records, as goals of a drive, and what came of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from controller.errors import EnvctlError, RefusedByAws
from controller.ledger.summary import POWER
from controller.model.canonical import parse_canonical
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.ports import ActResult, Batch
from controller.scheduling.schedule import State
from controller.targets.power_parts.goals import Goals, GroupGoal, Outcome, Outcomes
from controller.targets.power_parts.power_changes import INSTANCE

_OFF: Final = frozenset({"stop", "enterStandby"})
_STATES: Final = {"running": State.ON, "stopped": State.OFF}
_FIRST: Final = {"stop": 0, "start": 0, "enterStandby": 1, "exitStandby": 1}


def batches_of(changes: Sequence[Change]) -> tuple[Batch, ...]:
    """Join changes of one environment that switch the same way; the record says what most of them are."""
    joined: dict[tuple[str, str, State], list[Change]] = {}
    for change in changes:
        scope = change.ref.key.rpartition("/")[0]
        key = (scope, str(_extra(change)["environment"]), _way(change))
        joined.setdefault(key, []).append(change)
    return tuple(
        Batch(
            ResourceRef(POWER, f"{scope}/{environment}"),
            tuple(sorted(together, key=lambda one: (_FIRST.get(one.action, 2), one.ref))),
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
        extra, after = _extra(change), parse_canonical(change.after or b"{}")
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
    changes: Sequence[Change], outcomes: Outcomes
) -> Mapping[ResourceRef, ActResult | EnvctlError]:
    """Return what came of each change."""
    results: dict[ResourceRef, ActResult | EnvctlError] = {}
    for change in changes:
        name = change.ref.key.rpartition("/")[2]
        of_kind = outcomes.instances if change.ref.kind == INSTANCE else outcomes.groups
        results[change.ref] = _result(change, of_kind.get(name))
    return results


def _result(change: Change, outcome: Outcome | None) -> ActResult | EnvctlError:
    if outcome is None:
        return RefusedByAws(f"{change.ref}: it is no more there")
    return outcome.error or ActResult(message=outcome.message)


def _way(change: Change) -> State:
    if change.ref.kind == INSTANCE:
        return State.OFF if change.action in _OFF else State.ON
    return State(str(_extra(change)["groupWanted"]))


def _extra(change: Change) -> dict[str, object]:
    found: dict[str, object] = parse_canonical(change.extra)
    return found
