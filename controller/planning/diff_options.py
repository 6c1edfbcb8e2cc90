"""What a comparison of desired and observed has to know besides the two."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from controller.kinds.language.kind import Kind
from controller.model.plan import Cause, Change, Note
from controller.model.ref import Origin, ResourceRef
from controller.planning.fields import PLAIN_NAMES, FieldNames

NO_REFS: frozenset[ResourceRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """Everything that decides how two states are compared. ``now`` is aware.

    ``suspended`` objects are left as they are; ``left`` names single fields (YAML paths) that are. ``overridden``
    objects have values from an override. ``unrecorded`` carry our mark but the ledger has no create or adoption of
    ours: they are never pruned. ``edited_as`` is the cause of what differs from what was last applied: ``edited``, or
    ``restored``, ``rolledBack``, ``replicated`` where the desired state comes from there. ``leaving_because`` says why an
    object leaves although the YAML has it.
    """

    target: str
    now: datetime
    installation: str = ""
    """Our id, by which a copied item of ours is told from one of another installation; empty if not known."""
    kinds: Mapping[str, Kind[Any]] = field(default_factory=dict)
    adopt: bool = False
    suspended: AbstractSet[ResourceRef] = NO_REFS
    left: Mapping[ResourceRef, tuple[str, ...]] = field(default_factory=dict)
    overridden: AbstractSet[ResourceRef] = NO_REFS
    unrecorded: AbstractSet[ResourceRef] = NO_REFS
    removed_outside: AbstractSet[ResourceRef] = NO_REFS
    """What is not there although the ledger's last record is a create, adoption or update of ours: drift."""
    edited_as: Cause = Cause.EDITED
    leaving_because: Mapping[ResourceRef, str] = field(default_factory=dict)
    origins: Mapping[ResourceRef, Origin] = field(default_factory=dict)
    names: FieldNames = PLAIN_NAMES


class DiffResult(NamedTuple):
    """Changes (in no particular order yet), notes on what is not changed, and desired objects kept from existing."""

    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
    withheld: frozenset[ResourceRef] = NO_REFS
