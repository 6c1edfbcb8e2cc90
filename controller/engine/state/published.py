"""Looks at scopes, published where plans of others find them: a file for each scope, never replaced by an older look."""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple
from urllib.parse import quote

from controller.aws.blob_store import Bound
from controller.aws.errors import NotFound
from controller.aws.sessions import MASTER, AwsAccess
from controller.errors import Conflict, WrongUsage
from controller.place_settings import ObservedSettings
from controller.planning.look_json import PublishedLook, read_look, write_look
from controller.redactor import REDACTOR
from controller.snapshots.replaceable import BucketFiles, FolderFiles, ReplaceableFiles
from controller.sources.s3_listing import parse_s3_location

RENEWED_AFTER: Final = timedelta(minutes=30)
"""A look that shows nothing new is published once it is so much younger than the one that is there."""
BELIEVED_FOR: Final = timedelta(hours=1)
"""A look that is older than another by so much by their clocks does not stay, whatever is counted: counts begin anew where rows are lost."""
CLOCKS_APART: Final = timedelta(minutes=5)
"""A look that is of a moment so much later than now was taken by no controller."""
MAX_TRIES: Final = 5
"""So often it is looked what is there, others replacing it meanwhile."""
_COMPRESSED: Final = Bound(64 << 20, "a look")
_WHOLE: Final = Bound(512 << 20, "a look")
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def key_of(scope: str) -> str:
    """Return a scope's file below the place: ``acme/eu-west-1.json.gz``. What is no plain letter in a name is spelled out."""
    parts = [quote(part, safe="").replace("%", "=") for part in scope.split("/")]
    return (
        "/".join(f"=2E{part[1:]}" if part.startswith(".") else part for part in parts) + ".json.gz"
    )


def place_in(settings: ObservedSettings, access: AwsAccess) -> ReplaceableFiles | None:
    """Return where looks are published; None if the settings name no place. No call is made."""
    if settings.folder is not None:
        return FolderFiles(Path(settings.folder))
    if settings.bucket is not None:
        client = access.client("s3", MASTER, settings.region)
        return BucketFiles(client, settings.bucket, settings.prefix.strip("/"))
    return None


def place_at(text: str, access: AwsAccess) -> ReplaceableFiles:
    """Return the place a person names: ``s3://BUCKET/PREFIX`` or a folder. No call is made. Raises WrongUsage."""
    if not text.startswith("s3://"):
        return FolderFiles(Path(text))
    location = parse_s3_location(text)
    return BucketFiles(access.client("s3", MASTER), location.bucket, location.prefix)


def read_published(files: ReplaceableFiles, scope: str) -> PublishedLook:
    """Return the look at a scope. Raises NotFound if there is none, WrongUsage for what is none, and as any read."""
    name = f"{files.name}/{key_of(scope)}"
    look = _look_in(files.read(key_of(scope), _COMPRESSED).content, name)
    if look.scope != scope or (look.config is not None and look.config.scope != scope):
        raise WrongUsage(
            f"{name}: it is a look at another scope",
            fix="let the controller look again; nobody else writes there",
        )
    return look


class _Known(NamedTuple):
    """What this process has published: which file, and what was in it."""

    version: str
    digest: str
    look: PublishedLook


@dataclass(eq=False)
class LookPublisher:
    """Publishes looks of one installation. Thread-safe. ``epoch`` reads that of a scope's head, 0 if there is none; ``clock`` gives aware time."""

    files: ReplaceableFiles
    epoch: Callable[[str], int]
    clock: Callable[[], datetime]
    _known: dict[str, _Known] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def publish(self, look: PublishedLook) -> bool:
        """Publish a look with the epoch of now, unless it shows nothing new; tell whether it was published.

        One that is older than the one that is there is not, and neither is one that a newer controller wrote replaced. Secrets that
        this process knows are not in it. Raises Conflict if others replace it all the time, and as any call.
        """
        digest = hashlib.sha256(_written(_timeless(look))).hexdigest()
        known = self._known.get(look.scope)
        if known and known.digest == digest and look.at - known.look.at < RENEWED_AFTER:
            return False
        look = replace(look, epoch=self.epoch(look.scope))
        content = gzip.compress(_written(look), mtime=0)
        key, version = key_of(look.scope), known.version if known else None
        if known and _stays(known.look, look):
            return False
        for _ in range(MAX_TRIES):
            try:
                version = self.files.replace(key, content, version)
            except (Conflict, NotFound):
                version, is_newer = self._there(look)
                if is_newer:
                    return False
            else:
                with self._lock:
                    self._known[look.scope] = _Known(version, digest, look)
                return True
        raise Conflict(
            f"looks: {self.files.name}/{key}: others replace it all the time",
            fix="see that one installation alone publishes there",
        )

    def _there(self, look: PublishedLook) -> tuple[str | None, bool]:
        """Return the version of what is there, and whether it is to stay."""
        try:
            held = self.files.read(key_of(look.scope), _COMPRESSED)
        except NotFound as error:
            if error.aws_code == "NoSuchBucket":
                raise
            return None, False
        try:
            there = _look_in(held.content, key_of(look.scope))
        except WrongUsage:
            # Nobody can plan from it.
            return held.version, False
        return held.version, _stays(there, look) and self._can_be(there, look)

    def _can_be(self, there: PublishedLook, look: PublishedLook) -> bool:
        """Tell whether a controller can have published what is newer than our look: no clock is so far ahead, no head so far on."""
        return there.at - self.clock() <= CLOCKS_APART and there.epoch <= self.epoch(look.scope)


def _stays(there: PublishedLook, look: PublishedLook) -> bool:
    return there.order > look.order and look.at - there.at < BELIEVED_FOR


def _timeless(look: PublishedLook) -> PublishedLook:
    live = None if look.live is None else replace(look.live, at=_NEVER)
    return replace(look, at=_NEVER, epoch=0, looks=0, live=live)


def _written(look: PublishedLook) -> bytes:
    return REDACTOR.redact_bytes(write_look(look))


def _look_in(content: bytes, name: str) -> PublishedLook:
    try:
        with gzip.GzipFile(fileobj=BytesIO(content)) as file:
            data = _WHOLE.read(file, name)
    except (OSError, EOFError, zlib.error) as error:
        raise WrongUsage(
            f"{name}: no look: it is not compressed, or not whole",
            fix="name the place where envctl publishes looks (observed: in its settings)",
        ) from error
    return read_look(data, name)
