"""What every write of an installation is made with, and what the records of one run say of it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from controller.aws.tables import ItemStore
from controller.engine.commit.interruption import Interruption
from controller.engine.commit.lease import Leases
from controller.ledger.large_images import BlobStore
from controller.ledger.records import Redact
from controller.model.ledger_record import Actor
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
        state = self.physical(STATE_TABLE.name)
        return Leases(self.store, state, self.clock, partial(self.interruption.pause, self.sleep))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """Who applies, and what: as items and records say it. ``transaction`` names the run in the ledger."""

    actor: Actor
    transaction: str
    revision: str = ""
    plan_digest: str = ""


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_RANDOM_BITS = 80


def new_run_id(at: datetime) -> str:
    """Return a ULID: 48 bits of milliseconds and 80 random bits in 26 letters and digits none of which look alike."""
    value = int(at.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range((_LENGTH - 1) * 5, -1, -5))
