"""How a scope stands: what status shows without looking at AWS."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from controller.model.observed import ScopeState
from controller.model.reason import NO_REASON, Reason


class Remark(NamedTuple):
    """The same said of several objects: of how many objects, and the first of their names."""

    text: str
    objects: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCounts:
    """What a look that saw a scope counted there. Counts are None where their target is off or saw nothing.

    ``at`` is when. ``copies_behind`` are copies of common tables to be written or deleted; ``behind_since`` is when the
    oldest source of one changed, ``complete_at`` the last look that found none. ``missing`` is what objects need and the
    account lacks, ``rollouts`` why instances are behind their template, ``images`` which images have a newer one: only a
    closer look tells, the last one at ``images_at``.
    """

    at: datetime
    instances_on: int | None = None
    instances_off: int | None = None
    to_switch: int | None = None
    on_the_way: int | None = None
    """Instances that start, stop or change their place in a group by themselves, and need nothing."""
    copies_behind: int | None = None
    behind_since: datetime | None = None
    complete_at: datetime | None = None
    missing: tuple[Remark, ...] = ()
    rollouts: tuple[Remark, ...] = ()
    images: tuple[Remark, ...] = ()
    images_at: datetime | None = None

    def after(self, before: "ScopeCounts | None") -> "ScopeCounts":
        """Return this with what only an earlier look could tell."""
        if before is None:
            return self
        found = self
        if self.complete_at is None:
            found = replace(found, complete_at=before.complete_at)
        if self.images_at is None:
            found = replace(found, images=before.images, images_at=before.images_at)
        return found


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
    reason: Reason = NO_REASON
    looked_at: datetime | None = None
    revision: str = ""
    applied_at: datetime | None = None
    retry_at: datetime | None = None
    changes: int = 0
    blocked: int = 0
    failures: int = 0
    """Tries in a row that did not end well."""
    seen: ScopeCounts | None = None
    """What the last look that saw everything counted."""
