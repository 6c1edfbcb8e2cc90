"""One line of the ledger: a change of one item, chained to the one before it; the write it tells of, and the scope's head.

A head says who owns a scope, and where its ledger stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from controller.model.ref import Authorship, ResourceRef

Phase = Literal["done", "intended", "succeeded", "failed", "baseline", "gap"]


class Requester(NamedTuple):
    """Who or what asked for a run, and what made it begin: ``apply``, ``override``, ``schedule``."""

    name: str
    trigger: str
    host: str = ""
    """Of a command: the user it ran as and the machine, ``ada@laptop``."""

    def as_applier(self, commit: str = "", author: str = "") -> "Actor":
        """Return who applies, before it is known whose doing each change is."""
        return Actor(author, commit, self.name, self.trigger, host=self.host)


class Approved(NamedTuple):
    """A violation that was approved, as ``guard@digest``, and who approved it by what."""

    token: str
    by: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose doing a change was, and who or what applied it. ``author`` and ``applied_by`` are claimed, ``principal`` is what AWS says."""

    author: str
    commit: str
    applied_by: str
    trigger: str
    principal: str = ""
    """ARN of the caller, as GetCallerIdentity gave it; empty in records from before it was kept."""
    role: str = ""
    """Of a live change: ARN of the role it was made with."""
    subject: str = ""
    """Why: the subject of the author's commit, or an override's reason."""
    merged_by: str = ""
    """Who merged the author's commit, where the revision is a merge."""
    pull_request: str = ""
    """The request it came by, as the commit or its merge names it: a hint."""
    host: str = ""
    """The user a command ran as, and on which machine: as that says."""
    approvals: tuple[Approved, ...] = ()
    """What let the change through although a guard refused it."""


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """Shape of the InfraChangeAudit item, as a value.

    ``old_value`` and ``new_value`` are images without ``Audit`` and ``Managed``, which are in ``old_meta`` and ``new_meta``;
    ``before`` and ``after`` are digests of the full images (empty where there is none).
    """

    audit_id: str
    source: str
    """ARN, or where it is not known the name, of the table."""
    scope: str
    sequence: int
    previous_hash: str
    hash: str
    phase: Phase
    cause: str
    change_type: Literal["Created", "Updated", "Deleted", "Baseline", "Gap"]
    entity_type: str
    entity_key: str
    entity_range: str | None
    entity_version: int | None
    iso_timestamp: str
    transaction_id: str
    changed_by: str
    actor: Actor
    plan_digest: str
    origin: str
    before: str
    after: str
    old_value: Mapping[str, Any] | None
    new_value: Mapping[str, Any] | None
    old_meta: Mapping[str, Any] = field(default_factory=dict)
    new_meta: Mapping[str, Any] = field(default_factory=dict)
    account: str = ""
    """Of a live change: the account it was made in, twelve digits."""
    request_id: str = ""
    """Of a live change that succeeded: AWS's id of the request that made it."""
    intended: str = ""
    """Of what became of a live change: the record that announced it."""


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """Full images, ``Audit`` and ``Managed`` included, as plain values; None where there is no item.

    ``table`` is the logical name. ``origin`` is ``path:line`` of the document, of an override what it is of, empty if none asked for the change.
    """

    table: str
    key: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    ref: ResourceRef
    cause: str
    origin: str
    authorship: Authorship


LEDGER_FORMAT = 1
"""Version of the records and the hash; a controller that knows less than a head's format leaves the scope alone."""


@dataclass(frozen=True, slots=True)
class Head:
    """Row ``head#<scope>`` of EnvctlState.

    ``epoch`` rises each time ownership is taken; ``sequence`` and ``last_hash`` are those of the newest record;
    ``lease_until`` is epoch milliseconds.
    """

    scope: str
    epoch: int
    owner: str
    lease_until: int
    sequence: int
    last_hash: str
    format: int = LEDGER_FORMAT
    last_at: str = ""
    """When the newest record was written, as it says itself; empty in heads from before it was kept."""
    revision: str = ""
    """Of the config scope: the revision last applied to it in full, which is what the tables hold; empty if not known."""
    planned_from: int = 0
    """Of a live scope: the config scope's sequence that its newest records were planned from. Nothing older may act."""
