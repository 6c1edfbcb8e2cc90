"""What an override, or its end, does to instances at once: what starts, what stops, what stays and why."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.decisions.evaluator import Evaluation, JudgedGroup
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.scopes import ScopeSetup, environments_of
from controller.engine.power.evaluate import FleetEvaluation, ScopeEvaluation, sight
from controller.engine.power.find_object import GROUP, INSTANCE
from controller.model.accepted import AcceptedState
from controller.model.reason import Reason
from controller.model.ref import ResourceRef
from controller.scheduling.decision import STOPPING, Action, Verdict
from controller.scheduling.decision_sources import Source
from controller.scheduling.schedule import State
from controller.scheduling.skip_reason import SkipCode
from controller.targets.power_parts.parked import Parked, parked_of
from controller.targets.power_parts.power_changes import PARKING

POWER: Final = "power"
SHARED: Final = ("DeploymentMap", "Schedule", "Calendar")
_STARTING: Final = frozenset({Action.SWITCH_ON, Action.PUT_IN_SERVICE})
NOSCHEDULE_OF: Final = {
    Source.OVERRIDE: "an override",
    Source.INSTANCE: "its tag Schedule",
    Source.GROUP: "the tag Schedule of its group",
    Source.ROLE: "its role",
    Source.ENVIRONMENT: "its environment",
}
PASSED_OVER: Final = "a person's tag goes before an override to off"


@dataclass(frozen=True, slots=True)
class Effect:
    """``starts`` and ``stops`` count instances by group (or id). ``objects`` are what power is to work on."""

    scopes: tuple[str, ...] = ()
    starts: Mapping[str, int] = field(default_factory=dict)
    stops: Mapping[str, int] = field(default_factory=dict)
    stay: Mapping[str, int] = field(default_factory=dict)
    """Why instances concerned are left as they are -> how many."""
    empty: tuple[str, ...] = ()
    """Groups that are to be on and have no instances: their sizes are not for power to give."""
    right: int = 0
    """Instances that are as they are to be already."""
    objects: frozenset[ResourceRef] = frozenset()
    modes: Mapping[str, str] = field(default_factory=dict)
    """Mode of power, by scope."""
    beyond: Mapping[str, int] = field(default_factory=dict)
    """Scopes in which more would be stopped than an edit or an override may without approval -> how many."""
    dark: Mapping[str, Reason] = field(default_factory=dict)
    """Scopes concerned that could not be looked at -> why."""

    @property
    def switches(self) -> int:
        """Return how many instances are switched."""
        return sum(self.starts.values()) + sum(self.stops.values())

    @property
    def enforced(self) -> bool:
        """Tell whether power works at all in a scope concerned."""
        return "enforce" in self.modes.values()


def effect_of(
    ref: ResourceRef,
    after: AcceptedState,
    look: Callable[[], FleetEvaluation],
    accounts: LiveAccounts,
    now: datetime,
) -> Effect:
    """Return what happens to the instances of an object once the state is ``after``; accounts are only looked at if it has any."""
    if ref.kind not in ("Environment", GROUP, INSTANCE, *SHARED):
        return Effect()
    setups = {scope.scope.name: scope for scope in accounts.scopes(after)}
    concerned = set(_scopes(ref, after, setups))
    if not concerned:
        return Effect()
    sights = look()
    dark = {name: one.reason for name, one in sights.dark.items() if name in concerned}
    seen = [
        sight(one.setup, one.look, after, now, sights.deploying)
        for one in sights.seen
        if one.scope.name in concerned
    ]
    settings = accounts.installation.master.settings
    target = next((one for one in accounts.targets if one.name == POWER), None)
    modes = {
        name: setups[name].mode_of(target, settings) if target is not None else "off"
        for name in concerned
    }
    return _effect(ref, seen, modes, dark, settings.guards.max_stops_by_edit)


def _scopes(
    ref: ResourceRef, accepted: AcceptedState, setups: Mapping[str, ScopeSetup]
) -> Iterator[str]:
    if ref.kind in (GROUP, INSTANCE):
        scope = ref.key.rpartition("/")[0]
        if scope in setups:
            yield scope
        return
    from_types = {
        name: frozenset(environments_of(accepted, one.scope, accepted.options.default_region))
        for name, one in setups.items()
    }
    for name, environments in from_types.items():
        if ref.kind in SHARED or ref.key in environments:
            yield name


def _effect(
    ref: ResourceRef,
    seen: Sequence[ScopeEvaluation],
    modes: Mapping[str, str],
    dark: Mapping[str, Reason],
    most_stops: int,
) -> Effect:
    counts = _Counts()
    beyond: dict[str, int] = {}
    for one in seen:
        before = counts.stops.total()
        for judged in one.instances:
            if _concerns(ref, judged, one.scope.name):
                counts.add_instance(judged, one.groups.get(judged.group), one.scope.name)
        for name, group in one.groups.items():
            if ref.key == f"{one.scope.name}/{name}" or _is_of(ref, group.environment):
                counts.add_group(group, one.scope.name)
        stops = counts.stops.total() - before
        if stops > most_stops:
            beyond[one.scope.name] = stops
    return Effect(
        scopes=tuple(sorted(modes)),
        starts=dict(counts.starts),
        stops=dict(counts.stops),
        stay=dict(counts.stay),
        empty=tuple(sorted(counts.empty)),
        right=counts.right,
        objects=frozenset(counts.objects),
        modes=modes,
        beyond=beyond,
        dark=dark,
    )


class _Counts:
    """What is switched, added up."""

    def __init__(self) -> None:
        self.starts: Counter[str] = Counter()
        self.stops: Counter[str] = Counter()
        self.stay: Counter[str] = Counter()
        self.empty: list[str] = []
        self.right = 0
        self.objects: set[ResourceRef] = set()

    def add_instance(self, judged: Evaluation, group: JudgedGroup | None, scope: str) -> None:
        """Count an instance: by its group, or its id. Where the group's size changes instead it is counted with that."""
        where = judged.group or judged.instance.instance_id
        action, reason = judged.due.action, judged.due.reason
        code = reason and reason.code
        if action in _STARTING:
            self.starts[where] += 1
        elif action in STOPPING:
            self.stops[where] += 1
        elif code is SkipCode.CORRECT_STATE and _passed_over(judged):
            self.stay[PASSED_OVER] += 1
        elif code is SkipCode.CORRECT_STATE:
            self.right += 1
        elif code is not SkipCode.ROLE_SCALES:
            self.stay[_why_left(judged, group)] += 1
        self.objects.add(ResourceRef(INSTANCE, f"{scope}/{judged.instance.instance_id}"))
        if judged.group:
            self.objects.add(ResourceRef(PARKING, f"{scope}/{judged.group}"))

    def add_group(self, judged: JudgedGroup, scope: str) -> None:
        """Count what a group ends or launches by its size, and note one that has nothing to be started."""
        group, parked = judged.group, parked_of(judged.group)
        self.objects.add(ResourceRef(PARKING, f"{scope}/{group.name}"))
        if judged.decision.wanted is State.ON:
            if isinstance(parked, Parked) and not group.members:
                self.starts[group.name] += parked.desired
            elif not group.members and not group.desired:
                self.empty.append(group.name)
        elif judged.scales and judged.decision.action in STOPPING and group.members:
            self.stops[group.name] += len(group.members)


