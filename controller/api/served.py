"""What the interface answers from, given by whoever composes it; and what several of its routes read, read once for all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from threading import Lock
from typing import Final

from anyio import CapacityLimiter

from controller.api.access import Access
from controller.api.fleet_figures import FleetFigures, figures_of
from controller.api.metrics import Metrics
from controller.api.problems import Refused
from controller.api.rate_limit import RateLimit
from controller.api.shared_reading import SharedReading
from controller.api.threads import MOST_AT_ONCE
from controller.aws.clients import CallCounter
from controller.daemon_ports import WorkQueue
from controller.engine.config.planner import Planner
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.power.fleet import AcceptedNow, accepted_now
from controller.engine.queries.status.read import StatusRead, read_status
from controller.engine.reconcile.combined_plan import LastPlan
from controller.events import Emit
from controller.ports import Source

_TURN_S: Final = 60.0
"""So long who plans waits for another who does."""
_CHANGE_S: Final = 20.0
"""A change waits so long for one that another request makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Thread-safe; ``is_alive`` tells whether the daemon's ticks come.

    ``accounts`` belong to an instance of another name than the daemon's workers: what is asked for by HTTP waits for their scopes.
    """

    accounts: LiveAccounts
    planner: Planner
    """One of its own; used by one request at a time, with ``planning``."""
    source: Callable[[], Source | None]
    """Opens the settings' source; None if they name none."""
    last_plan: Callable[[], LastPlan | None]
    """What the daemon of this process planned last for itself."""
    queue: WorkQueue
    is_alive: Callable[[], bool]
    access: Access
    metrics: Metrics
    calls: tuple[CallCounter, ...] = ()
    """What counts the requests to AWS, of the daemon and of this interface."""
    emit: Emit
    keep_traceback: Callable[[Exception], object]
    """Keeps what a bug of ours has to be reported with."""
    planning: Lock = field(default_factory=Lock)
    changing: Lock = field(default_factory=Lock)
    limit: RateLimit = field(default_factory=RateLimit)
    """How often somebody may ask for changes, and for plans of them, whichever."""
    slow: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_AT_ONCE))
    """Threads of answers that take long."""
    status: SharedReading[StatusRead] = field(init=False)
    state: SharedReading[AcceptedNow] = field(init=False)

    def __post_init__(self) -> None:
        """Make what is shared; nothing is read."""
        object.__setattr__(self, "status", SharedReading(_status_of(self)))
        object.__setattr__(self, "state", SharedReading(self.state_now))

    @property
    def installation(self) -> Installation:
        """The installation."""
        return self.accounts.installation

    def now(self) -> datetime:
        """Return the time, aware."""
        return self.installation.master.process.clock()

    def state_now(self) -> AcceptedNow:
        """Read what is accepted. Raises as ``accepted_now``."""
        return accepted_now(self.installation, self.now(), self.accounts)

    @contextmanager
    def planning_turn(self) -> Iterator[Planner | None]:
        """Have the planner for oneself, None where the settings name no source. Raises Refused where another has it for long."""
        if not self.planning.acquire(timeout=_TURN_S):
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, "ScopeBusy", "the source is being read", "ask again"
            )
        try:
            yield None if self.source() is None else self.planner
        finally:
            self.planning.release()

    @contextmanager
    def changing_turn(self) -> Iterator[None]:
        """Make one change at a time: two of one process would take a scope from each other. Raises Refused after a while."""
        if not self.changing.acquire(timeout=_CHANGE_S):
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "ScopeBusy",
                "another change is being made",
                "ask again",
                {"Retry-After": "5"},
            )
        try:
            yield
        finally:
            self.changing.release()

    def figures(self) -> FleetFigures:
        """Return what status says, in figures. Raises as reading it."""
        return figures_of(self.status.get().view)


def _status_of(served: Served) -> Callable[[], StatusRead]:
    """Return what reads status, each time from where the last one left off; for one thread at a time."""
    last: StatusRead | None = None

    def read() -> StatusRead:
        nonlocal last
        now, source = served.now(), served.source()
        last = read_status(served.installation, served.accounts, source, now, last)
        return last

    return read
