"""The accounts as one command sees them: looked at when that is needed, where it is needed, and once."""

from datetime import datetime

from controller.engine.power.accepted_now import AcceptedNow
from controller.engine.power.evaluate import FleetEvaluation, evaluate_fleet, scope_of_environment
from controller.model.ref import ResourceRef


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
