"""What one look asks for, over all groups and instances of a scope, where they are to be brought, and what has to be looked at again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from controller.decisions.tag_keys import PARKED
from controller.errors import EnvctlError
from controller.ledger.records import POWER
from controller.model.canonical import parse_canonical
from controller.model.live import FoundGroup, FoundInstance, LiveLook
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.ports import ActResult, Batch
from controller.scheduling.group_sizes import STANDING_BY
from controller.scheduling.schedule import State
from controller.targets.power_parts.patience import Patience
from controller.targets.power_parts.power_changes import INSTANCE
from controller.targets.power_parts.power_client import PowerClient
from controller.targets.power_parts.steps import (
    HELD_BACK,
    GroupSituation,
    GroupSteps,
    Parked,
    Remember,
    Suspend,
    next_steps,
    parked_of,
    situation_of,
)

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
    held: Mapping[str, str] = field(default_factory=dict)
    """Instances of ``power`` that are not to be started yet, and why."""


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
        extra = parse_canonical(change.extra)
        way = State.OFF if change.action in _OFF else State.ON
        if change.ref.kind != INSTANCE:
            way = State(str(extra["groupWanted"]))
        key = (scope, str(extra["environment"]), way)
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
    held: dict[str, str] = {}
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
        if "held" in extra:
            held[name] = str(extra["held"])
        if "group" in extra:
            groups.setdefault(str(extra["group"]), GroupGoal(wanted))
    return Goals(power, groups, frozenset(replaced), held)


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


THERE: Final = {State.ON: "running", State.OFF: "stopped"}
NOT_OFF: Final = ("pending", "running", "shutting-down", "stopping")
"""States that are looked for where all are to be stopped: what is in none of them is off, or gone."""
NOT_ON: Final = ("pending", "stopping", "stopped", "shutting-down", "terminated")
"""States that are looked for where all are to run: what is in none of them runs."""
_FROM: Final = {State.ON: "stopped", State.OFF: "running"}


@dataclass(frozen=True, slots=True)
class Round:
    """Requests to send now, and what is not yet where it is wanted. What was given up is in neither."""

    groups: Mapping[str, GroupSteps]
    start: tuple[str, ...]
    stop: tuple[str, ...]
    waits: frozenset[str]
    """Instances and groups."""
    stays: Mapping[str, str]
    """Group -> why something of it is left as it is that should not be."""
    short: Mapping[str, str]
    """Group -> what AWS has not launched yet."""


def round_of(goals: Goals, look: LiveLook, patience: Patience) -> Round:
    """Return what is to be done after a look."""
    groups: dict[str, GroupSteps] = {}
    stays: dict[str, str] = {}
    start: list[str] = []
    stop: list[str] = []
    waits: set[str] = set()
    short: dict[str, str] = {}
    members: set[str] = set()
    for name, goal in goals.groups.items():
        group = look.groups.get(name)
        if group is None:
            continue
        members.update(member.instance_id for member in group.members)
        situation = _situation(group, goal, goals, look, patience)
        steps = next_steps(situation)
        if steps.stays:
            stays[name] = steps.stays
        if patience.given_up(name):
            continue
        # Most have nothing suspended yet, or a tag of this run: those cost nothing.
        unsure = group.suspended and name not in patience.remembered
        kinds = {type(step) for step in steps.chain} if unsure else set()
        # It looks as parking leaves a group, but for the tag: that may be written, and not show yet.
        parking = Remember in kinds and Suspend not in kinds and group.tag(PARKED) is None
        waits_for_tag = parking and patience.waits_for_tag(name)
        if steps.chain and patience.may_try(name) and not waits_for_tag:
            groups[name] = steps
        start += filter(patience.may_start, steps.start)
        stop += filter(patience.may_try, steps.stop)
        if steps.chain or steps.start or steps.stop or not steps.stays:
            waits |= {member.instance_id for member in situation.members if not member.is_there}
            waits |= {name} if steps.chain or steps.short else set()
        if steps.short:
            short[name] = steps.short
    for instance_id, wanted in goals.power.items():
        instance = look.instances.get(instance_id)
        if instance_id in members or instance is None or instance.state == THERE[wanted]:
            continue
        if not patience.given_up(instance_id):
            waits.add(instance_id)
            may_send = patience.may_start if wanted is State.ON else patience.may_try
            if instance.state == _FROM[wanted] and may_send(instance_id):
                (start if wanted is State.ON else stop).append(instance_id)
    return Round(groups, tuple(start), tuple(stop), frozenset(waits), stays, short)


def _situation(
    group: FoundGroup, goal: GroupGoal, goals: Goals, look: LiveLook, patience: Patience
) -> GroupSituation:
    """Return a group as it is; members that were given up are left as they are, those that cannot be stopped come back."""
    of_members = {
        member.instance_id: goals.power[member.instance_id]
        for member in group.members
        if member.instance_id in goals.power and not patience.given_up(member.instance_id)
    }
    # What the tag says counts as first seen or last written: it may show later than sizes, and they would be remembered lowered.
    shown, remembered = parked_of(group), patience.remembered
    leaves = goal.wanted is State.OFF or State.OFF in of_members.values()
    if group.name not in remembered and isinstance(shown, Parked):
        if leaves and _is_as_woken(group, shown):
            shown = None
        else:
            remembered[group.name] = shown
    situation = situation_of(
        group,
        look.instances,
        goal.wanted,
        of_members,
        parked=remembered.get(group.name, shown),
        scales=goal.scales,
        cannot_stop=patience.cannot_stop,
    )
    woken = group.name in remembered and remembered[group.name] is None
    return replace(situation, woken=True) if woken else situation


def _is_as_woken(group: FoundGroup, shown: Parked) -> bool:
    """Tell whether a group with a tag may have been woken: it has all that the tag says, and nothing that parking makes of it.

    It may as well have been tagged a moment ago: then what it is like is what the tag says.
    """
    return (
        not (HELD_BACK & group.suspended) - shown.suspended
        and (group.minimum, group.desired) >= (shown.minimum, shown.desired)
        and not any(member.lifecycle in STANDING_BY for member in group.members)
    )


def look_again(client: PowerClient, goals: Goals, before: LiveLook, asked: Round) -> LiveLook:
    """Return the look that the next round needs, and no more: a whole look is most of the work of switching a scope.

    Where all is to be off, groups alone as long as members are on their way out of them, then the instances that are not off
    yet. Where all is to be on, the instances that do not run yet, and groups from the first step of theirs on. Else everything.
    """
    wanted = set(goals.power.values())
    if goals.replaced or len(wanted) > 1:
        return client.look()
    if State.ON in wanted:
        return _look_at_starts(client, goals, before, asked)
    members_leave = any(
        goals.power.get(member.instance_id) is State.OFF and member.lifecycle != "Standby"
        for name in goals.groups
        if name in before.groups
        for member in before.groups[name].members
    )
    if members_leave or asked.short or not goals.groups.keys().isdisjoint(asked.waits):
        instances = _with_state(before.instances, asked.stop, "stopping")
        return replace(before, groups=client.groups(), instances=instances)
    still = client.instances(NOT_OFF)
    off = [name for name in goals.power if name in before.instances and name not in still]
    instances = {**_with_state(before.instances, off, "stopped"), **still}
    return replace(before, instances=instances)


def _look_at_starts(client: PowerClient, goals: Goals, before: LiveLook, asked: Round) -> LiveLook:
    instances, groups = before.instances, before.groups
    runs = {
        name for name in goals.power if name in instances and instances[name].state == "running"
    }
    returning = any(
        member.instance_id in runs and member.lifecycle != "InService"
        for name in goals.groups
        if name in groups
        for member in groups[name].members
    )
    starting = goals.power.keys() - runs
    # Groups were looked at just before what was started now: no step of theirs is taken by an older look.
    if goals.groups and (asked.groups or asked.short or returning or not asked.start):
        groups = client.groups()
    if starting:
        not_on = client.instances(NOT_ON)
        instances = {**_with_state(instances, starting - not_on.keys(), "running"), **not_on}
    return replace(before, at=client.now(), groups=groups, instances=instances)


def _with_state(
    instances: Mapping[str, FoundInstance], names: Collection[str], state: str
) -> dict[str, FoundInstance]:
    return {
        **instances,
        **{name: replace(instances[name], state=state) for name in names if name in instances},
    }
