"""What an override, or its end, does to instances at once: what starts, what stops, what stays and why."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.engine.find_object import GROUP, INSTANCE
from controller.engine.live_run import LiveAccounts
from controller.engine.power_sight import PowerSight, Sights, sight
from controller.engine.scopes import ScopeSetup, environments_of
from controller.model.accepted import AcceptedState
from controller.model.ref import ResourceRef
from controller.scheduling.decision import CORRECT_STATE, STOPPING, Action, Verdict
from controller.scheduling.decision_sources import Source
from controller.scheduling.schedule import State
from controller.targets.power_parts.judge import Judged
from controller.targets.power_parts.wishes import PARKING

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
    right: int = 0
    """Instances that are as they are to be already."""
    objects: frozenset[ResourceRef] = frozenset()
    modes: Mapping[str, str] = field(default_factory=dict)
    """Mode of power, by scope."""
    beyond: Mapping[str, int] = field(default_factory=dict)
    """Scopes in which more would be stopped than an edit or an override may without approval -> how many."""
    dark: Mapping[str, str] = field(default_factory=dict)
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
    look: Callable[[], Sights],
    accounts: LiveAccounts,
    now: datetime,
) -> Effect:
    """Return what happens to the instances of an object once the state is ``after``; accounts are only looked at if it has any."""
    if ref.kind not in ("Environment", GROUP, INSTANCE, *SHARED):
        return Effect()
    setups = {one.scope.name: one for one in accounts.scopes(after)}
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
    seen: Sequence[PowerSight],
    modes: Mapping[str, str],
    dark: Mapping[str, str],
    most_stops: int,
) -> Effect:
    starts: Counter[str] = Counter()
    stops: Counter[str] = Counter()
    stay: Counter[str] = Counter()
    right = 0
    objects: set[ResourceRef] = set()
    beyond: dict[str, int] = {}
    for one in seen:
        scope, before = one.scope.name, stops.total()
        for judged in one.instances:
            if not _concerns(ref, judged, scope):
                continue
            where = judged.group or judged.instance.instance_id
            action, reason = judged.due.action, judged.due.reason
            if action in _STARTING:
                starts[where] += 1
            elif action in STOPPING:
                stops[where] += 1
            elif reason != CORRECT_STATE:
                stay[_why_left(judged)] += 1
            elif _passed_over(judged):
                stay[PASSED_OVER] += 1
            else:
                right += 1
            objects.add(ResourceRef(INSTANCE, f"{scope}/{judged.instance.instance_id}"))
            if judged.group:
                objects.add(ResourceRef(PARKING, f"{scope}/{judged.group}"))
        if stops.total() - before > most_stops:
            beyond[scope] = stops.total() - before
        if ref.kind == GROUP and ref.key.startswith(f"{scope}/"):
            objects.add(ResourceRef(PARKING, ref.key))
    return Effect(
        tuple(sorted(modes)),
        dict(starts),
        dict(stops),
        dict(stay),
        right,
        frozenset(objects),
        modes,
        beyond,
        dark,
    )


def _concerns(ref: ResourceRef, judged: Judged, scope: str) -> bool:
    match ref.kind:
        case "Environment":
            return judged.environment == ref.key
        case "Group":
            return ref.key == f"{scope}/{judged.group}"
        case "Instance":
            return ref.key == f"{scope}/{judged.instance.instance_id}"
        case _:
            return bool(judged.environment)


def _why_left(judged: Judged) -> str:
    """Return why an instance is left as it is; of ``noschedule`` also where it is written."""
    decision = judged.due
    if decision.wanted is not State.NOSCHEDULE or decision.source is None:
        return decision.reason or ""
    role = f" {judged.role.facts.name}" if judged.role and decision.source is Source.ROLE else ""
    return f"{NOSCHEDULE_OF[decision.source]}{role} is noschedule: never touched"


def _passed_over(judged: Judged) -> bool:
    return any(
        rule.source is Source.OVERRIDE and rule.verdict is Verdict.PASSED_OVER
        for rule in judged.decision.chain
    )
