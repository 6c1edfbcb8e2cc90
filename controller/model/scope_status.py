"""How a scope stands: what status shows without looking at AWS."""

from dataclasses import dataclass
from datetime import datetime

from controller.model.observed import ScopeState


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeStatus:
    """One scope after its last look. Moments are aware.

    ``since`` is when it came into this state; ``reason`` says why it is not ok and what to do, its first line alone in
    lists. ``looked_at`` is the last look that saw everything, ``tried_at`` the last try. ``retry_at`` is when a scope that
    is not ok is looked at again; None: at its usual time. ``revision`` is the one last applied, ``changes`` and ``blocked``
    what the last plan left to do and could not do.
    """

    scope: str
    state: ScopeState
    since: datetime
    tried_at: datetime
    reason: str = ""
    looked_at: datetime | None = None
    revision: str = ""
    applied_at: datetime | None = None
    retry_at: datetime | None = None
    changes: int = 0
    blocked: int = 0
    failures: int = 0
    """Tries in a row that did not end well."""
