"""The accounts and regions that the accepted state names: which there are, and how far each may be gone into."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from controller import catalog
from controller.engine.desired.accepted import AcceptedReader
from controller.engine.live.observe import ScopeSetup
from controller.errors import EnvctlError, WrongUsage
from controller.kinds.language.kind import Kind
from controller.model.accepted import AcceptedState
from controller.model.live import LiveScope
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.ports import LiveTarget
from controller.settings import Mode, Settings, weaker


class KnownAccounts:
    """The live accounts of an installation, as its tables say. No call is made."""

    def __init__(
        self,
        settings: Settings,
        kinds: Mapping[str, Kind[Any]],
        installation: str,
        targets: Sequence[LiveTarget] | None = None,
    ) -> None:
        """Take what says which there are; the targets are the catalog's, if no others are given. ``installation`` is its id."""
        self._settings = settings
        self.parallel = settings.live.parallel_scopes
        """How many scopes are worked on side by side."""
        known = catalog.live_targets(settings.extensions) if targets is None else targets
        self.targets = tuple(known)
        self._reader = AcceptedReader(kinds, settings.options, installation)

    def targets_of(self, setup: ScopeSetup) -> Iterator[LiveTarget]:
        """Yield the targets that are not switched off in a scope."""
        for target in self.targets:
            if self._settings.targets.of(target.name, setup.mode) != "off":
                yield target

    @property
    def is_on(self) -> bool:
        """Tell whether there is any target that is not switched off."""
        return any(self._settings.targets.of(target.name) != "off" for target in self.targets)

    def accepted(
        self,
        observed: ObservedState,
        now: datetime,
        overrides: Iterable[Override] = (),
        revision: str = "",
        after: ObservedState | None = None,
    ) -> AcceptedState:
        """Return the accepted state from the config scope as found, or as it is ``after`` a plan of it.

        Raises EnvctlError if it is not known.
        """
        if observed.state not in (ScopeState.OK, ScopeState.OBSERVE):
            raise EnvctlError(
                f"live accounts: the config tables cannot be read, so what is accepted is not known: {observed.reason}"
            )
        sequence = int((after or observed).facts.get("sequence", 0))
        return self._reader.read(observed, now, overrides, revision, after, sequence)

    def scopes(self, accepted: AcceptedState, wanted: Sequence[str] = ()) -> tuple[ScopeSetup, ...]:
        """Return every account and region that an environment type or an account names, by name, or those wanted, by any name they have.

        An account's regions are those it lists and those of its environment types; accounts that nothing is kept in have
        none, and so no scope. The way in is what was applied last: one that is new, or another now, waits. Raises WrongUsage
        for one that does not exist.
        """
        setups = self._setups(accepted)
        if accepted.before is not None:
            applied = self._setups(accepted.before)
            setups = {
                name: _as_applied(setup, applied.get(name), accepted.before)
                for name, setup in setups.items()
            }
        for name in wanted:
            if not any(name in setup.scope.called for setup in setups.values()):
                raise WrongUsage(
                    f"there is no scope {name!r}",
                    fix=f"choose from {', '.join((CONFIG_SCOPE, *setups))}",
                )
        return tuple(
            setup
            for setup in setups.values()
            if not wanted or not set(wanted).isdisjoint(setup.scope.called)
        )

    def _setups(self, accepted: AcceptedState) -> dict[str, ScopeSetup]:
        """Return every scope as one state alone has it, by name."""
        regions: dict[str, set[str]] = {}
        for ref in accepted.of_kind("EnvironmentType"):
            spec = accepted.specs[ref]
            regions.setdefault(spec.account, set()).add(spec.region or self._settings.region)
        setups: dict[str, ScopeSetup] = {}
        for ref in accepted.of_kind("Account"):
            spec = accepted.specs[ref]
            for region in sorted(regions.get(ref.key, set()) | set(spec.regions or ())):
                scope = LiveScope(f"{ref.key}/{region}", spec.account_number, region, ref.key)
                mode: Mode = spec.mode or "enforce"
                setups[scope.name] = ScopeSetup(scope, spec.role_arn, spec.external_id, mode)
        return setups


def _as_applied(setup: ScopeSetup, before: ScopeSetup | None, applied: AcceptedState) -> ScopeSetup:
    """Return a scope with the way in that was applied last; it waits where that is none, or another."""
    account = ResourceRef("Account", setup.scope.account_name)
    if before is None:
        what = f"region {setup.scope.region} of {account} is new"
        if account in applied.unreadable:
            what = f"{account} cannot be read back from the tables: {applied.unreadable[account]}"
        elif account not in applied.resources:
            what = f"{account} is new"
        return replace(setup, role_arn=None, external_id=None, waits=f"applied first: {what}")
    ways = (
        ("accountNumber", setup.scope.account, before.scope.account),
        ("roleArn", setup.role_arn, before.role_arn),
        ("externalId", setup.external_id, before.external_id),
    )
    changed = [name for name, now, then in ways if now != then]
    what = f"applied first: {account} changes its {' and '.join(changed)}"
    return replace(before, mode=weaker(setup.mode, before.mode), waits=what if changed else "")
