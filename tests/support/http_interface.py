"""The HTTP interface on a free port of this machine, for a while."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from controller.api.access import Access
from controller.api.application import create_app
from controller.api.credentials import KeptCredentials
from controller.api.metrics import Metrics
from controller.api.put_back.operation_jobs import OperationJobs
from controller.api.served import Served
from controller.api.server import HttpServer
from controller.cli.invocation import Invocation
from controller.daemon.memory_queue import MemoryQueue
from controller.daemon.worker import Workers
from controller.engine.commit.interruption import Interruption
from controller.engine.config.planner import Planner
from controller.engine.installation.desired_source import settings_source
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import LastPlan
from controller.events import Event
from controller.ports import Source

ADA, BOB = "ada's token of thirty-two bytes ..", "bob's token of thirty-two bytes .."
EVE = "eve's token of thirty-two bytes .."
WEBHOOK_SECRET = "a secret of sixteen bytes"
CREDENTIALS = f"""
tokens:
  - {{name: ada, sha256: {hashlib.sha256(ADA.encode()).hexdigest()}, scopes: [read, override, reconcile, snapshot, restore]}}
  - {{name: eve, sha256: {hashlib.sha256(EVE.encode()).hexdigest()}, scopes: [read, override]}}
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

    accounts: LiveAccounts
    source: Callable[[], Source | None]
    credentials: str | None = CREDENTIALS
    host: str = "127.0.0.1"
    alive: bool = True
    last_plan: LastPlan | None = None
    events: list[Event] = field(default_factory=list)
    bugs: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put it together."""
        master = self.accounts.installation.master
        self.queue = MemoryQueue(master.process.clock)
        self.metrics = Metrics()
        self.served = Served(
            accounts=self.accounts,
            planner=Planner(self._source, master.settings, master.kinds),
            source=self.source,
            last_plan=lambda: self.last_plan,
            queue=self.queue,
            is_alive=lambda: self.alive,
            access=Access(self._kept(), self.host),
            metrics=self.metrics,
            emit=self.metrics.counting(self.events.append),
            keep_traceback=self.bugs.append,
        )
        self.app = create_app(self.served)

    @classmethod
    def of_commands(cls, **more: Any) -> "InterfaceByHand":
        """Return one that works where the commands do."""
        call = Invocation(None, None)
        return cls(call.live, lambda: settings_source(call.settings, call.process), **more)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have a worker do what is asked for, as a daemon does."""
        asked = OperationJobs(
            accounts=self.accounts,
            own=self.served.planner,
            owner="daemon-a/operation",
            emit=self.events.append,
        )
        workers = Workers(
            queue=self.queue,
            handlers=asked.handlers,
            count=1,
            interruption=Interruption(),
            emit=self.events.append,
            keep_traceback=self.bugs.append,
            put_one=lambda: None,
        )
        workers.start()
        try:
            yield
        finally:
            assert workers.stop(30)

    def _source(self) -> Source:
        source = self.source()
        assert source is not None
        return source

    def _kept(self) -> KeptCredentials | None:
        if self.credentials is None:
            return None
        read = self.credentials.encode
        clock = self.accounts.installation.master.process.clock
        return KeptCredentials("credentials.yaml", read, clock)
