"""Document of a rollback."""

from typing import Annotated, NotRequired, TypedDict

from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.rollback.revert_commit import Reverted
from controller.engine.rollback.service import PreparedRollback
from controller.engine.rollback.undo import ChangedSince
from controller.ledger.records import who_changed
from controller.model.canonical import ABSENT
from controller.planning.three_way import Contested
from controller.views.outcomes import ApplyDocument, apply_json
from controller.views.override_text import OverrideObject, list_json


class ContestedField(TypedDict):
    """A part of an object that was changed again."""

    path: Annotated[str, "Empty for the object as a whole."]
    before: NotRequired[Annotated[object, "What it would become; absent: nothing."]]
    made: NotRequired[Annotated[object, "What the change made of it; absent: nothing."]]
    now: NotRequired[Annotated[object, "Absent: nothing."]]


class ChangedSinceObject(TypedDict):
    """An object that was changed again after what is taken back."""

    ref: str
    takenBack: Annotated[bool, "It was named with --also, and is taken back all the same."]
    by: Annotated[str, "Who changed it; empty: somebody past the ledger."]
    transaction: str
    fields: list[ContestedField]


class RevertObject(TypedDict):
    """The commit that was made in a clone."""

    commit: str
    branch: str
    reverted: Annotated[list[str], "Commits it takes back."]
    beside: Annotated[list[str], "Files of changes that it does not touch."]
    left: Annotated[list[str], "Files of which something that those commits changed stays."]


class RollbackDocument(TypedDict):
    """The plan of a rollback, and what became of its changes."""

    source: Annotated[str, "ledger: and what is taken back; records name it as their commit."]
    records: Annotated[list[str], "Ids of the records that are taken back, oldest first."]
    objects: Annotated[list[str], "Objects they are of."]
    changedSince: list[ChangedSinceObject]
    secret: Annotated[list[str], "Left as they are: their sensitive values are not in the ledger."]
    live: Annotated[list[str], "Ids of records of accounts: instances that ended stay ended."]
    overrides: Annotated[list[str], "Ids of records of overrides, which are not taken back."]
    held: Annotated[list[OverrideObject], "Overrides that hold what is put back."]
    revert: RevertObject | None
    rolledBack: Annotated[ApplyDocument, "As of an apply."]


def rollback_json(
    prepared: PreparedRollback, result: Reconciled | None, reverted: Reverted | None
) -> RollbackDocument:
    """Return a rollback for programs; without a result it was only planned."""
    chosen, undone = prepared.chosen, prepared.undone
    return {
        "source": chosen.name,
        "records": [record.audit_id for record in chosen.records],
        "objects": sorted(map(str, undone.touched)),
        "changedSince": [_changed_since(found) for found in undone.changed_since],
        "secret": [str(ref) for ref in undone.secret],
        "live": [line.audit_id for line in chosen.live],
        "overrides": [line.audit_id for line in chosen.overrides],
        "held": list_json(prepared.held),
        "revert": None if reverted is None else _revert(reverted),
        "rolledBack": apply_json(prepared.planned, result.report if result else None),
    }


def _changed_since(found: ChangedSince) -> ChangedSinceObject:
    by = found.by
    return {
        "ref": str(found.ref),
        "takenBack": found.goes_back,
        "by": "" if by is None else who_changed(by.actor, by.changed_by),
        "transaction": "" if by is None else by.transaction_id,
        "fields": [_field(part) for part in found.parts],
    }


def _field(part: Contested) -> ContestedField:
    made: ContestedField = {"path": part.path}
    if part.before is not ABSENT:
        made["before"] = part.before
    if part.after is not ABSENT:
        made["made"] = part.after
    if part.now is not ABSENT:
        made["now"] = part.now
    return made


def _revert(reverted: Reverted) -> RevertObject:
    made = reverted.made
    return {
        "commit": made.commit,
        "branch": made.branch,
        "reverted": list(made.reverted),
        "beside": list(reverted.beside),
        "left": list(made.left),
    }
