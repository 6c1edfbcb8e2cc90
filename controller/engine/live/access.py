"""AWS as live targets get it: bound to one scope, read by its role, and changed only while the scope is ours."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.aws.sessions import AwsAccess
from controller.engine.commit.lease import LEASE_S, Leases, epoch_ms, stale
from controller.model.head import Head
from controller.model.live import LiveLook, LiveScope
from controller.model.live_options import LiveOptions
from controller.ports import History

RENEWED_BELOW = 0.5
"""A lease with less than this share of its time left is renewed before the next act."""
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


class Ownership:
    """Our ownership of a scope during a run, kept alive and looked at before each act. Thread-safe."""

    def __init__(
        self,
        head: Head,
        leases: Leases,
        clock: Callable[[], datetime],
        lease_s: float = LEASE_S,
    ) -> None:
        """Take the head as it was taken."""
        self._head = head
        self._leases = leases
        self._clock = clock
        self._lease_s = lease_s
        self._seen_at = 0
        self._lock = threading.Lock()

    @property
    def head(self) -> Head:
        """The head as we left it."""
        return self._head

    def moved(self, head: Head) -> None:
        """Take note of the head after a transaction of ours: that it went through shows that the scope is ours."""
        with self._lock:
            self._head = head
            self._seen_at = epoch_ms(self._clock())

    def confirm(self, believed_s: float = 0.0) -> None:
        """Make sure that the scope is ours, by a look not older than ``believed_s``, and for long enough.

        Raises StaleEpoch, and as any read or write.
        """
        with self._lock:
            now = epoch_ms(self._clock())
            if self._head.lease_until - now < self._lease_s * 1000 * RENEWED_BELOW:
                self._head = self._leases.renew(self._head, self._lease_s)
                self._seen_at = now
            elif not self._seen_at or now - self._seen_at >= believed_s * 1000:
                found = self._leases.read(self._head.scope)
                mine = (self._head.epoch, self._head.owner)
                if found is None or (found.epoch, found.owner) != mine:
                    raise stale(self._head, found)
                self._seen_at = now


@dataclass(frozen=True, slots=True)
class ScopeActs:
    """What ``LiveActs`` asks for: reads, and what changes need besides."""

    reads: ScopeReads
    ownership: Ownership
    revision: str
    token: str
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    look: LiveLook | None = None
    """The look the changes were planned from; None where it is too old to act on."""

    @property
    def scope(self) -> LiveScope:
        """Where this works."""
        return self.reads.scope

    @property
    def installation(self) -> str:
        """The installation's id."""
        return self.reads.installation

    @property
    def options(self) -> LiveOptions:
        """What the settings say."""
        return self.reads.options

    @property
    def history(self) -> History:
        """What the ledger knows."""
        return self.reads.history

    def client(self, service: str) -> Any:
        """Return the scope's client of a service."""
        return self.reads.client(service)

    def master(self, service: str) -> Any:
        """Return the controller's own client of a service."""
        return self.reads.master(service)

    def check(self) -> None:
        """Make sure that the scope is still ours. Raises StaleEpoch."""
        self.ownership.confirm(BELIEVED_S)

    def now(self) -> datetime:
        """Return the moment."""
        return self.clock()

    def sleep(self, seconds: float) -> None:
        """Pause."""
        self.pause(seconds)
