"""One installation: its id, the tables of its master account, and everything that works on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.aws.blob_store import S3BlobStore
from controller.aws.errors import TableMissing
from controller.aws.sessions import MASTER, AwsAccess
from controller.aws.tables import DynamoStore, ItemStore
from controller.engine.commit.lease import Leases
from controller.engine.commit.storage import Storage
from controller.engine.installation.process_context import ProcessContext
from controller.kinds.language.kind import Kind
from controller.ledger.large_images import BlobStore
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.queries import LedgerReader
from controller.ledger.redaction import redactor
from controller.settings import Settings
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.tables import Tables

if TYPE_CHECKING:
    pass


INSTALLATION_ROW = "installation"
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
        self.client = self.aws.client("dynamodb", MASTER)
        """The client of the master's tables."""
        self.store = DynamoStore(self.client)

    def physical(self, table: str) -> str:
        """Return the name a logical table goes by."""
        return self.settings.resource_prefix + table

    @property
    def blobs(self) -> BlobStore | None:
        """Where images are kept that no record can hold; None if the settings name no bucket."""
        kept = self.settings.snapshots
        if kept.bucket is None:
            return None
        return S3BlobStore(self.aws.client("s3", MASTER), kept.bucket, f"{kept.prefix}/{_IMAGES}")


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
        master, kinds = self.master, self.master.kinds.values()
        account = master.aws.assert_identity(MASTER)
        region, prefix = master.settings.region, master.settings.resource_prefix
        arn = f"arn:{master.client.meta.partition}:dynamodb:{region}:{account}:table/{prefix}"
        return Storage(
            store=master.store,
            installation=self.id,
            prefix=prefix,
            tables={table.name: table for kind in kinds for table in kind.tables},
            table_arn=lambda table: arn + table,
            clock=master.process.clock,
            sleep=master.process.sleep,
            redact=redactor(kinds, self.id),
            blobs=master.blobs,
        )


def read_installation(store: ItemStore, prefix: str) -> str | None:
    """Return the id of the installation these tables belong to; None before the first bootstrap. Raises as any read."""
    row = store.get(prefix + STATE_TABLE.name, {"Id": INSTALLATION_ROW})
    return None if row is None else str(row["Installation"])


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
