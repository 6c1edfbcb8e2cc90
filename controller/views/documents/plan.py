"""A plan as JSON: stable, for other programs. Enums may grow."""

from typing import Any, Final

from controller.ledger.records import iso_ms
from controller.model.canonical import ABSENT
from controller.model.plan import (
    Change,
    Note,
    NoteCategory,
    Plan,
    PlannedFrom,
    ScopePlan,
    Violation,
)
from controller.model.review import NO_REVIEW, OpenRequest, Review, Since
from controller.planning.fields import FieldNames
from controller.planning.plan_file import DOCUMENT
from controller.views.documents.envelope import document_text, keys_of, present
from controller.views.plan.schedule_text import meaning_json
from controller.views.plan.view import fields_of
from controller.views.plan.wording import COUNTED_ACTIONS, summary

Object = dict[str, Any]
_SHOWN_OF_VIOLATIONS: Final = {
    name: key
    for name, key in keys_of(Violation).items()
    if name not in ("scope", "has_token", "in_commit")
} | {"token": "token", "overridable": "approvable", "overridden": "approved"}


def render_json(plan: Plan, *, names: FieldNames, controller_version: str) -> bytes:
    """Return the plan file; the same plan gives the same bytes.

    ``names`` names and masks the fields of objects that come or go.
    """
    return document_text(DOCUMENT, plan_object(plan, names, controller_version))


def plan_object(plan: Plan, names: FieldNames, controller_version: str) -> Object:
    """Return the plan as plain values in the shape of ``plan_schema``."""
    counts, schedules = summary(plan), plan.schedules
    return present(
        formatVersion=plan.format_version,
        controllerVersion=controller_version,
        document=DOCUMENT,
        digest=plan.digest,
        revision=plan.revision,
        label=plan.label,
        scopes=[_scope(scope, names) for scope in plan.scopes],
        summary={action: counts[action] for action in COUNTED_ACTIONS},
        options=list(plan.options) or ABSENT,
        schedules=ABSENT if schedules is None else meaning_json(schedules),
        plannedFrom=ABSENT if plan.planned_from is None else _planned_from(plan.planned_from),
        review=ABSENT if plan.review == NO_REVIEW else _review(plan.review),
        beside=[_request(request) for request in plan.beside] or ABSENT,
        since=ABSENT if plan.since is None else _since(plan.since),
    )


def _review(review: Review) -> Object:
    needed, denied = (
        [{**found._asdict(), "approvers": list(found.approvers)} for found in agreements]
        for agreements in (review.needed, review.denied)
    )
    return {"author": review.author, "needed": needed, "denied": denied}


def _request(request: OpenRequest) -> Object:
    found = [
        {
            "kind": one.ref.kind,
            "key": one.ref.key,
            "field": one.field,
            "here": one.here,
            "there": one.there,
        }
        for one in request.conflicts
    ]
    return {"name": request.name, "unknown": request.unknown, "conflicts": found}


def _since(found: Since) -> Object:
    differences = [one._asdict() for one in found.differences]
    return {**found._asdict(), "differences": differences}


def _planned_from(known: PlannedFrom) -> Object:
    turns_at = None if known.turns_at is None else iso_ms(known.turns_at)
    return {"sequence": known.sequence, "revision": known.revision, "turnsAt": turns_at}


def _scope(scope: ScopePlan, names: FieldNames) -> Object:
    return {
        "scope": scope.scope,
        "state": scope.state.value,
        "reason": scope.reason,
        "changes": [_change(change, names) for change in scope.changes],
        "violations": [
            {key: getattr(violation, name) for name, key in _SHOWN_OF_VIOLATIONS.items()}
            for violation in scope.violations
        ],
        "unmanaged": [
            _note(note) for note in scope.notes if note.category is NoteCategory.UNMANAGED
        ],
        "notes": [
            {**_note(note), "category": note.category}
            for note in scope.notes
            if note.category is not NoteCategory.UNMANAGED
        ],
    }


def _change(change: Change, names: FieldNames) -> Object:
    authorship, edit = change.authorship, change.edit
    return present(
        action=change.action,
        target=change.target,
        kind=change.ref.kind,
        key=change.ref.key,
        cause=change.cause.value,
        origin=str(change.origin._replace(column=0)) if change.origin else "",
        because=change.because,
        fields=[
            present(
                path=field.path,
                before=field.before,
                after=field.after,
                sensitive=field.sensitive or ABSENT,
            )
            for field in fields_of(change, names)
        ],
        commit=(authorship.commit or ABSENT) if authorship is not None else ABSENT,
        author=(authorship.author or ABSENT) if authorship is not None else ABSENT,
        edit=ABSENT
        if edit is None
        else {"origin": str(edit.origin._replace(column=0)), "what": edit.what},
        effects=change.effects or ABSENT,
    )


def _note(note: Note) -> Object:
    return {"kind": note.ref.kind, "key": note.ref.key, "text": note.text}
