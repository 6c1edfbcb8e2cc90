"""One answer to "what blocks this object?", for plan, explain and status alike."""

from typing import Final

from controller.model.plan import Note, NoteCategory, ScopePlan, Violation
from controller.model.ref import ResourceRef

BLOCKING: Final = frozenset(
    {NoteCategory.BLOCKED, NoteCategory.FOREIGN, NoteCategory.UNMANAGED, NoteCategory.SUSPENDED}
)
"""Categories of notes on objects that are not changed for a reason of their own."""


def blocks(scope: ScopePlan, ref: ResourceRef) -> tuple[Violation | Note, ...]:
    """Return everything that keeps ``ref`` from becoming what it should be in this scope; empty if nothing does.

    A violation that nobody approved stops its whole scope: those that count the object come first, then the others,
    then notes on the object itself.
    """
    refusing = [violation for violation in scope.violations if not violation.overridden]
    own = [violation for violation in refusing if ref in violation.counted]
    others = [violation for violation in refusing if ref not in violation.counted]
    changes = any(change.ref == ref for change in scope.changes)
    notes = [note for note in scope.notes if note.ref == ref and note.category in BLOCKING]
    return (*own, *(others if changes else ()), *notes)
