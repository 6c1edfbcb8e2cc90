"""AWS as live targets get it: bound to one scope, read by its role, and changed only while the scope is ours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.aws.sessions import AwsAccess
from controller.engine.commit.lease import LeaseKeeper
from controller.model.accepted import LiveOptions
from controller.model.live import LiveLook, LiveScope
from controller.ports import History

BELIEVED_S = 1.0
"""So long a look at the head is believed by requests within one act."""


@dataclass(frozen=True, slots=True)
class ScopeReads:
    """What ``LiveReads`` asks for."""

    scope: LiveScope
    installation: str
    options: LiveOptions
    history: History
    access: AwsAccess

    def client(self, service: str) -> Any:
        """Return the scope's client of a service. Raises RoleRefused, RoleNotReady."""
        return self.access.client(service, self.scope.account, self.scope.region)

    def master(self, service: str) -> Any:
        """Return the controller's own client of a service."""
        return self.access.client(service)


@dataclass(frozen=True, slots=True)
class ScopeActs(ScopeReads):
    """What ``LiveActs`` asks for: reads, and what changes need besides."""

    lease: LeaseKeeper
    revision: str
    token: str
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    look: LiveLook | None = None
    """The look the changes were planned from; None where it is too old to act on."""
    waits_since: datetime | None = None
    """Since when the run waits for what AWS goes on with; None where that is left to others."""

    def check(self) -> None:
        """Make sure that the scope is still ours. Raises StaleEpoch."""
        self.lease.confirm(BELIEVED_S)

    def now(self) -> datetime:
        """Return the moment."""
        return self.clock()

    def sleep(self, seconds: float) -> None:
        """Pause."""
        self.pause(seconds)
