"""The manifest of a snapshot: what it holds, of when and where, and how each of its files must look.

It is written last, so what has none is no snapshot but a torn one. Files of a snapshot lie below its id:
``<id>/manifest.json``, ``<id>/<Table>.json.gz``, ``<id>/accounts/<account>/<region>/<Table>.json.gz`` for tables of accounts,
and ``<id>/verified.json`` once all of it was read back and compared.
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from controller.aws.errors import NotFound
from controller.errors import DamagedState, WrongUsage
from controller.snapshots.store import SnapshotStore, read_all

FORMAT: Final = 1
"""Version of files and manifest; a snapshot of a newer one is refused."""
MANIFEST: Final = "manifest.json"
VERIFIED: Final = "verified.json"
MOST_BYTES: Final = 4 << 20
"""So much is read of a manifest."""
OVERRIDES: Final = "overrides"
"""The file of the overrides' rows, which share a table with rows that are never put back."""
_ID: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_NAME = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,254}$")]
_DIGEST = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_ACCOUNT = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
_REGION = Annotated[str, Field(pattern=r"^[a-z]{2}[a-z0-9-]{1,30}$")]
_FOLDER = Annotated[str, Field(pattern=r"^(accounts/[0-9]{12}/[a-z]{2}[a-z0-9-]{1,30}/)?$")]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore"
    )


class KeyPart(_Part):
    """One attribute of a table's key."""

    name: str
    type: Literal["S", "N"]


class TableFile(_Part):
    """One file: a JSON array, one item a line in DynamoDB's own JSON, compressed with gzip."""

    name: _NAME
    """Logical name of the table."""
    items: Annotated[int, Field(ge=0)]
    sha256: _DIGEST
    """Of the file's bytes as they are stored."""
    bytes: Annotated[int, Field(ge=0)]
    """Length of what comes out of gzip."""
    stored_bytes: Annotated[int, Field(ge=0)]
    key: tuple[KeyPart, ...]
    folder: _FOLDER = ""
    """Below the snapshot's id; empty for the master's tables."""

    @property
    def file(self) -> str:
        """Its name below the snapshot's id."""
        return f"{self.folder}{self.name}.json.gz"


class Anchor(_Part):
    """Where a scope's ledger stood: nothing before it can be rewritten unseen by whoever has this."""

    scope: str
    sequence: Annotated[int, Field(ge=0)]
    hash: str
    epoch: int


class AccountTables(_Part):
    """The tables of one account and region, copies of the master's, as they were scanned. ``wrong`` says why some are not there."""

    scope: str
    account: _ACCOUNT
    region: _REGION
    tables: tuple[TableFile, ...] = ()
    wrong: str = ""

    @property
    def items(self) -> int:
        """How many items they hold."""
        return sum(table.items for table in self.tables)


class Manifest(_Part):
    """Everything about one snapshot but the items."""

    format: int
    id: str
    installation: str
    account: _ACCOUNT
    region: str
    prefix: str
    """What stood before every table's name."""
    controller_version: str
    created_at: AwareDatetime
    read_until: AwareDatetime | None = None
    """Nothing that was changed past the ledger later is in it; None where that was not noted."""
    created_by: str
    revision: str
    """The revision that the tables held, as far as that was known."""
    position: Annotated[int, Field(ge=0)]
    """Sequence of the config scope's ledger: the items are the tables as they were right after that record."""
    unverified: tuple[str, ...] = ()
    """Items that somebody changed past the ledger while the tables were read: as they were found afterwards."""
    anchors: tuple[Anchor, ...]
    tables: tuple[TableFile, ...]
    accounts: tuple[AccountTables, ...] = ()
    """Tables of accounts, where they were asked for."""

    @property
    def files(self) -> tuple[TableFile, ...]:
        """Every table's file, those of accounts too."""
        return (*self.tables, *(table for found in self.accounts for table in found.tables))

    @property
    def stored_bytes(self) -> int:
        """What its files take together."""
        return sum(table.stored_bytes for table in self.files)

    @property
    def items(self) -> int:
        """How many items of all tables it holds."""
        return sum(table.items for table in self.files)

    @property
    def keys(self) -> tuple[str, ...]:
        """Its objects in the store, the manifest first: without that the rest is no snapshot."""
        files = (MANIFEST, VERIFIED, *(table.file for table in self.files))
        return tuple(f"{self.id}/{file}" for file in files)


def new_snapshot_id(at: datetime) -> str:
    """Return an id that sorts by time: ``20261128T020000Z-0fa91c``, where ``0fa`` are milliseconds, and the rest is random."""
    random = secrets.token_hex(2)[:3]
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{at.microsecond // 1000:03x}{random}"


def is_snapshot_id(text: str) -> bool:
    """Tell whether a text is an id in form."""
    return _ID.fullmatch(text) is not None


def dump_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as it is stored: indented JSON."""
    return manifest.model_dump_json(by_alias=True, indent=2).encode() + b"\n"


def read_manifest(store: SnapshotStore, snapshot: str) -> Manifest:
    """Read the manifest of a snapshot.

    Raises WrongUsage if there is no such snapshot or its format is newer than ours, DamagedState if it is damaged, and as
    reading the store.
    """
    if not is_snapshot_id(snapshot):
        raise WrongUsage(
            f"{snapshot!r} is no id of a snapshot", fix="envctl snapshot list shows those there are"
        )
    try:
        data = read_all(store, f"{snapshot}/{MANIFEST}", MOST_BYTES)
    except NotFound as error:
        raise WrongUsage(
            f"snapshot {snapshot}: there is none in {store.name}, or its creation did not come to its end",
            fix="envctl snapshot list shows those there are",
        ) from error
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "its JSON"
        raise DamagedState(
            f"snapshot {snapshot}: its manifest is damaged: {where}: {first['msg']}",
            fix="name another snapshot: envctl snapshot list shows those there are",
        ) from error
    if manifest.format > FORMAT:
        raise WrongUsage(
            f"snapshot {snapshot}: it has format {manifest.format}, this controller knows up to {FORMAT}",
            fix=f"use a controller at least as new as {manifest.controller_version}, which made it",
        )
    if manifest.id != snapshot:
        raise DamagedState(
            f"snapshot {snapshot}: its manifest is that of {manifest.id}",
            fix="somebody moved it: put it back, or name another snapshot",
        )
    return manifest
