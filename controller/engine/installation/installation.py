"""One installation: its id, the tables of its master account, and everything that works on them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from controller.aws.blob_store import Bound, S3BlobStore, read_object
from controller.aws.errors import NotFound, TableMissing
from controller.aws.sessions import MASTER, AwsAccess
from controller.aws.tables import DynamoStore
from controller.engine.commit.lease import Leases
from controller.engine.commit.storage import Storage
from controller.engine.installation.object_stores import named_store
from controller.engine.installation.process_context import ProcessContext
from controller.errors import DamagedState, WrongUsage
from controller.kinds.language.kind import Kind
from controller.ledger.archived.archive import ARCHIVES_ROW, Archive
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.older_records import OLDER_ROW, OlderRecords
from controller.ledger.queries import LedgerReader
from controller.ledger.redaction import redactor
from controller.loading.documents import parse_documents
from controller.loading.positions import Positions
from controller.model.canonical import ABSENT
from controller.settings import Settings, read_settings, setting_paths, variable_of
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.tables import Tables
from controller.variables import CONFIG_VARIABLE, ENVIRONMENT

INSTALLATION_KEY = {"Id": "installation"}
"""The row of EnvctlState that holds the id of the installation its tables belong to; none before the first bootstrap."""
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
            stop=process.interruption.asked,
        )
        self.client = self.aws.client("dynamodb", MASTER)
        """The client of the master's tables."""
        self.store = DynamoStore(self.client)
        self.state_table = settings.resource_prefix + STATE_TABLE.name
        """The name EnvctlState goes by."""


class Installation:
    """A master account whose tables have been set up, and the id made then."""

    def __init__(self, id_: str, master: Master) -> None:
        """Take both. No call is made."""
        self.id, self.master = id_, master
        prefix, snapshots, blobs = master.settings.resource_prefix, master.settings.snapshots, None
        if snapshots.bucket is not None:
            client = master.aws.client("s3", MASTER)
            blobs = S3BlobStore(client, snapshots.bucket, f"{snapshots.prefix}/{_IMAGES}")
        self.archive = Archive(
            lambda: master.store.get(master.state_table, ARCHIVES_ROW),
            lambda: named_store(snapshots, master.aws),
        )
        """What was moved out of the audit table, as it was too old."""
        ledger = prefix + LEDGER_TABLE.name
        older = OlderRecords(
            master.client, ledger, lambda: master.store.get(master.state_table, OLDER_ROW)
        )
        self.ledger = LedgerReader(master.client, ledger, blobs, self.archive, older)
        """What answers from the audit table and from the archive, and knows where images are kept that no record can hold."""
        self.tables = Tables(
            master.store,
            master.kinds.values(),
            installation=id_,
            prefix=prefix,
            history=self.ledger,
        )
        """The config tables as a target."""
        process = master.process
        self.leases = Leases(master.store, master.state_table, ledger, process.clock, process.sleep)
        """Who owns which scope."""

    def storage(self) -> Storage:
        """Return what writes are made with. Asks AWS who we are, once. Raises as any call."""
        master, kinds = self.master, self.master.kinds.values()
        account = master.aws.own_account()
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
            interruption=master.process.interruption,
            principal=master.aws.caller_arn(),
            redact=redactor(kinds, self.id),
            blobs=self.ledger.blobs,
        )


def find_installation(master: Master) -> Installation:
    """Return the installation whose tables these are. Raises TableMissing before the first bootstrap, and as any read."""
    row = master.store.get(master.state_table, INSTALLATION_KEY)
    if row is None:
        raise TableMissing(
            f"tables: {master.state_table} names no installation: its set-up did not come to its end",
            fix="run envctl bootstrap; it goes on where it stopped, or says what is lost",
        )
    return Installation(id_in(row, master.state_table), master)


def installation_lost(table: str) -> DamagedState:
    """Return the error that an installation was at work here, and the row with its id is gone: with another id nothing would be ours."""
    row = '{"Id": {"S": "installation"}, "Installation": {"S": "ID"}}'
    return DamagedState(
        f"tables: {table} has lost its row {INSTALLATION_KEY['Id']!r}, and there are records of an installation",
        fix=f"put it back: aws dynamodb put-item --table-name {table} --item '{row}'; every item of ours has its ID in Managed, as By",
    )


def id_in(row: Mapping[str, Any], table: str) -> str:
    """Return the installation's id from its row. Raises DamagedState where somebody took it out."""
    found = row.get("Installation")
    if not isinstance(found, str) or not found:
        raise DamagedState(
            f"tables: the row {INSTALLATION_KEY['Id']!r} of {table} has lost its id",
            fix="write its attribute Installation again: every item of ours has it in Managed, as By",
        )
    return found


