"""What an override, or its end, does to instances at once: what starts, what stops, what stays and why."""

from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from controller.decisions.evaluator import Evaluation, JudgedGroup
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import environments_of
from controller.engine.power.fleet import (
    GROUP,
    INSTANCE,
    LIVE,
    FleetEvaluation,
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


@dataclass(slots=True)
class Effect:
    """``starts`` and ``stops`` count instances by group (or id). ``objects`` are what power is to work on."""

    modes: Mapping[str, str] = field(default_factory=dict)
    """Mode of power, by scope concerned."""
    dark: Mapping[str, Reason] = field(default_factory=dict)
    """Scopes concerned that could not be looked at -> why."""
    starts: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    stay: Counter[str] = field(default_factory=Counter)
    """Why instances concerned are left as they are -> how many."""
    empty: tuple[str, ...] = ()
    """Groups that are to be on and have no instances: their sizes are not for power to give."""
    right: int = 0
    """Instances that are as they are to be already."""
    objects: set[ResourceRef] = field(default_factory=set)
    beyond: dict[str, int] = field(default_factory=dict)
    """Scopes in which more would be stopped than an edit or an override may without approval -> how many."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the scopes concerned, by name."""
        return tuple(sorted(self.modes))

    @property
    def switches(self) -> int:
        """Return how many instances are switched."""
        return sum(self.starts.values()) + sum(self.stops.values())

    @property
    def enforced(self) -> bool:
        """Tell whether power works at all in a scope concerned."""
        return "enforce" in self.modes.values()

    def add_instance(self, judged: Evaluation, scope: str) -> None:
        """Count an instance: by its group, or its id. Where the group's size changes instead it is counted with that."""
        where = judged.group or judged.instance.instance_id
        action, reason = judged.due.action, judged.due.reason
        code = reason and reason.code
        if action in _STARTING:
            self.starts[where] += 1
        elif action in STOPPING:
            self.stops[where] += 1
        elif code is SkipCode.CORRECT_STATE:
            if any(
                rule.source is Source.OVERRIDE and rule.verdict is Verdict.PASSED_OVER
                for rule in judged.decision.chain
            ):
                self.stay[PASSED_OVER] += 1
            else:
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
                self.empty += (group.name,)
        elif judged.scales and judged.decision.action in STOPPING and group.members:
            self.stops[group.name] += len(group.members)


def effect_of(
    refs: AbstractSet[ResourceRef],
    after: AcceptedState,
    look: Callable[[], FleetEvaluation],
    accounts: LiveAccounts,
    now: datetime,
) -> Effect:
    """Return what happens to the instances of objects once the state is ``after``; accounts are only looked at if they have any."""
    setups = {scope.scope.name: scope for scope in accounts.scopes(after)}
    region, concerned = after.options.default_region, set[str]()
    kinds = {ref.kind for ref in refs}
    shared = not kinds.isdisjoint(SHARED)
    concerns = partial(_concerns, refs, shared)
    concerned |= {ref.key.rpartition("/")[0] for ref in refs if ref.kind in LIVE} & setups.keys()
    if shared:
        concerned = set(setups)
    elif "Environment" in kinds:
        names = {ref.key for ref in refs if ref.kind == "Environment"}
        concerned |= {
            name
            for name, setup in setups.items()
            if not names.isdisjoint(environments_of(after, setup.scope, region))
        }
    if not concerned:
        return Effect()
    fleet = look()
    effect = Effect(
        {name: power_mode(accounts, setups[name]) for name in concerned},
        {name: scope.reason for name, scope in fleet.unreachable.items() if name in concerned},
    )
    most_stops = accounts.installation.master.settings.guards.max_stops_by_edit
    looks = [(scope.setup, scope.look) for name, scope in fleet.scopes.items() if name in concerned]
    for scope_name, scope in evaluate_looks(looks, after, now, fleet.deploying).scopes.items():
        before = effect.stops.total()
        for judged in scope.instances:
            group = ResourceRef(GROUP, f"{scope_name}/{judged.group}")
            instance = ResourceRef(INSTANCE, f"{scope_name}/{judged.instance.instance_id}")
            if concerns(judged.environment, group, instance):
                effect.add_instance(judged, scope_name)
        for name, judged_group in scope.groups.items():
            group = ResourceRef(GROUP, f"{scope_name}/{name}")
            if concerns(judged_group.environment, group):
                effect.add_group(judged_group, scope_name)
        stops = effect.stops.total() - before
        if stops > most_stops:
            effect.beyond[scope_name] = stops
    effect.empty = tuple(sorted(effect.empty))
    return effect


def _concerns(
    refs: AbstractSet[ResourceRef], shared: bool, environment: str, *own: ResourceRef
) -> bool:
    """Tell whether something of an environment, with names of its own, is concerned by objects; all is by what many share."""
    if shared and environment:
        return True
    return not refs.isdisjoint((ResourceRef("Environment", environment), *own))


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
