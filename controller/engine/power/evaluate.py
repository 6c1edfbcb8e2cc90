"""Live scopes as power sees them: what was found, and what was decided for every instance, at any moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.decisions.evaluator import Evaluation, Evaluator, JudgedGroup, power_rules_of
from controller.decisions.power_map import power_map
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup, Unobserved, environments_of
from controller.engine.power.accepted_now import AcceptedNow
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook, LiveScope
from controller.model.ref import ResourceRef
from controller.settings import Mode
from controller.targets.power import read_running

POWER: Final = "power"
"""Name of the target that switches instances."""


@dataclass(frozen=True, slots=True)
class ScopeEvaluation:
    """One scope: what a look found, and what is decided."""

    setup: ScopeSetup
    look: LiveLook
    instances: tuple[Evaluation, ...]
    groups: Mapping[str, JudgedGroup]

    @property
    def scope(self) -> LiveScope:
        """Where this is."""
        return self.setup.scope


@dataclass(frozen=True, slots=True)
class FleetEvaluation:
    """Scopes that could be seen, and why others could not, by name."""

    seen: tuple[ScopeEvaluation, ...]
    unreachable: Mapping[str, Unobserved]
    deploying: Mapping[str, datetime]
    """Since when deployments run, by environment in lower case."""

    def scope(self, name: str) -> ScopeEvaluation | None:
        """Return a scope by its name; None where it could not be seen."""
        return next((scope for scope in self.seen if scope.scope.name == name), None)


def evaluate_fleet(
    accounts: LiveAccounts, accepted: AcceptedState, setups: Sequence[ScopeSetup], now: datetime
) -> FleetEvaluation:
    """Look at scopes now and decide for every instance in them. Raises as reading the running deployments."""
    found = accounts.looks(accepted, setups, now)
    deploying = running_deployments(accounts.installation)
    looks = [
        (setup, look) for setup in setups if isinstance(look := found[setup.scope.name], LiveLook)
    ]
    unreachable = {name: why for name, why in found.items() if isinstance(why, Unobserved)}
    return evaluate_looks(looks, accepted, now, deploying, unreachable)


def evaluate_looks(
    looks: Iterable[tuple[ScopeSetup, LiveLook]],
    accepted: AcceptedState,
    now: datetime,
    deploying: Mapping[str, datetime],
    unreachable: Mapping[str, Unobserved] | None = None,
) -> FleetEvaluation:
    """Decide for every instance of looks at a moment, which need not be theirs. Pure."""
    power, rules = power_map(accepted), power_rules_of(accepted.options)
    seen = []
    for setup, look in looks:
        evaluator = Evaluator(look, power, now, rules, deploying)
        seen.append(ScopeEvaluation(setup, look, tuple(evaluator.instances()), evaluator.groups))
    return FleetEvaluation(tuple(seen), unreachable or {}, deploying)


def power_mode(accounts: LiveAccounts, setup: ScopeSetup) -> Mode:
    """Return how far power goes in a scope; ``off`` where the accounts are worked on without it."""
    target = next((target for target in accounts.targets if target.name == POWER), None)
    return setup.mode_of(target, accounts.installation.master.settings) if target else "off"


def running_deployments(installation: Installation) -> Mapping[str, datetime]:
    """Return since when deployments run, by environment in lower case. Raises as any read."""
    master = installation.master
    return read_running(master.client, master.settings.resource_prefix)


def scope_of_environment(
    name: str, accepted: AcceptedState, setups: Sequence[ScopeSetup]
) -> ScopeSetup | None:
    """Return the scope an environment's instances are in; None if that cannot be told."""
    region = accepted.options.default_region
    return next(
        (setup for setup in setups if name in environments_of(accepted, setup.scope, region)), None
    )


class CachedLook:
    """Looks of one moment. Not for several threads at once."""

    def __init__(self, state: AcceptedNow, now: datetime) -> None:
        """Take the accepted state; nothing is looked at yet."""
        self._state, self._now = state, now
        self._everywhere: FleetEvaluation | None = None

    def everywhere(self) -> FleetEvaluation:
        """Return all scopes. Raises as reading the running deployments."""
        if self._everywhere is None:
            accounts, accepted = self._state.accounts, self._state.accepted
            setups = accounts.scopes(accepted)
            self._everywhere = evaluate_fleet(accounts, accepted, setups, self._now)
        return self._everywhere

    def around(self, ref: ResourceRef) -> FleetEvaluation:
        """Return what is to be seen of an object: of an environment its own scope, of anything else all. Raises as ``everywhere``."""
        if ref.kind != "Environment" or self._everywhere is not None:
            return self.everywhere()
        accounts, accepted = self._state.accounts, self._state.accepted
        setup = scope_of_environment(ref.key, accepted, accounts.scopes(accepted))
        return evaluate_fleet(accounts, accepted, (setup,) if setup else (), self._now)
