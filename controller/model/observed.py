"""What a target holds: found objects with their marks, and scopes that could not be read or how they stand.

``Managed.Extra`` is what was authored but does not live in the item's own attributes. Shape:
``{"metadata": {labels, annotations, protect}, "spec": {<dotted YAML path>: value}, "owned": [<shared path>], "shape": 1,
"beneath": {<field of spec or metadata>: value}}``; ``beneath`` is what the document itself has where an override put something
else. Empty parts are left out. The digest of a projection covers it, so it can be trusted as far as the mark's digest fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from controller.model.ref import NO_REASON, Reason, ResourceRef

CONFIG_SCOPE: Final = "config"
"""The scope of the master's tables; comes first in every plan."""


class MadeBy(NamedTuple):
    """Who made an object what it is, and why: what a change of a live account that follows from it is laid to."""

    author: str = ""
    commit: str = ""
    date: str = ""
    """Of the commit, or of the override; ISO 8601."""
    subject: str = ""
    cause: str = ""
    overrides: tuple[str, ...] = ()
    """Ids of the overrides whose values it holds."""


NOBODY_KNOWN: Final = MadeBy()


class Mark(NamedTuple):
    """Our signature on an item or an AWS resource (attribute ``Managed``, tags ``envctl:…``).

    ``by`` is the installation's id, ``id`` a digest of installation, table and key, so a copied item does not fit.
    ``digest`` is that of the projection last applied.
    """

    by: str
    id: str
    revision: str
    path: str
    line: int
    digest: str
    extra: Mapping[str, Any]
    made_by: MadeBy = NOBODY_KNOWN


class Ownership(StrEnum):
    """Whose an observed object is."""

    OURS = "ours"
    LOST_MARK = "lost mark"
    """No mark, but the ledger's last record for its key is ours: drift, healed."""
    FOREIGN = "foreign"
    """A mark that fits nothing here: reported, never touched."""
    UNMANAGED = "unmanaged"
    """No mark and no record: reported, adopted only when asked."""


class Observation(NamedTuple):
    """One object as found. Byte fields are canonical JSON.

    ``digest`` covers the attributes (without shared fields that Git does not own) and the mark's extra, so it equals the
    mark's digest when nobody touched the object. ``base`` is what a write is conditional on.
    """

    ref: ResourceRef
    attributes: bytes
    digest: str
    mark: Mark | None
    ownership: Ownership
    base: bytes
    depends_on: tuple[ResourceRef, ...] = ()
    """What the found object names, where the target can tell: it is deleted before them."""


class ScopeState(StrEnum):
    """How well a scope is known and what is done with it."""

    OK = "ok"
    OBSERVE = "observe"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class ObservedState:
    """One scope as found. In a scope that is not ``ok`` nothing may be concluded from absence."""

    scope: str
    state: ScopeState
    objects: Mapping[ResourceRef, Observation]
    reason: Reason = NO_REASON
    """Why the scope is not ok: what failed, where, what to do."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else the target knows that decisions need; plain JSON in the config scope, which may be saved."""


BENEATH: Final = "beneath"
SHAPE = 2
"""Version of how documents become attributes. Raised when the same document gives other attributes than before."""


def is_protected(extra: Mapping[str, Any]) -> bool:
    """Tell whether the object was last applied with ``metadata.protect: true``."""
    return bool(extra.get("metadata", {}).get("protect", False))


def spec_value(extra: Mapping[str, Any], path: str) -> Any:
    """Return a controller-only value last applied, by its YAML path inside the spec (``lifecycle``); None if absent."""
    return extra.get("spec", {}).get(path)


def put_back_base_fields(document: dict[str, dict[str, Any]], fields: Mapping[str, Any]) -> None:
    """Take out of ``{"metadata", "spec"}`` what overrides put in it: ``fields`` are those an extra has as ``beneath``."""
    for path, known in fields.items():
        part, _, name = path.partition(".")
        if known is None:
            document[part].pop(name, None)
        else:
            document[part][name] = known


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
    account lacks, ``rollouts`` why instances are behind their template, ``short`` which groups have fewer than they were asked for, ``images`` which images have a newer one: only a
    closer look tells, the last one at ``images_at``.
    """

    at: datetime
    instances_on: int | None = None
    instances_off: int | None = None
    to_switch: int | None = None
    to_start: int | None = None
    """Of those to be switched, the ones that are off and should be on; None where power only observes."""
    off_since: datetime | None = None
    """When a look first saw instances off that should be on, since when every one has; None where all are as they should be."""
    on_the_way: int | None = None
    """Instances that start, stop or change their place in a group by themselves, and need nothing."""
    instances_at: datetime | None = None
    """When instances were counted: that may be after the rest, as they are looked at again after changes."""
    environments: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of each environment that has instances how many are on, and how many it has."""
    resized: int | None = None
    """Groups that were given other sizes, made or deleted since instances were counted: theirs come and go."""
    resized_at: datetime | None = None
    copies_behind: int | None = None
    behind_since: datetime | None = None
    complete_at: datetime | None = None
    missing: tuple[Remark, ...] = ()
    rollouts: tuple[Remark, ...] = ()
    short: tuple[Remark, ...] = ()
    images: tuple[Remark, ...] = ()
    images_at: datetime | None = None

    def after(self, before: "ScopeCounts | None") -> "ScopeCounts":
        """Return this with what only an earlier look could tell."""
        if before is None:
            return self
        last = before if self.images_at is None else self
        return replace(
            self,
            complete_at=self.complete_at or before.complete_at,
            off_since=self.off_since and (before.off_since or self.off_since),
            images=last.images,
            images_at=last.images_at,
        )


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
    left_since: datetime | None = None
    """Since when every look that saw the scope left changes undone; None where the last left none."""
    retry_at: datetime | None = None
    changes: int = 0
    blocked: int = 0
    failures: int = 0
    """Tries in a row that did not end well."""
    seen: ScopeCounts | None = None
    """What the last look that saw everything counted."""
    epoch: int = 0
    """The newest in which it was written; 0 where nobody owned the scope then."""
    planned_from: int = 0
    """The config scope's sequence it was planned from; 0 where that is not known."""
    looks: int = 0
    """How many looks that saw everything were written one after the other: of two that went on side by side one counts."""

    @property
    def lacks_instances(self) -> bool:
        """Tell whether instances are off that should be on, and were so at an earlier look, too."""
        seen = self.seen
        return bool(seen and seen.to_start and seen.off_since and seen.at > seen.off_since)
