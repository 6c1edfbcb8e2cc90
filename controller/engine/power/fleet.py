"""The fleet as it is now: what was accepted, what was found, what is decided for every instance, at any moment, and what is meant by a name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from controller.decisions.evaluator import Evaluation, Evaluator, JudgedGroup, power_rules_of
from controller.decisions.power_map import Compiled, power_map
from controller.engine.config.compute_plan import SCHEDULE_ENVIRONMENT
from controller.engine.config.observe import ACCEPTED_REVISION, ObservedConfig, observe_config
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup, Unobserved, environments_of
from controller.errors import WrongUsage, several_named
from controller.model.accepted import AcceptedState
from controller.model.closest import did_you_mean
from controller.model.live import LiveLook
from controller.model.ref import ResourceRef, objects_called
from controller.scheduling.schedule import Schedule
from controller.scheduling.wall_clock import zone_of
from controller.settings import Mode
from controller.targets.power_parts.running_deployments import read_running

POWER: Final = "power"
"""Name of the target that switches instances."""
GROUP: Final = "Group"
INSTANCE: Final = "Instance"
_NAMED: Final = 5
"""So many objects of a kind are named where one of it is not found."""
LIVE: Final = (GROUP, INSTANCE)


@dataclass(frozen=True, slots=True)
class AcceptedNow:
    """The tables as just read, and what they mean. ``seen`` has the overrides that have ended too."""

    seen: ObservedConfig
    accepted: AcceptedState
    accounts: LiveAccounts


def accepted_now(
    installation: Installation, now: datetime, accounts: LiveAccounts | None = None
) -> AcceptedNow:
    """Read the config scope. Raises EnvctlError if it cannot be read, as nothing can be told then."""
    accounts = accounts or LiveAccounts(installation)
    seen = observe_config(installation)
    config = seen.scopes[0]
    revision = str(config.facts.get(ACCEPTED_REVISION, ""))
    accepted = accounts.accepted(config, now, seen.overrides, revision)
    return AcceptedNow(seen, accepted, accounts)


@dataclass(frozen=True, slots=True)
class ScopeEvaluation:
    """One scope: what a look found, and what is decided."""

    setup: ScopeSetup
    look: LiveLook
    instances: tuple[Evaluation, ...]
    groups: Mapping[str, JudgedGroup]


@dataclass(frozen=True, slots=True)
class FleetEvaluation:
    """Scopes that could be seen, and why others could not, by name."""

    scopes: Mapping[str, ScopeEvaluation]
    unreachable: Mapping[str, Unobserved]
    deploying: Mapping[str, datetime]
    """Since when deployments run, by environment in lower case."""

    def judged(self, ref: ResourceRef) -> Evaluation | JudgedGroup | None:
        """Return what is decided for a group or an instance; None where it is not there, and for all else."""
        scope, _, name = ref.key.rpartition("/")
        seen = self.scopes.get(scope)
        if seen is None:
            return None
        if ref.kind == GROUP:
            return seen.groups.get(name)
        found = (judged for judged in seen.instances if judged.instance.instance_id == name)
        return next(found, None)


def evaluate_looks(
    looks: Iterable[tuple[ScopeSetup, LiveLook]],
    accepted: AcceptedState,
    now: datetime,
    deploying: Mapping[str, datetime],
    unreachable: Mapping[str, Unobserved] | None = None,
) -> FleetEvaluation:
    """Decide for every instance of looks at a moment, which need not be theirs. Pure."""
    power, rules = power_map(accepted), power_rules_of(accepted.options)
    scopes = {}
    for setup, look in looks:
        evaluator = Evaluator(look, power, now, rules, deploying)
        scopes[setup.scope.name] = ScopeEvaluation(
            setup, look, evaluator.instances, evaluator.groups
        )
    return FleetEvaluation(scopes, unreachable or {}, deploying)


def power_mode(accounts: LiveAccounts, setup: ScopeSetup) -> Mode:
    """Return how far power goes in a scope; ``off`` where the accounts are worked on without it."""
    target = next((target for target in accounts.targets if target.name == POWER), None)
    modes = accounts.installation.master.settings.targets
    return modes.of(target.name, setup.mode) if target else "off"


def scope_of_environment(
    name: str, accepted: AcceptedState, setups: Sequence[ScopeSetup]
) -> ScopeSetup | None:
    """Return the scope an environment's instances are in; None if that cannot be told."""
    region = accepted.options.default_region
    return next(
        (setup for setup in setups if name in environments_of(accepted, setup.scope, region)), None
    )


