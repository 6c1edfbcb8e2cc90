"""One installation: its id, the tables of its master account, and everything that works on them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from controller.aws.blob_store import S3BlobStore
from controller.aws.errors import TableMissing
from controller.aws.sessions import MASTER, AwsAccess
from controller.engine.commit.lease import Claim, Leases
from controller.engine.commit.storage import ApplyRequest, Storage, new_run_id
from controller.engine.installation.bootstrap import (
    BootstrapReport,
    all_tables,
    bootstrap,
    read_installation,
    set_up_tables,
)
from controller.engine.installation.process_context import ProcessContext
from controller.kinds.language.kind import Kind
from controller.ledger.large_images import BlobStore
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.queries import LedgerReader
from controller.ledger.redaction import redactor
from controller.model.ledger_record import Actor, Requester
from controller.settings import Settings
from controller.targets.table_items.definitions import STATE_TABLE, kind_tables
from controller.targets.table_items.store import DynamoStore
from controller.targets.tables import Tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_IMAGES = "images"
"""Folder of the bucket for images of records."""


class Master:
    """The account the controller runs in. Nothing is called before it is used."""

    def __init__(
        self, settings: Settings, process: ProcessContext, kinds: Mapping[str, Kind[Any]]
    ) -> None:
        """Take what says where it is."""
        self.settings = settings
        self.process = process
        self.kinds = kinds
        self.aws = AwsAccess(
            region=settings.region,
            installation="master",
            instance=process.instance,
            allowed_role_names=settings.allowed_role_names,
            clock=process.clock,
        )
        self.store = DynamoStore(self.client)

    @property
    def client(self) -> "DynamoDBClient":
        """The client of the master's tables."""
        return self.aws.client("dynamodb", MASTER)

    def physical(self, table: str) -> str:
        """Return the name a logical table goes by."""
        return self.settings.resource_prefix + table

    def table_arn(self, table: str) -> str:
        """Return the ARN of a logical table; the account is asked for once. Raises as any call."""
        account = self.aws.assert_identity(MASTER)
        partition = self.client.meta.partition
        return f"arn:{partition}:dynamodb:{self.settings.region}:{account}:table/{self.physical(table)}"

    @property
    def blobs(self) -> BlobStore | None:
        """Where images are kept that no record can hold; None if the settings name no bucket."""
        kept = self.settings.snapshots
        if kept.bucket is None:
            return None
        return S3BlobStore(self.aws.client("s3", MASTER), kept.bucket, f"{kept.prefix}/{_IMAGES}")

    def storage(self) -> Storage:
        """Return what writes are made with; the installation is filled in by who knows it. Asks AWS who we are, once."""
        tables = {table.name: table for table in kind_tables(self.kinds.values())}
        arns = {
            name: self.table_arn(name) for name in (*tables, LEDGER_TABLE.name, STATE_TABLE.name)
        }
        return Storage(
            store=self.store,
            installation="",
            prefix=self.settings.resource_prefix,
            tables=tables,
            table_arn=arns.__getitem__,
            clock=self.process.clock,
            sleep=self.process.sleep,
            blobs=self.blobs,
        )


@dataclass(frozen=True, slots=True)
class Installation:
    """A master account whose tables have been set up, and the id made then."""

    id: str
    master: Master

    @property
    def ledger(self) -> LedgerReader:
        """What answers from the audit table."""
        master = self.master
        return LedgerReader(master.client, master.physical(LEDGER_TABLE.name), master.blobs)

    @property
    def tables(self) -> Tables:
        """The config tables as a target."""
        return Tables(
            self.master.store,
            self.master.kinds.values(),
            installation=self.id,
            prefix=self.master.settings.resource_prefix,
            history=self.ledger,
        )

    @property
    def leases(self) -> Leases:
        """Who owns which scope."""
        return Leases(
            self.master.store,
            self.master.physical(STATE_TABLE.name),
            clock=self.master.process.clock,
            sleep=self.master.process.sleep,
        )

    def storage(self) -> Storage:
        """Return what writes are made with. Asks AWS who we are, once. Raises as any call."""
        redact = redactor(self.master.kinds.values(), self.id)
        return replace(self.master.storage(), installation=self.id, redact=redact)


def set_up(master: Master, requester: Requester, *, upgrade: bool = False) -> BootstrapReport:
    """Create what is missing, compare what is there, mend it on ``upgrade``. Raises as ``bootstrap``."""
    kinds = master.kinds.values()
    process = master.process
    definitions = all_tables(kinds, master.settings.resource_prefix)
    tables = set_up_tables(master.client, definitions, upgrade=upgrade)
    request = ApplyRequest(actor=Actor("", "", *requester), transaction=new_run_id(process.clock()))
    return bootstrap(tables, kinds, master.storage(), request, Claim(process.instance))


def find_installation(master: Master) -> Installation:
    """Return the installation whose tables these are. Raises TableMissing before the first bootstrap, and as any read."""
    prefix = master.settings.resource_prefix
    found = read_installation(master.store, prefix)
    if found is None:
        raise TableMissing(
            f"tables: {prefix}{STATE_TABLE.name} names no installation: its set-up did not come to its end",
            fix="run envctl bootstrap; it goes on where it stopped",
        )
    return Installation(found, master)
