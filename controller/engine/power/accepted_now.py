"""The accepted state as the tables hold it now: what the commands of every day ask first."""

from dataclasses import dataclass
from datetime import datetime

from controller.engine.config.observe import ObservedConfig, observe_config
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.model.accepted import AcceptedState


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
