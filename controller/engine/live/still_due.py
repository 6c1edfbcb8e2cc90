"""What of a live scope's changes is due still by a second look, and what became of those that are not. Pure."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from controller.engine.commit.change_queue import DONE_MEANWHILE, not_as_planned, not_tried
from controller.engine.live.planner import LiveScopePlan
from controller.errors import ExitCode, exit_code_of
from controller.model.plan import Change, Outcome, Status
from controller.model.ref import Reason


class Due(NamedTuple):
    """The changes to make, and the plan that told last; of approved changes that are not to be made, what became of them."""

    changes: Sequence[Change]
    plan: LiveScopePlan
    others: tuple[Outcome, ...] = ()
    codes: tuple[ExitCode, ...] = ()


def what_of(change: Change) -> Hashable:
    """Return what two changes share that do the same, from whatever state."""
    return change.target, change.ref, change.action, change.after


def left_out(
    changes: Sequence[Change],
    due: Sequence[Change],
    again: LiveScopePlan,
    transaction: str,
    *,
    reviewed: bool,
) -> Due:
    """Return what is due by a plan made again, with what became of changes that are not; where nobody saw them, of unseen ones."""
    left = {what_of(change) for change in due}
    others, codes = list[Outcome](), list[ExitCode]()
    for change in changes:
        judged = None if what_of(change) in left else _judged(change, again, reviewed=reviewed)
        if judged is not None:
            status, why, code = judged
            others.append(Outcome(change, status, why, transaction_id=transaction))
            codes.append(code)
    return Due(due, again, tuple(others), tuple(codes))


def _judged(
    change: Change, again: LiveScopePlan, *, reviewed: bool
) -> tuple[Status, Reason, ExitCode] | None:
    """Say what became of a change that is not due any more; None where nobody waits to hear of it."""
    dark = again.view.unknown.get(change.target)
    if dark is not None:
        return Status.SKIPPED, not_tried(dark.error), exit_code_of(dark.error)
    if not reviewed:
        return None
    for part in again.view.parts:
        if part.target.name == change.target:
            found = part.observed.objects.get(change.ref)
            wanted = None if change.after is None else change.digest
            if (None if found is None else found.digest) == wanted:
                return Status.ALREADY_DONE, DONE_MEANWHILE, ExitCode.DONE
    refused = "; ".join(
        violation.message
        for plan in again.plans
        for violation in plan.violations
        if not violation.overridden
    )
    return Status.SKIPPED, not_as_planned(refused), ExitCode.STALE
