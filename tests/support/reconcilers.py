"""The front door as tests and benchmarks use it: a source planned and applied by a named worker."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from controller import catalog
from controller.engine.commit.lease import Claim
from controller.engine.config.planner import Planner
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.events import Emit, discard_event
from controller.model.ledger_record import Requester
from controller.ports import Source


def reconciler(
    source: Source,
    accounts: LiveAccounts,
    clock: Callable[[], datetime] | None = None,
    emit: Emit = discard_event,
) -> Reconciler:
    """Return what plans and applies a source; the clock is the accounts', if no other is given."""
    master = accounts.installation.master
    return Reconciler(
        planner=Planner(lambda: source, master.settings, catalog.kinds()),
        live=accounts,
        clock=clock or master.process.clock,
        emit=emit,
    )


def asked(*scopes: str, worker: str = "worker-a", **options: Any) -> ReconcileRequest:
    """Return what a worker asks for: everything, or the scopes named."""
    return ReconcileRequest(
        **{
            "requester": Requester("ada", "apply"),
            "claim": Claim(worker),
            "scopes": scopes,
            **options,
        }
    )
