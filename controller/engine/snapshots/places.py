"""Where an installation's snapshots are: the store its settings name, what is in it, and where copies go."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from controller.aws.sessions import MASTER
from controller.engine.installation.installation import Master
from controller.engine.installation.object_stores import named_store
from controller.errors import DamagedState, WrongUsage
from controller.snapshots.bucket import BucketStore
from controller.snapshots.manifest import (
    MANIFEST,
    VERIFIED,
    Manifest,
    is_snapshot_id,
    read_manifest,
)
from controller.snapshots.retention import Known
from controller.snapshots.store import SnapshotStore

LATEST = "latest"
"""Names the newest snapshot that is whole."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One snapshot in a store. ``manifest`` is None where it cannot be used; ``wrong`` then says why."""

    id: str
    at: datetime
    manifest: Manifest | None
    verified: bool
    wrong: str = ""
    has_manifest: bool = True
    """Whether its creation came to its end."""

    @property
    def known(self) -> Known:
        """What retention goes by."""
        return Known(self.id, self.at, self.verified)


def open_store(master: Master) -> SnapshotStore:
    """Return the store of the settings; no call is made. Raises WrongUsage if they name none."""
    store = named_store(master.settings.snapshots, master.aws)
    if store is None:
        raise WrongUsage(
            "the settings name no place for snapshots",
            fix="add snapshots: {bucket: NAME}, or snapshots: {folder: PATH} on a machine without S3",
        )
    return store


def copy_store(master: Master) -> SnapshotStore | None:
    """Return where copies go, None where there are none. No call is made."""
    settings = master.settings.snapshots.copy_to
    if settings.bucket is None:
        return None
    client = master.aws.client("s3", MASTER, settings.region)
    return BucketStore(client, settings.bucket, settings.prefix.strip("/"))


def list_snapshots(store: SnapshotStore) -> tuple[Listed, ...]:
    """Return every snapshot, oldest first, those that cannot be used too. Raises as listing and reading the store."""
    found = _files(store)
    return tuple(_listed(store, snapshot, found[snapshot]) for snapshot in sorted(found))


def newest_proven(store: SnapshotStore) -> Manifest | None:
    """Return the manifest of the newest snapshot that is whole and was verified, None if there is none.

    Reads no more manifests than it takes to find it. Raises as listing and reading the store.
    """
    found = _files(store)
    listed = (
        _listed(store, snapshot, found[snapshot])
        for snapshot in sorted(found, reverse=True)
        if VERIFIED in found[snapshot].names
    )
    return next((known.manifest for known in listed if known.manifest is not None), None)


def find_snapshot(store: SnapshotStore, text: str) -> Manifest:
    """Return the manifest of the snapshot a person names: by id, by the beginning of one, or ``latest``.

    Raises WrongUsage if there is none or several, and as ``read_manifest``.
    """
    if is_snapshot_id(text):
        return read_manifest(store, text)
    whole = [
        snapshot
        for snapshot in _ids(store)
        if text == LATEST or (text and snapshot.startswith(text))
    ]
    if text == LATEST:
        whole = whole[-1:]
    if len(whole) == 1:
        return read_manifest(store, whole[0])
    if whole:
        raise WrongUsage(f"{text!r} may be each of {', '.join(whole[:3])}", fix="name one of them")
    raise WrongUsage(
        f"there is no snapshot {text!r} in {store.name}",
        fix="envctl snapshot list shows those there are; envctl snapshot create takes one",
    )


def _ids(store: SnapshotStore) -> Iterator[str]:
    for file in store.list(""):
        snapshot, _, name = file.key.partition("/")
        if name == MANIFEST and is_snapshot_id(snapshot):
            yield snapshot


@dataclass(slots=True)
class _Files:
    """What a store has of one snapshot: names, and when the last of them was written."""

    written_at: datetime
    names: set[str]


def _files(store: SnapshotStore) -> dict[str, _Files]:
    found: dict[str, _Files] = {}
    for file in store.list(""):
        snapshot, _, name = file.key.partition("/")
        if is_snapshot_id(snapshot):
            files = found.setdefault(snapshot, _Files(file.modified, set()))
            files.names.add(name)
            files.written_at = max(file.modified, files.written_at)
    return found


def _listed(store: SnapshotStore, snapshot: str, found: _Files) -> Listed:
    at, files = found.written_at, found.names
    if MANIFEST not in files:
        wrong = "its creation did not come to its end"
        return Listed(snapshot, at, None, verified=False, wrong=wrong, has_manifest=False)
    try:
        manifest = read_manifest(store, snapshot)
    except (WrongUsage, DamagedState) as error:
        return Listed(snapshot, at, None, verified=False, wrong=error.message)
    missing = [table.file for table in manifest.files if table.file not in files]
    if missing:
        wrong = f"{missing[0]} is missing"
        return Listed(snapshot, manifest.created_at, None, verified=False, wrong=wrong)
    return Listed(snapshot, manifest.created_at, manifest, VERIFIED in files)
