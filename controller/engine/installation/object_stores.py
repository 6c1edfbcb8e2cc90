"""The store that the settings name for snapshots, anchors and old records of the ledger."""

from pathlib import Path

from controller.aws.sessions import MASTER, AwsAccess
from controller.place_settings import SnapshotSettings
from controller.snapshots.bucket import BucketStore
from controller.snapshots.folder import FolderStore
from controller.snapshots.store import SnapshotStore


def named_store(settings: SnapshotSettings, aws: AwsAccess) -> SnapshotStore | None:
    """Return the store, None if the settings name none. No call is made."""
    if settings.folder is not None:
        return FolderStore(Path(settings.folder))
    if settings.bucket is not None:
        client = aws.client("s3", MASTER)
        return BucketStore(client, settings.bucket, settings.prefix.strip("/"))
    return None