@dataclass(slots=True)
class CachedLook:
    """Looks of one moment. Not for several threads at once."""

    state: AcceptedNow
    now: datetime
    _everywhere: FleetEvaluation | None = None

    def evaluate(self, ref: ResourceRef | None = None) -> FleetEvaluation:
        """Look and decide for every instance: of an environment's own scope, of all scopes for anything else and for nothing in particular."""
        if self._everywhere is not None:
            return self._everywhere
        accounts, accepted = self.state.accounts, self.state.accepted
        setups = accounts.scopes(accepted)
        of_environment = ref is not None and ref.kind == "Environment"
        if ref is not None and of_environment:
            setup = scope_of_environment(ref.key, accepted, setups)
            setups = (setup,) if setup else ()
        found = accounts.looks(setups, self.now)
        master = accounts.installation.master
        fleet = evaluate_looks(
            [
                (setup, look)
                for setup in setups
                if isinstance(look := found[setup.scope.name], LiveLook)
            ],
            accepted,
            self.now,
            read_running(master.client, master.settings.resource_prefix).since,
            {name: why for name, why in found.items() if isinstance(why, Unobserved)},
        )
        if not of_environment:
            self._everywhere = fleet
        return fleet


def find_object(
    text: str, accepted: AcceptedState, look: Callable[[], FleetEvaluation]
) -> ResourceRef:
    """Return the one object a text means; accounts are only looked at if no document is meant.

    What ``objects_called`` finds, a group's name, an instance's id, its private address or its Name tag. Raises WrongUsage if there is none, or several.
    """
    kind, slash, key = text.partition("/")
    # No document goes by a text that none of their keys ends in: most texts are of instances.
    name, refs = key.rpartition("/")[2] or text, accepted.resources.keys()
    found = objects_called(text, refs) if any(ref.key.endswith(name) for ref in refs) else set()
    if not found and slash and kind not in LIVE and not key.startswith("/"):
        raise _no_document(ResourceRef(kind, key), accepted)
    if not found:
        fleet = look()
        for scope, evaluation in fleet.scopes.items():
            wanted = key.removeprefix(f"{scope}/") if kind in LIVE else text
            if kind in LIVE and "/" in wanted:
                continue
            if kind != INSTANCE and wanted in evaluation.look.groups:
                found.add(ResourceRef(GROUP, f"{scope}/{wanted}"))
            if kind != GROUP:
                found |= {
                    ResourceRef(INSTANCE, f"{scope}/{instance.instance_id}")
                    for instance in evaluation.look.instances.values()
                    if wanted in (instance.instance_id, instance.private_ip)
                    or ("Name", wanted) in instance.tags
                }
        if not found:
            raise _nothing(text, accepted, fleet)
    if len(found) > 1:
        raise several_named(text, found)
    return found.pop()


def _no_document(ref: ResourceRef, accepted: AcceptedState) -> WrongUsage:
    if ref in accepted.unreadable:
        return WrongUsage(
            f"{ref} cannot be read back from the tables: {accepted.unreadable[ref]}",
            fix="envctl plan shows what differs",
        )
    held = sorted(one.key for one in accepted.resources if one.kind == ref.kind)
    shown = ", ".join((*held[:_NAMED], *["…"] * (len(held) > _NAMED))) or "none"
    unknown = f"they have, of kind {ref.kind}: {shown}; what was never applied is not in them"
    fix = did_you_mean(str(ref), map(str, accepted.resources), unknown, quoted=False)
    return WrongUsage(f"there is no {ref} in the tables", fix=fix)


def _nothing(text: str, accepted: AcceptedState, fleet: FleetEvaluation) -> WrongUsage:
    names = [ref.key for ref in accepted.resources]
    names += [name for scope in fleet.scopes.values() for name in scope.look.groups]
    otherwise = "name a document, a group, or an instance by id, private address or Name"
    fix = did_you_mean(text, names, otherwise, quoted=False)
    dark = "".join(
        f"\n  {name} could not be looked at: {scope.reason.message}"
        for name, scope in sorted(fleet.unreachable.items())
    )
    return WrongUsage(f"nothing is called {text!r}", fix=f"{fix}{dark}")


def protecting_type(environment: str, accepted: AcceptedState) -> str:
    """Return the name of the environment type that protects an environment's schedule; empty if none does."""
    spec = accepted.written.spec("Environment", environment)
    kind = accepted.written.spec("EnvironmentType", spec.environment_type) if spec else None
    protects = kind is not None and SCHEDULE_ENVIRONMENT in (kind.protected_actions or ())
    return str(spec.environment_type) if protects else ""


def zone_followed(schedules: Iterable[Compiled | None]) -> tzinfo:
    """Return the zone of the first schedule that has one."""
    for schedule in schedules:
        if isinstance(schedule, Schedule) and schedule.fixed is None:
            return zone_of(schedule.zone)
    return UTC