def _concerns(ref: ResourceRef, judged: Evaluation, scope: str) -> bool:
    if ref.kind == GROUP:
        return ref.key == f"{scope}/{judged.group}"
    if ref.kind == INSTANCE:
        return ref.key == f"{scope}/{judged.instance.instance_id}"
    return _is_of(ref, judged.environment)


def _is_of(ref: ResourceRef, environment: str) -> bool:
    """Tell whether something of an environment is concerned by an environment, or by what many share."""
    if ref.kind == "Environment":
        return environment == ref.key
    return ref.kind in SHARED and bool(environment)


def _why_left(judged: Evaluation, group: JudgedGroup | None) -> str:
    """Return why an instance is left as it is; of ``noschedule`` also where it is written."""
    decision = judged.due
    if decision.wanted is not State.NOSCHEDULE or decision.source is None:
        return str(decision.reason or "")
    source = decision.source
    if source is Source.GROUP and group is not None and group.tag_is_ours:
        source = Source.ROLE
    role = f" {judged.role.facts.name}" if judged.role and source is Source.ROLE else ""
    return f"{NOSCHEDULE_OF[source]}{role} is noschedule: never touched"


def _passed_over(judged: Evaluation) -> bool:
    return any(
        rule.source is Source.OVERRIDE and rule.verdict is Verdict.PASSED_OVER
        for rule in judged.decision.chain
    )
