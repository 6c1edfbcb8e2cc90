"""Live scopes as power sees them: what was found, and what was decided for every instance, at any moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.decisions.evaluator import Evaluation, Evaluator, JudgedGroup, power_rules_of
from controller.decisions.power_map import power_map
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import Unobserved
from controller.engine.live.scopes import ScopeSetup, environments_of
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook, LiveScope
from controller.targets.power_parts.master_rows import read_running


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
    dark: Mapping[str, Unobserved]
    deploying: Mapping[str, datetime]
    """Since when deployments run, by environment in lower case."""


def evaluate_fleet(
    accounts: LiveAccounts, accepted: AcceptedState, setups: Sequence[ScopeSetup], now: datetime
) -> FleetEvaluation:
    """Look at scopes now and decide for every instance in them. Raises as reading the running deployments."""
    found = accounts.looks(accepted, setups, now)
    deploying = running_deployments(accounts.installation)
    seen = tuple(
        sight(setup, one, accepted, now, deploying)
        for setup in setups
        if isinstance(one := found[setup.scope.name], LiveLook)
    )
    dark = {name: one for name, one in found.items() if isinstance(one, Unobserved)}
    return FleetEvaluation(seen, dark, deploying)


def sight(
    setup: ScopeSetup,
    look: LiveLook,
    accepted: AcceptedState,
    now: datetime,
    deploying: Mapping[str, datetime],
) -> ScopeEvaluation:
    """Decide for every instance of a look at a moment, which need not be the look's. Pure."""
    judge = Evaluator(look, power_map(accepted), now, power_rules_of(accepted.options), deploying)
    return ScopeEvaluation(setup, look, tuple(judge.instances()), judge.groups)


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
