"""The HTTP interface on a free port of this machine, for a while."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI

from controller.api.access import Access
from controller.api.application import create_app
from controller.api.credentials import KeptCredentials
from controller.api.metrics import Metrics
from controller.api.served import Served
from controller.api.server import HttpServer
from controller.cli.invocation import Invocation
from controller.daemon.memory_queue import MemoryQueue
from controller.engine.installation.installation import settings_source
from controller.events import Event

ADA, BOB = "ada's token of thirty-two bytes ..", "bob's token of thirty-two bytes .."
WEBHOOK_SECRET = "a secret of sixteen bytes"
CREDENTIALS = f"""
tokens:
  - {{name: ada, sha256: {hashlib.sha256(ADA.encode()).hexdigest()}, scopes: [read, override, reconcile]}}
  - {{name: bob, sha256: {hashlib.sha256(BOB.encode()).hexdigest()}, scopes: [read]}}
webhookSecrets: [{WEBHOOK_SECRET}]
"""


def bearer(token: str) -> dict[str, str]:
    """Return the header that names a token."""
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve an application, and return who asks it."""
    server = HttpServer(app, "127.0.0.1", 0)
    url = server.start()
    try:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            yield client
    finally:
        server.stop()


@dataclass
class InterfaceByHand:
    """The interface as ``envctl run`` composes it, but for the daemon, which nothing here needs."""

    call: Invocation = field(default_factory=lambda: Invocation(None, None))
    credentials: str | None = CREDENTIALS
    host: str = "127.0.0.1"
    alive: bool = True
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put it together."""
        process = self.call.process
        self.queue = MemoryQueue(process.clock)
        self.metrics = Metrics()
        self.served = Served(
            accounts=self.call.live,
            planner=self.call.planner(None),
            source=lambda: settings_source(self.call.settings, process),
            queue=self.queue,
            is_alive=lambda: self.alive,
            access=Access(self._kept(), self.host),
            metrics=self.metrics,
            emit=self.metrics.counting(self.events.append),
        )
        self.app = create_app(self.served)

    def _kept(self) -> KeptCredentials | None:
        if self.credentials is None:
            return None
        read = self.credentials.encode
        return KeptCredentials("credentials.yaml", read, self.call.process.clock)
