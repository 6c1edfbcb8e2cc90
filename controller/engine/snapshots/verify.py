"""A snapshot proven: every file read back, all of it loaded, every item held against the ledger at the snapshot's position."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from controller.aws.items import canonical_wire
from controller.aws.sessions import MASTER
from controller.engine.installation.installation import Installation
from controller.engine.snapshots.contents import check_home, observed_in
from controller.engine.snapshots.roll_forward import entries
from controller.errors import Conflict, DamagedState
from controller.events import Emit, SnapshotProgressed, SnapshotVerified, discard_event
from controller.ledger.chain import Finding, FindingKind
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import EntityKey
from controller.ledger.replay import Replay, step_of
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
    check_home(manifest, installation, master.aws.assert_identity(MASTER))
    found = list(_digests(store, manifest, emit))
    replay, reached = Replay({CONFIG_SCOPE: manifest.position}), 0
    for sequence, record in entries(installation.ledger, 0, manifest.position):
        step = step_of(sequence, record)
        reached = sequence
        if step is not None:
            replay.add(step)
    if reached < manifest.position:
        raise DamagedState(
            f"snapshot {manifest.id}: it was taken at record #{manifest.position:,} of scope config,"
            f" and the ledger ends at #{reached:,}",
            fix="envctl audit verify tells what is missing in the ledger",
        )
    # What went past the ledger and was overcome before the snapshot is none of its own.
    differing = tuple(f for f in replay.compare(found) if f.kind is not FindingKind.OVERCOME)
    objects = observed_in(store, manifest, master.kinds).objects
    verdict = Verdict(manifest, len(objects), differing)
    _keep(store, verdict)
    emit(SnapshotVerified(manifest.id, manifest.items, len(differing)))
    return verdict


def _digests(
    store: SnapshotStore, manifest: Manifest, emit: Emit
) -> Iterator[tuple[EntityKey, str]]:
    """Read every file to its end; yield each item with the digest of its full image, as records have it."""
    done = 0
    for table in manifest.tables:
        of_ledger = table.name == LEDGER_TABLE.name
        for item in read_table(store, manifest, table):
            done += 1
            if done % _TOLD_EVERY == 0:
                emit(SnapshotProgressed("verified", done, manifest.items))
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
