"""What the interface answers from, given by whoever composes it; and what several of its routes read, read once for all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from controller.api.access import Access
from controller.api.fleet_figures import FleetFigures, figures_of
from controller.api.metrics import Metrics
from controller.api.shared_reading import SharedReading
from controller.aws.clients import CallCounter
from controller.engine.config.planner import Planner
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.power.fleet import AcceptedNow, accepted_now
from controller.engine.queries.status.read import read_status
from controller.engine.queries.status.view import StatusView
from controller.events import Emit
from controller.ports import Source, WorkQueue


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
    status: SharedReading[StatusView] = field(init=False)
    state: SharedReading[AcceptedNow] = field(init=False)

    def __post_init__(self) -> None:
        """Make what is shared; nothing is read."""
        object.__setattr__(self, "status", SharedReading(self._read_status))
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

    def figures(self) -> FleetFigures:
        """Return what status says, in figures. Raises as reading it."""
        return figures_of(self.status.get())

    def _read_status(self) -> StatusView:
        return read_status(self.installation, self.accounts, self.source(), self.now()).view