S3 = "s3://"
DEFAULT = "default"


def open_settings(name: str | None, process: ProcessContext) -> Settings:
    """Read the settings: those named, else those of ENVCTL_CONFIG, else the defaults. Raises as ``read_settings``."""
    name = name or process.environment.get(CONFIG_VARIABLE)
    if not name:
        return read_settings(ENVIRONMENT, b"", process.environment)
    settings = read_settings(name, read_named(name, "settings", process), process.environment)
    if name.startswith(S3):
        return settings
    here = Path(name).resolve().parent
    source, snapshots, http = settings.source, settings.snapshots, settings.http
    observed = settings.observed
    if source.folder is not None:
        source = source.model_copy(update={"folder": str(here / source.folder)})
    if snapshots.folder is not None:
        snapshots = snapshots.model_copy(update={"folder": str(here / snapshots.folder)})
    if observed.folder is not None:
        observed = observed.model_copy(update={"folder": str(here / observed.folder)})
    if http.credentials is not None and "://" not in http.credentials:
        http = http.model_copy(update={"credentials": str(here / http.credentials)})
    found = {"source": source, "snapshots": snapshots, "observed": observed, "http": http}
    return settings.model_copy(update=found)


def reading_access(process: ProcessContext, region: str) -> AwsAccess:
    """Return the way to AWS of what is read before the installation is known. No call is made."""
    return AwsAccess(
        region=region,
        installation="reader",
        instance=process.instance,
        allowed_role_names=(),
        clock=process.clock,
    )


SETTINGS_BOUND: Final = Bound(4 << 20, "settings")
OBSERVED_BOUND: Final = Bound(512 << 20, "an observed state")
PLAN_BOUND: Final = Bound(256 << 20, "a plan file")


def read_named(
    name: str, what: str, process: ProcessContext, bound: Bound = SETTINGS_BOUND
) -> bytes:
    """Return the bytes of a path or of ``s3://bucket/key``; ``what`` is how messages call it: ``settings``.

    Raises WrongUsage for a path that cannot be read or is too long for what it is, and as any call.
    """
    if name.startswith(S3):
        access = reading_access(process, process.region)
        try:
            with access.telling_who():
                return read_object(access.client("s3", MASTER), name, bound)
        except NotFound as error:
            fix = f"aws s3 cp {Path(name).name} {name}"
            raise NotFound(error.message, error.aws_code, detail=error.detail, fix=fix) from error
    try:
        with Path(name).open("rb") as file:
            content = file.read(bound.most + 1)
    except OSError as error:
        raise WrongUsage(
            f"{what} {name}: cannot be read: {error.strerror}",
            fix="name a file that exists, or s3://BUCKET/KEY",
        ) from error
    return content if len(content) <= bound.most else bound.check(content, name)


class SettingLine(NamedTuple):
    """``path`` as in the file (``guards.maxDeletes``); ``value`` plain JSON; ``origin`` ``default``, ``file:line`` or a variable."""

    path: str
    value: Any
    origin: str


def settings_with_origins(
    name: str | None, settings: Settings, process: ProcessContext
) -> tuple[SettingLine, ...]:
    """Return every setting, in the order of the reference. ``name`` is the file the command names. Raises as ``read_named``."""
    environment = process.environment
    name = name or environment.get(CONFIG_VARIABLE)
    data = read_named(name, "settings", process) if name else b""
    return tuple(setting_lines(name or "", data, settings, environment))


def setting_lines(
    name: str, data: bytes, settings: Settings, environment: Mapping[str, str]
) -> Iterator[SettingLine]:
    """Yield every setting. ``data`` is the text the settings were read from. Secrets are references, so all may be shown."""
    given = parse_documents(data)[0].value if data.strip() else {}
    positions = Positions(data)
    values = settings.model_dump(mode="json", by_alias=True)
    for path in setting_paths(Settings):
        origin = DEFAULT
        if variable_of(path) in environment:
            origin = variable_of(path)
        elif _at(given, path) is not ABSENT:
            origin = f"{name}:{positions.locate(0, path, key=True).origin(name).line}"
        value = _at(values, path)
        yield SettingLine(".".join(path), None if value is ABSENT else value, origin)


def _at(values: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path; ABSENT below a part that is not given."""
    for step in path:
        if not isinstance(values, dict) or step not in values:
            return ABSENT
        values = values[step]
    return values
