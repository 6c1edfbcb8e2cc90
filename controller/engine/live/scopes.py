"""Which accounts and regions there are to look at, how they are reached, and how far one may go in each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.model.accepted import AcceptedState
from controller.model.live import LiveScope
from controller.ports import LiveTarget
from controller.settings import Mode, Settings

_STRENGTH: Final[Mapping[Mode, int]] = {"off": 0, "observe": 1, "enforce": 2}


@dataclass(frozen=True, slots=True)
class ScopeSetup:
    """One account and region: how it is reached and what the settings and its Account let be done.

    ``external_id`` is a reference to where it is kept, never the id itself. ``mode`` is the account's own.
    """

    scope: LiveScope
    role_arn: str | None
    external_id: str | None
    mode: Mode

    def mode_of(self, target: LiveTarget, settings: Settings) -> Mode:
        """Return how far a target may go here: the weaker of its own mode and the account's."""
        return weaker(self.mode, settings.targets.of(target.name))


def weaker(first: Mode, second: Mode) -> Mode:
    """Return the mode that does less."""
    return min(first, second, key=_STRENGTH.__getitem__)


def live_scopes(accepted: AcceptedState, settings: Settings) -> tuple[ScopeSetup, ...]:
    """Return every account and region that an environment type or an account names, by name.

    An account's regions are those it lists and those of its environment types; accounts that nothing is kept in have
    none, and so no scope.
    """
    regions: dict[str, set[str]] = {}
    for ref in accepted.of_kind("EnvironmentType"):
        spec = accepted.specs[ref]
        regions.setdefault(spec.account, set()).add(spec.region or settings.region)
    setups = []
    for ref in accepted.of_kind("Account"):
        spec = accepted.specs[ref]
        own = regions.get(ref.key, set()) | set(spec.regions or ())
        for region in sorted(own):
            scope = LiveScope(f"{ref.key}/{region}", spec.account_number, region, ref.key)
            mode: Mode = spec.mode or "enforce"
            setups.append(ScopeSetup(scope, spec.role_arn, spec.external_id, mode))
    return tuple(sorted(setups, key=lambda setup: setup.scope.name))


def environments_of(
    accepted: AcceptedState, scope: LiveScope, default_region: str
) -> Iterable[str]:
    """Yield the names of the environments whose instances are in a scope, by name."""
    for ref in accepted.of_kind("Environment"):
        kind = accepted.spec("EnvironmentType", accepted.specs[ref].environment_type)
        if kind is not None and (kind.account, kind.region or default_region) == (
            scope.account_name,
            scope.region,
        ):
            yield ref.key
