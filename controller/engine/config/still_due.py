"""What of a plan of the config tables is due still, once their scope is ours and may have been written by others meanwhile. Pure.

A plan is right as a whole: unique values, references and guards were checked over the state it leads to. So what was approved is
done if it leads there still, and not at all where the tables are otherwise on the way there by another apply.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from controller.engine.commit.change_queue import DONE_MEANWHILE, not_as_planned
from controller.engine.config.planner import PlanRun
from controller.errors import AccessDenied, InvalidDesiredState, Unreachable
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import Change, Outcome, ScopePlan, Status, Violation
from controller.model.ref import Reason
from controller.planning.wording import NAMES_SHOWN
from controller.targets.tables import DENIED


@dataclass(frozen=True, slots=True)
class StillDue:
    """What is to be done of what was approved, and what is not."""

    changes: tuple[Change, ...]
    violations: tuple[Violation, ...]
    """Those of the plan the changes are from; all approved."""
    done_meanwhile: tuple[Change, ...] = ()
    dropped: tuple[Change, ...] = ()
    why: Reason = DONE_MEANWHILE
    """Of those dropped."""

    def outcomes_of_others(self, transaction: str) -> tuple[Outcome, ...]:
        """Return what became of the changes that are not to be made."""
        done = Status.ALREADY_DONE, DONE_MEANWHILE
        told = [(change, *done) for change in self.done_meanwhile]
        told += [(change, Status.SKIPPED, self.why) for change in self.dropped]
        return tuple(
            Outcome(change, status, why, transaction_id=transaction) for change, status, why in told
        )


def still_due(approved: PlanRun, again: PlanRun) -> StillDue:
    """Return what is due of an approved plan by the plan made again of the same revision, from the tables as they are now.

    Overrides that came or ended on objects of which nothing was approved do not hinder it. Raises Unreachable or AccessDenied
    where the tables could not be read again.
    """
    planned, now = _scope_of(approved), _scope_of(again)
    (state,) = (state for state in again.observed if state.scope == CONFIG_SCOPE)
    if now.state is ScopeState.UNKNOWN:
        kind = AccessDenied if state.facts.get(DENIED) else Unreachable
        raise kind(f"scope {CONFIG_SCOPE}: it could not be read again: {now.reason}")
    known = {_identity(change) for change in planned.changes}
    due = tuple(change for change in now.changes if _identity(change) in known)
    left = {_identity(change) for change in due}
    done, gone = list[Change](), list[Change]()
    for change in planned.changes:
        if _identity(change) not in left:
            found = state.objects.get(change.ref)
            wanted = None if change.after is None else change.digest
            is_done = (None if found is None else found.digest) == wanted
            (done if is_done else gone).append(change)
    why = _hindrance(approved, again)
    if why:
        gone += due
        due = ()
    return StillDue(due, now.violations, tuple(done), tuple(gone), not_as_planned(why))


def none_due(approved: PlanRun, wrong: InvalidDesiredState) -> StillDue:
    """Return that nothing is due: beside what the tables hold by now the revision is wrong."""
    why = not_as_planned(wrong.problems[0].message)
    return StillDue((), (), dropped=_scope_of(approved).changes, why=why)


def _hindrance(approved: PlanRun, again: PlanRun) -> str:
    """Say what keeps all of it from being done, if anything does."""
    planned, now = _scope_of(approved), _scope_of(again)
    refused = [violation.message for violation in now.violations if not violation.overridden]
    if refused:
        return "; ".join(refused)
    known = {_identity(change) for change in planned.changes}
    overridden = approved.revision.beneath.keys() | again.revision.beneath.keys()
    may_differ = overridden - {change.ref for change in planned.changes}
    others = [
        str(change.ref)
        for change in now.changes
        if _identity(change) not in known and change.ref not in may_differ
    ]
    if not others:
        return ""
    more = f" and {len(others) - NAMES_SHOWN:,} more" if len(others) > NAMES_SHOWN else ""
    return f"the tables were changed meanwhile ({', '.join(others[:NAMES_SHOWN])}{more})"


def _scope_of(run: PlanRun) -> ScopePlan:
    (scope,) = (scope for scope in run.plan.scopes if scope.scope == CONFIG_SCOPE)
    return scope


def _identity(change: Change) -> Hashable:
    """Return what two changes share that do the same to the same state."""
    return change.target, change.ref, change.action, change.after, change.digest, change.base
