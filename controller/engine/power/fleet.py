"""The fleet as it is now: what was accepted, what was found, what is decided for every instance, at any moment, and what is meant by a name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from controller.decisions.evaluator import Evaluation, Evaluator, JudgedGroup, power_rules_of
from controller.decisions.power_map import power_map
from controller.engine.config.compute_plan import SCHEDULE_ENVIRONMENT
from controller.engine.config.observe import ObservedConfig, observe_config
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import ScopeSetup, Unobserved, environments_of
from controller.errors import WrongUsage
from controller.loading.closest import closest
from controller.model.accepted import AcceptedState
from controller.model.live import LiveLook
from controller.model.ref import ResourceRef
from controller.settings import Mode
from controller.targets.tables import read_running

POWER: Final = "power"
"""Name of the target that switches instances."""
GROUP: Final = "Group"
INSTANCE: Final = "Instance"
LIVE: Final = (GROUP, INSTANCE)
SHOWN: Final = 10


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
    accepted = accounts.accepted(seen.scopes[0], now, seen.overrides, seen.accepted_revision)
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


def evaluate_fleet(
    accounts: LiveAccounts, accepted: AcceptedState, setups: Sequence[ScopeSetup], now: datetime
) -> FleetEvaluation:
    """Look at scopes now and decide for every instance in them. Raises as reading the running deployments."""
    found = accounts.looks(accepted, setups, now)
    master = accounts.installation.master
    deploying = read_running(master.client, master.settings.resource_prefix)
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
    scopes = {}
    for setup, look in looks:
        evaluator = Evaluator(look, power, now, rules, deploying)
        scopes[setup.scope.name] = ScopeEvaluation(
            setup, look, tuple(evaluator.instances()), evaluator.groups
        )
    return FleetEvaluation(scopes, unreachable or {}, deploying)


def power_mode(accounts: LiveAccounts, setup: ScopeSetup) -> Mode:
    """Return how far power goes in a scope; ``off`` where the accounts are worked on without it."""
    target = next((target for target in accounts.targets if target.name == POWER), None)
    return setup.mode_of(target, accounts.installation.master.settings) if target else "off"


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


def find_object(
    text: str, accepted: AcceptedState, look: Callable[[], FleetEvaluation]
) -> ResourceRef:
    """Return the one object a text means; accounts are only looked at if no document is meant.

    ``Kind/name``, a bare name (an Environment goes before other kinds), a group's name, an instance's id, its private address
    or its Name tag. Raises WrongUsage if there is none, or several.
    """
    kind, slash, key = text.partition("/")
    if slash and kind not in LIVE and not key.startswith("/"):
        return _document(ResourceRef(kind, key), accepted)
    if not slash:
        own = [ref for ref in accepted.resources if ref.key == text]
        own = [ref for ref in own if ref.kind == "Environment"] or own
        if own:
            return _one(text, sorted(own))
    fleet = look()
    found = sorted(set(_live(text, fleet)))
    if found:
        return _one(text, found)
    raise _nothing(text, accepted, fleet)


def _document(ref: ResourceRef, accepted: AcceptedState) -> ResourceRef:
    if ref in accepted.resources:
        return ref
    if ref in accepted.unreadable:
        raise WrongUsage(
            f"{ref} cannot be read back from the tables: {accepted.unreadable[ref]}",
            fix="envctl plan shows what differs",
        )
    meant = closest(str(ref), map(str, accepted.resources))
    fix = (
        f"did you mean {meant}?"
        if meant
        else "envctl render lists the source's; what was never applied is not accepted yet"
    )
    raise WrongUsage(f"there is no {ref} in the tables", fix=f"{fix}")


def _live(text: str, fleet: FleetEvaluation) -> Iterator[ResourceRef]:
    kind, _, key = text.partition("/")
    for scope, evaluation in fleet.scopes.items():
        wanted = key.removeprefix(f"{scope}/") if kind in LIVE else text
        if kind in LIVE and "/" in wanted:
            continue
        if kind != INSTANCE and wanted in evaluation.look.groups:
            yield ResourceRef(GROUP, f"{scope}/{wanted}")
        if kind == GROUP:
            continue
        for instance in evaluation.look.instances.values():
            if wanted in (instance.instance_id, instance.private_ip, instance.tag("Name")):
                yield ResourceRef(INSTANCE, f"{scope}/{instance.instance_id}")


def _one(text: str, found: Sequence[ResourceRef]) -> ResourceRef:
    if len(found) == 1:
        return found[0]
    names = "\n".join(f"    {ref}" for ref in found[:SHOWN])
    more = f"\n    and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise WrongUsage(f"{text!r} may be each of these", fix=f"name one of them\n{names}{more}")


def _nothing(text: str, accepted: AcceptedState, fleet: FleetEvaluation) -> WrongUsage:
    names = [ref.key for ref in accepted.resources]
    names += [name for scope in fleet.scopes.values() for name in scope.look.groups]
    meant = closest(text, names)
    fix = (
        f"did you mean {meant}?"
        if meant
        else "name a document, a group, or an instance by id, private address or Name"
    )
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
