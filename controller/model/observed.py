"""What a target holds: found objects with their marks, and scopes that could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from controller.model.reason import NO_REASON, Reason
from controller.model.ref import ResourceRef

CONFIG_SCOPE: Final = "config"
"""The scope of the master's tables; comes first in every plan."""


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


class Ownership(StrEnum):
    """Whose an observed object is."""

    OURS = "ours"
    LOST_MARK = "lost mark"
    """No mark, but the ledger's last record for its key is ours: drift, healed."""
    FOREIGN = "foreign"
    """A mark that fits nothing here: reported, never touched."""
    UNMANAGED = "unmanaged"
    """No mark and no record: reported, adopted only when asked."""


@dataclass(frozen=True, slots=True)
class Observation:
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
