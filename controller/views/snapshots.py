"""Snapshots in words: lists, what one holds, what came of taking, proving and thinning them out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from controller.engine.overrides.put_back import PreparedPutBack
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.snapshots.places import Listed
from controller.engine.snapshots.prune import Outdated
from controller.engine.snapshots.restore import PreparedRestore
from controller.engine.snapshots.verify import Verdict
from controller.errors import ExitCode
from controller.events import SnapshotProgressed
from controller.model.observed import ObservedState
from controller.planning.wording import NAMES_SHOWN
from controller.snapshots.manifest import Manifest
from controller.views.answer import Answer
from controller.views.documents.snapshots import (
    items_import_json,
    restore_json,
    shown_json,
    snapshot_json,
    snapshot_list_json,
)
from controller.views.plan.wording import Asked
from controller.views.put_back import ASKED_ELSEWHERE, held_lines, planned_answer, result_answer
from controller.views.style import aligned
from controller.views.time_text import utc_text

_UNITS = ("B", "KB", "MB", "GB", "TB")


def size_text(count: int) -> str:
    """Return a number of bytes as people read it: ``1.4 MB``."""
    size, unit = float(count), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 else f"{size:,.1f} {_UNITS[unit]}"


def age_text(at: datetime, now: datetime) -> str:
    """Return how old something is: ``3 h``, ``12 days``."""
    hours = max(0, int((now - at).total_seconds() // 3600))
    if hours < 48:
        return f"{hours} h"
    return f"{hours // 24} days"


def snapshot_lines(listed: Sequence[Listed], now: datetime) -> list[str]:
    """Return a line for each snapshot, the newest on top."""
    if not listed:
        return ["no snapshots: envctl snapshot create takes one"]
    rows = [("SNAPSHOT", "AGE", "ITEMS", "SIZE", "STATE")]
    for found in reversed(listed):
        manifest = found.manifest
        rows.append(
            (
                found.id,
                age_text(found.at, now),
                "" if manifest is None else f"{manifest.items:,}",
                "" if manifest is None else size_text(manifest.stored_bytes),
                found.wrong or ("verified" if found.verified else "not verified"),
            )
        )
    return aligned(rows)


def shown_lines(manifest: Manifest, observed: ObservedState, *, verified: bool) -> list[str]:
    """Return what a snapshot is of, and how many objects of each kind it holds."""
    kinds = Counter(ref.kind for ref in observed.objects)
    facts = [
        ("snapshot", manifest.id),
        ("taken", f"{utc_text(manifest.created_at)} by {manifest.created_by}"),
        ("of", f"account {manifest.account}, {manifest.region}"),
        ("revision", manifest.revision or "not known"),
        ("position", f"record #{manifest.position:,} of scope config"),
        ("size", f"{manifest.items:,} items, {size_text(manifest.stored_bytes)}"),
        ("state", "verified" if verified else "not verified"),
    ]
    counts = [(kind, f"{count:,}") for kind, count in sorted(kinds.items())]
    lines = [*aligned(facts), "", *aligned([("KIND", "OBJECTS"), *counts])]
    if manifest.accounts:
        copies = [(found.scope, f"{found.items:,}", found.wrong) for found in manifest.accounts]
        lines += ["", *aligned([("COPIES IN", "ITEMS", ""), *copies])]
    return lines


def verdict_lines(verdict: Verdict, done: str) -> list[str]:
    """Return that a snapshot is proven, and what is otherwise in it than the ledger says."""
    manifest = verdict.manifest
    said = (
        f"{done} {manifest.id}: {manifest.items:,} items, {size_text(manifest.stored_bytes)},"
        f" the tables as of record #{manifest.position:,}"
    )
    lines = [said]
    lines += [f"with {found.items:,} copies in {found.scope}" for found in manifest.accounts]
    lines += [
        f"not all of {found.scope}: {found.wrong}" for found in manifest.accounts if found.wrong
    ]
    if verdict.differing:
        count = len(verdict.differing)
        noun = "item was" if count == 1 else "items were"
        lines.append(
            f"{count:,} {noun} changed past the ledger: the snapshot has them as they were"
        )
        lines += [f"  {found.where}: {found.what}" for found in verdict.differing[:NAMES_SHOWN]]
    return lines


def restore_lines(prepared: PreparedRestore) -> list[str]:
    """Return what a restore does besides its changes."""
    lines = held_lines(prepared)
    if prepared.back:
        lines.append(f"overrides put back: {', '.join(made.id for made in prepared.back)}")
    if prepared.copies_left:
        named = ", ".join(prepared.copies_left)
        lines.append(f"tables not put back, as they are copies of these: {named}")
    if prepared.is_genesis:
        lines.append("the snapshot is of another installation: a record will name it and its heads")
    return lines


def list_answer(listed: Sequence[Listed], now: datetime) -> Answer:
    """Return the snapshots there are."""
    return Answer(
        document="snapshot-list",
        fields=lambda: snapshot_list_json(listed),
        text=lambda: "\n".join(snapshot_lines(listed, now)),
    )


def shown_answer(manifest: Manifest, observed: ObservedState, *, verified: bool) -> Answer:
    """Return what a snapshot holds."""
    return Answer(
        document="snapshot-show",
        fields=lambda: shown_json(manifest, observed),
        text=lambda: "\n".join(shown_lines(manifest, observed, verified=verified)),
    )


def verdict_answer(verdict: Verdict, done: str) -> Answer:
    """Return that a snapshot is proven."""
    return Answer(
        document="snapshot",
        fields=lambda: snapshot_json(verdict),
        text=lambda: "\n".join(verdict_lines(verdict, done)),
    )


def taken_answer(verdict: Verdict) -> Answer:
    """Return that a snapshot was taken; what could not be read of an account is a failure."""
    torn = any(found.wrong for found in verdict.manifest.accounts)
    made = verdict_answer(verdict, "took and verified")
    return replace(made, exit_code=ExitCode.FAILED if torn else ExitCode.DONE)


def restore_planned(
    snapshot: str, prepared: PreparedRestore, asked: Asked = ASKED_ELSEWHERE
) -> Answer:
    """Return the plan of a restore."""
    return planned_answer(
        "restore",
        lambda: restore_json(snapshot, prepared, None),
        prepared,
        restore_lines(prepared),
        asked=asked,
    )


def restore_done(
    snapshot: str, prepared: PreparedRestore, result: Reconciled, asked: Asked = ASKED_ELSEWHERE
) -> Answer:
    """Return what came of a restore."""
    return result_answer(
        "restore",
        lambda: restore_json(snapshot, prepared, result),
        result,
        held=prepared.held,
        exit_code=result.exit_code,
        asked=asked,
    )


def import_planned(
    resource: str, prepared: PreparedPutBack, asked: Asked = ASKED_ELSEWHERE
) -> Answer:
    """Return the plan of an import of items."""
    return planned_answer(
        "items-import",
        lambda: items_import_json(resource, prepared, None),
        prepared,
        held_lines(prepared),
        asked=asked,
    )


def import_done(
    resource: str, prepared: PreparedPutBack, result: Reconciled, asked: Asked = ASKED_ELSEWHERE
) -> Answer:
    """Return what came of an import of items."""
    return result_answer(
        "items-import",
        lambda: items_import_json(resource, prepared, result),
        result,
        held=prepared.held,
        exit_code=result.exit_code,
        asked=asked,
    )


def removed_lines(outdated: Outdated, *, done: bool) -> list[str]:
    """Return which snapshots and copies go, or went."""
    if not outdated:
        return ["nothing to remove"]
    said = "removed" if done else "would remove"
    copies = [f"{said} {found.id} in {outdated.copies_in}" for found in outdated.copies]
    return [*(f"{said} {found.id}" for found in outdated.snapshots), *copies]


def items_text(event: SnapshotProgressed) -> str:
    """Return ``verified 4,000 of 10,000 items``; without a total where it is not known."""
    of_all = f" of {event.total:,}" if event.total else ""
    return f"{event.doing} {event.done:,}{of_all} items"
