"""A snapshot proven: every file read back, all of it loaded, every item held against the ledger at the snapshot's position."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import orjson

from controller.aws.items import WireItem, canonical_wire
from controller.engine.installation.installation import Installation
from controller.engine.snapshots.contents import check_home, observed_in
from controller.engine.snapshots.roll_forward import entries
from controller.errors import Conflict, DamagedState
from controller.events import Emit, SnapshotProgressed, SnapshotVerified, discard_event
from controller.ledger.chain import Finding, FindingKind
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.outside_record import GAP
from controller.ledger.queries import LedgerReader
from controller.ledger.records import EntityKey, iso_ms
from controller.ledger.replay import Replay, step_of
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.model.observed import CONFIG_SCOPE
from controller.snapshots.manifest import VERIFIED, Manifest
from controller.snapshots.read import read_table
from controller.snapshots.store import SnapshotStore
from controller.snapshots.write import ItemKey

_TOLD_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """A snapshot that is whole. ``differing`` are items that are otherwise there than the ledger says: changed past it."""

    manifest: Manifest
    objects: int
    differing: tuple[Finding, ...]


def verify_snapshot(
    installation: Installation,
    store: SnapshotStore,
    manifest: Manifest,
    emit: Emit = discard_event,
) -> Verdict:
    """Read all of a snapshot back and compare it with the ledger; keep beside it that it was verified.

    Raises DamagedState for what is not as it was written or cannot be loaded, WrongUsage for a snapshot of another
    installation, and as reading the store and the ledger.
    """
    master = installation.master
    check_home(manifest, installation, master.aws.own_account())
    progress = _Progress(manifest, emit)
    found = list(_digests(store, manifest, progress))
    # Copies are not in the ledger as they are: that each file is whole is what can be told of them.
    for table in (file for copies in manifest.accounts for file in copies.tables):
        for _ in read_table(store, manifest, table):
            progress.one_more()
    replay = _replayed(installation.ledger, manifest)
    # What went past the ledger and was overcome before the snapshot is none of its own.
    differing = tuple(f for f in replay.compare(found) if f.kind is not FindingKind.OVERCOME)
    objects = observed_in(store, manifest, master.kinds).objects
    verdict = Verdict(manifest, len(objects), differing)
    _keep(store, verdict)
    emit(SnapshotVerified(manifest.id, manifest.items, len(differing)))
    return verdict


def _replayed(ledger: LedgerReader, manifest: Manifest) -> Replay:
    """Follow the records to the snapshot: what others did until it was read first, then what the controller did.

    What others did is read into the ledger after it was done, so that their records may be younger than the snapshot.
    """
    settled = {CONFIG_SCOPE: manifest.position}
    # It asks at each step what is settled by then.
    replay = Replay(settled)
    stood = {anchor.scope: anchor.sequence for anchor in manifest.anchors}
    for table in manifest.tables:
        scope, reached = STREAM_PREFIX + table.name, 0
        for sequence, record in entries(ledger, scope):
            reached = sequence
            when = _when(manifest, record)
            if when is _When.AFTER:
                continue
            if when is _When.BEFORE:
                settled[scope] = sequence
            _follow(replay, sequence, record)
        _check_reached(manifest, scope, stood.get(scope, 0), reached)
    reached = 0
    for sequence, record in entries(ledger, CONFIG_SCOPE, until=manifest.position):
        reached = sequence
        _follow(replay, sequence, record)
    _check_reached(manifest, CONFIG_SCOPE, manifest.position, reached)
    return replay


class _When(Enum):
    """When a change by others was made: before the tables were read, meanwhile, or after."""

    BEFORE = auto()
    MEANWHILE = auto()
    AFTER = auto()


def _when(manifest: Manifest, record: WireItem) -> _When:
    """Tell when a change by others was made. One found by comparing was made at no known moment: as good as before."""
    cause, at = record.get("Cause", {}).get("S"), record.get("ISOTimestamp", {}).get("S", "")
    # Moments of records have one form, in which text sorts as time does; those of streams are whole seconds.
    if cause == GAP or at < iso_ms(manifest.created_at.replace(microsecond=0)):
        return _When.BEFORE
    until = manifest.read_until or manifest.created_at
    return _When.MEANWHILE if at <= iso_ms(until) else _When.AFTER


def _follow(replay: Replay, sequence: int, record: WireItem) -> None:
    step = step_of(sequence, record)
    if step is not None:
        replay.add(step)


def _check_reached(manifest: Manifest, scope: str, stood: int, reached: int) -> None:
    if reached < stood:
        raise DamagedState(
            f"snapshot {manifest.id}: it was taken at record #{stood:,} of scope {scope},"
            f" and the ledger ends at #{reached:,}",
            fix="envctl audit verify tells what is missing in the ledger",
        )


@dataclass(slots=True)
class _Progress:
    """Tells now and then how many items were read."""

    manifest: Manifest
    emit: Emit
    done: int = 0

    def one_more(self) -> None:
        self.done += 1
        if self.done % _TOLD_EVERY == 0:
            self.emit(SnapshotProgressed("verified", self.done, self.manifest.items))


def _digests(
    store: SnapshotStore, manifest: Manifest, progress: _Progress
) -> Iterator[tuple[EntityKey, str]]:
    """Read every file of the master's tables to its end; yield each item with the digest of its full image, as records have it."""
    for table in manifest.tables:
        of_ledger = table.name == LEDGER_TABLE.name
        for item in read_table(store, manifest, table):
            progress.one_more()
            if not of_ledger:
                key: ItemKey = tuple(item[part.name][part.type] for part in table.key)
                digest = hashlib.sha256(canonical_wire(item)).hexdigest()
                yield EntityKey(manifest.prefix + table.name, *key), digest


def _keep(store: SnapshotStore, verdict: Verdict) -> None:
    found = {"objects": verdict.objects, "differing": len(verdict.differing)}
    try:
        store.put(f"{verdict.manifest.id}/{VERIFIED}", orjson.dumps(found))
    except Conflict:
        # It was verified before, and the ledger is read otherwise by now: it stays verified.
        return
