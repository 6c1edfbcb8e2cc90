"""What every write of an installation is made with, and what the records of one run say of it."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from controller.aws.tables import ItemStore
from controller.engine.commit.interruption import Interruption
from controller.engine.commit.lease import Leases
from controller.ledger.large_images import BlobStore
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import Redact
from controller.model.ledger_record import Actor, Approved
from controller.model.plan import Violation
from controller.model.printable import in_short
from controller.model.ref import Authorship, ResourceRef
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where an installation keeps its items, its heads and their records. ``clock`` gives aware time, ``sleep`` takes seconds."""

    store: ItemStore
    installation: str
    """Its id, which marks of items carry; empty before it has one."""
    prefix: str
    tables: Mapping[str, TableDefinition]
    """The config tables, by logical name."""
    table_arn: Callable[[str], str]
    """Logical table name -> ARN."""
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    principal: str = ""
    """ARN of who writes, as AWS says."""
    redact: Redact = lambda _table, image: image
    """Takes sensitive values out of what records keep."""
    blobs: BlobStore | None = None
    """Keeps images that are too large for a record."""
    interruption: Interruption = field(default_factory=Interruption)
    """Whether whoever writes was asked to end."""

    def physical(self, table: str) -> str:
        """Return the name a logical table goes by in DynamoDB."""
        return self.prefix + table

    @property
    def leases(self) -> Leases:
        """Who owns which scope."""
        state, ledger = map(self.physical, (STATE_TABLE.name, LEDGER_TABLE.name))
        sleep = partial(self.interruption.pause, self.sleep)
        return Leases(self.store, state, ledger, self.clock, sleep)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """Who applies, and what: as items and records say it. ``transaction`` names the run in the ledger."""

    actor: Actor
    transaction: str
    revision: str = ""
    plan_digest: str = ""
    approvals: Mapping[ResourceRef, tuple[Approved, ...]] = field(default_factory=dict)
    """What let changes through that a guard refused, by object."""


def actor_of(
    applier: Actor, author: Authorship, principal: str, approvals: tuple[Approved, ...]
) -> Actor:
    """Return the actor of one record: who applies, and who made the desired value what it is. Without an author it is who applies."""
    actor = replace(applier, principal=principal, approvals=approvals)
    if not author.author:
        return actor
    return replace(
        actor,
        author=in_short(author.author),
        # Nobody's commit: the revision that is applied.
        commit=author.commit or applier.commit,
        subject=in_short(author.subject),
        merged_by=in_short(author.merged_by),
        pull_request=in_short(author.pull_request),
    )


def approvals_of(
    violations: Iterable[Violation],
) -> Mapping[ResourceRef, tuple[Approved, ...]]:
    """Return what was approved, by the objects whose changes it let through."""
    found: dict[ResourceRef, tuple[Approved, ...]] = {}
    for violation in violations:
        if violation.overridden:
            approval = Approved(violation.token, in_short(violation.approved_by))
            for ref in violation.counted:
                found[ref] = (*found.get(ref, ()), approval)
    return found


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_RANDOM_BITS = 80


def new_run_id(at: datetime) -> str:
    """Return a ULID: 48 bits of milliseconds and 80 random bits in 26 letters and digits none of which look alike."""
    value = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range((_LENGTH - 1) * 5, -1, -5))
