"""Documents of snapshots: listed, taken and proven, shown, thinned out, restored."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, TypedDict

from controller.engine.overrides.put_back import PreparedPutBack
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.snapshots.places import Listed
from controller.engine.snapshots.prune import Outdated
from controller.engine.snapshots.restore import PreparedRestore
from controller.engine.snapshots.service import Night
from controller.engine.snapshots.verify import Verdict
from controller.model.observed import ObservedState
from controller.snapshots.manifest import Manifest
from controller.views.documents.envelope import filled
from controller.views.outcomes import ApplyDocument, apply_json
from controller.views.override_text import OverrideObject, list_json


class SnapshotLine(TypedDict):
    """One snapshot of a list."""

    id: str
    at: Annotated[
        datetime, "When it was taken; of one that is broken off, when it was last written."
    ]
    usable: bool
    verified: Annotated[bool, "It was read back and compared with the ledger once."]
    wrong: Annotated[str, "Why it cannot be used; empty if it can."]
    items: Annotated[int | None, "null: not known."]
    storedBytes: Annotated[int | None, "null: not known."]


class SnapshotListDocument(TypedDict):
    """The snapshots there are, oldest first."""

    snapshots: list[SnapshotLine]


class SnapshotDifference(TypedDict):
    """An item that is otherwise in a snapshot than the ledger says."""

    where: Annotated[str, "Table and key."]
    what: str


class SnapshotAccount(TypedDict):
    """Tables of an account and region, copies of the master's, in a snapshot."""

    scope: str
    items: int
    tables: Annotated[Mapping[str, int], "Table -> how many items."]
    wrong: Annotated[str, "Why not all of them are there; empty where they are."]


class SnapshotDocument(TypedDict):
    """A snapshot that was read back whole."""

    id: str
    createdAt: datetime
    createdBy: str
    account: str
    region: str
    revision: str
    position: Annotated[int, "Record of scope config after which the tables were so."]
    items: int
    storedBytes: int
    objects: int
    accounts: Annotated[list[SnapshotAccount], "Empty where their tables were not asked for."]
    differing: Annotated[list[SnapshotDifference], "Items that were changed past the ledger."]


class SnapshotShowDocument(TypedDict):
    """What a snapshot holds."""

    id: str
    createdAt: datetime
    createdBy: str
    account: str
    region: str
    revision: str
    position: Annotated[int, "Record of scope config after which the tables were so."]
    items: int
    storedBytes: int
    kinds: Annotated[Mapping[str, int], "Kind -> how many objects."]
    accounts: Annotated[list[SnapshotAccount], "Empty where their tables were not asked for."]


class SnapshotPruneDocument(TypedDict):
    """Which snapshots are no longer kept."""

    removed: Annotated[bool, "Whether they were taken away."]
    snapshots: Annotated[list[str], "Their ids."]
    copies: Annotated[list[str], "Ids of copies in the other place, which keeps by itself."]


class SnapshotNightlyDocument(TypedDict):
    """What came of one night."""

    taken: Annotated[SnapshotDocument, "The snapshot that was taken and proven."]
    removed: Annotated[list[str], "Ids of those that were taken away, as no longer kept."]
    removedCopies: Annotated[list[str], "Ids of copies that were taken away in the other place."]


class RestoreDocument(TypedDict):
    """The plan of a restore, and what became of its changes."""

    snapshot: str
    held: Annotated[list[OverrideObject], "Overrides that hold what was put back."]
    putBack: Annotated[list[OverrideObject], "Overrides of the snapshot that hold again."]
    copiesLeft: Annotated[
        list[str],
        "Accounts and regions whose tables the snapshot has: copies, which are not put back.",
    ]
    restored: Annotated[ApplyDocument, "As of an apply."]


class ItemsImportDocument(TypedDict):
    """The plan of an import of items, and what became of its changes."""

    resource: Annotated[str, "As the old product calls it; all: each there is a file of."]
    held: Annotated[list[OverrideObject], "Overrides that hold what was imported."]
    imported: Annotated[ApplyDocument, "As of an apply."]


def items_import_json(
    resource: str, prepared: PreparedPutBack, result: Reconciled | None
) -> ItemsImportDocument:
    """Return an import of items for programs; without a result it was only planned."""
    return {
        "resource": resource,
        "held": list_json(prepared.held),
        "imported": apply_json(prepared.planned, result.report if result is not None else None),
    }


def snapshot_list_json(listed: Iterable[Listed]) -> SnapshotListDocument:
    """Return a list for programs."""
    return {
        "snapshots": [
            filled(
                SnapshotLine,
                found,
                usable=found.manifest is not None,
                items=found.manifest.items if found.manifest else None,
                storedBytes=found.manifest.stored_bytes if found.manifest else None,
            )
            for found in listed
        ]
    }


def snapshot_json(verdict: Verdict) -> SnapshotDocument:
    """Return a proven snapshot for programs."""
    differing = [
        SnapshotDifference(where=found.where, what=found.what) for found in verdict.differing
    ]
    return filled(
        SnapshotDocument,
        verdict.manifest,
        objects=verdict.objects,
        accounts=_accounts(verdict.manifest),
        differing=differing,
    )


def _accounts(manifest: Manifest) -> list[SnapshotAccount]:
    return [
        filled(SnapshotAccount, found, tables={table.name: table.items for table in found.tables})
        for found in manifest.accounts
    ]


def shown_json(manifest: Manifest, observed: ObservedState) -> SnapshotShowDocument:
    """Return what a snapshot holds for programs."""
    kinds = Counter(ref.kind for ref in observed.objects)
    return filled(
        SnapshotShowDocument,
        manifest,
        kinds=dict(sorted(kinds.items())),
        accounts=_accounts(manifest),
    )


def prune_json(outdated: Outdated, *, removed: bool) -> SnapshotPruneDocument:
    """Return which snapshots go, or went."""
    return {
        "removed": removed,
        "snapshots": [found.id for found in outdated.snapshots],
        "copies": [found.id for found in outdated.copies],
    }


def nightly_json(night: Night) -> SnapshotNightlyDocument:
    """Return what came of one night for programs."""
    return {
        "taken": snapshot_json(night.verdict),
        "removed": [found.id for found in night.removed.snapshots],
        "removedCopies": [found.id for found in night.removed.copies],
    }


def restore_json(
    snapshot: str, prepared: PreparedRestore, result: Reconciled | None
) -> RestoreDocument:
    """Return a restore for programs; without a result it was only planned."""
    report = result.report if result is not None else None
    return {
        "snapshot": snapshot,
        "held": list_json(prepared.held),
        "putBack": list_json(prepared.back),
        "copiesLeft": list(prepared.copies_left),
        "restored": apply_json(prepared.planned, report),
    }
