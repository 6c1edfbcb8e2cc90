"""What an override, or its end, does to instances at once: what starts, what stops, what stays and why."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.decisions.evaluator import Evaluation, JudgedGroup
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup, environments_of
from controller.engine.power.fleet import (
    GROUP,
    INSTANCE,
    FleetEvaluation,
    ScopeEvaluation,
    evaluate_looks,
    power_mode,
)
from controller.model.accepted import AcceptedState
from controller.model.ref import Reason, ResourceRef
from controller.scheduling.decision import STOPPING, Action, SkipCode, Verdict
from controller.scheduling.facts import Source
from controller.scheduling.schedule import State
from controller.targets.power_parts.power_changes import PARKING
from controller.targets.power_parts.steps import Parked, parked_of

SHARED: Final = ("DeploymentMap", "Schedule", "Calendar")
_STARTING: Final = frozenset({Action.SWITCH_ON, Action.PUT_IN_SERVICE})
NOSCHEDULE_OF: Final = {
    Source.OVERRIDE: "an override",
    Source.INSTANCE: "its tag {}",
    Source.GROUP: "the tag {} of its group",
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
    fleet = look()
    dark = {name: scope.reason for name, scope in fleet.unreachable.items() if name in concerned}
    looks = [(scope.setup, scope.look) for name, scope in fleet.scopes.items() if name in concerned]
    seen = evaluate_looks(looks, after, now, fleet.deploying).scopes
    modes = {name: power_mode(accounts, setups[name]) for name in concerned}
    most_stops = accounts.installation.master.settings.guards.max_stops_by_edit
    return _effect(ref, seen, modes, dark, most_stops)


def _scopes(
    ref: ResourceRef, accepted: AcceptedState, setups: Mapping[str, ScopeSetup]
) -> Iterator[str]:
    if ref.kind in (GROUP, INSTANCE):
        scope = ref.key.rpartition("/")[0]
        if scope in setups:
            yield scope
        return
    from_types = {
        name: frozenset(environments_of(accepted, setup.scope, accepted.options.default_region))
        for name, setup in setups.items()
    }
    for name, environments in from_types.items():
        if ref.kind in SHARED or ref.key in environments:
            yield name


def _effect(
    ref: ResourceRef,
    seen: Mapping[str, ScopeEvaluation],
    modes: Mapping[str, str],
    dark: Mapping[str, Reason],
    most_stops: int,
) -> Effect:
    counts = _Counts()
    beyond: dict[str, int] = {}
    for scope_name, scope in seen.items():
        before = counts.stops.total()
        for judged in scope.instances:
            if _concerns(ref, judged, scope_name):
                counts.add_instance(judged, scope_name)
        for name, group in scope.groups.items():
            if ref.key == f"{scope_name}/{name}" or _is_of(ref, group.environment):
                counts.add_group(group, scope_name)
        stops = counts.stops.total() - before
        if stops > most_stops:
            beyond[scope_name] = stops
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

    def add_instance(self, judged: Evaluation, scope: str) -> None:
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
            self.stay[_why_left(judged)] += 1
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


def _why_left(judged: Evaluation) -> str:
    """Return why an instance is left as it is; of ``noschedule`` also where it is written."""
    decision = judged.due
    if decision.wanted is not State.NOSCHEDULE or decision.source is None:
        return str(decision.reason or "")
    source, rule = decision.source, decision.deciding
    if source is Source.GROUP and rule is not None and not rule.is_persons_tag:
        source = Source.ROLE
    role = f" {judged.role.facts.name}" if judged.role and source is Source.ROLE else ""
    whose = NOSCHEDULE_OF[source].format(rule.tag if rule else "")
    return f"{whose}{role} is noschedule: never touched"


def _passed_over(judged: Evaluation) -> bool:
    return any(
        rule.source is Source.OVERRIDE and rule.verdict is Verdict.PASSED_OVER
        for rule in judged.decision.chain
    )
