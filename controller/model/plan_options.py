"""How a plan is asked for, whatever it is a plan of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.model.plan import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """``now`` is aware; ``approvals`` are of violations, beside those of the commit message.

    ``edited_as`` is the cause of what differs from what was last applied: ``edited``, or ``restored``, ``rolledBack``
    where the desired state comes from a snapshot or the ledger.
    """

    now: datetime
    approvals: Sequence[str] = ()
    adopt: bool = False
    edited_as: Cause = Cause.EDITED
