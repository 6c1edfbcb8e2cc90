"""What a run says of its parts: who applies the live scopes, what came of all scopes together, how the config scope stands."""

from collections.abc import Sequence
from dataclasses import replace

from controller.engine.commit.storage import ApplyRequest
from controller.engine.config.apply import ApplyReport
from controller.engine.config.planner import PlanRun
from controller.engine.live.accounts import LivePlanRun, NotWritten
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.state.rows import Finding
from controller.errors import ExitCode, exit_code_of, worst_exit_code
from controller.events import Emit, NotKept
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import DONE, NoteCategory


def order_of(
    planned: CombinedPlan, live: LivePlanRun, requester: Requester, transaction: str
) -> ApplyRequest:
    """Return who applies the live scopes, and what."""
    accepted = live.accepted.revision
    return ApplyRequest(
        actor=requester.as_applier(accepted),
        transaction=transaction,
        revision=accepted,
        plan_digest=planned.plan.digest,
    )


def reported(
    config: ApplyReport, live: Sequence[ScopeOutcome], transaction: str, run: LivePlanRun
) -> ApplyReport:
    outcomes = (*config.outcomes, *(outcome for scope in live for outcome in scope.outcomes))
    refused = [
        ExitCode.REFUSED for scope_plan in run.plans if scope_plan.state is ScopeState.REFUSED
    ]
    codes = [config.exit_code, *(scope.exit_code for scope in live), *refused]
    stopped = (config.stopped, *(scope.stopped for scope in live))
    return replace(
        config,
        transaction=transaction if outcomes else "",
        outcomes=outcomes,
        exit_code=worst_exit_code(codes),
        stopped="\n".join(dict.fromkeys(filter(None, stopped))),
    )


def config_finding(run: PlanRun, report: ApplyReport) -> Finding:
    scopes = [scope_plan for scope_plan in run.plan.scopes if scope_plan.scope == CONFIG_SCOPE]
    if not scopes:
        return Finding(scope=CONFIG_SCOPE, state=ScopeState.OK)
    scope, planned_from = scopes[0], run.planned_from
    state = ScopeState.STALLED if report.stopped else scope.state
    left = sum(outcome.status not in DONE for outcome in report.outcomes)
    known = scope.state is ScopeState.OK
    return Finding(
        scope=CONFIG_SCOPE,
        state=state,
        reason=report.stopped
        or scope.reason
        or "; ".join(v.message for v in scope.violations if not v.overridden),
        changes=left if known else len(scope.changes),
        blocked=sum(note.category is NoteCategory.BLOCKED for note in scope.notes),
        applied=run.plan.revision if known and not left and not report.stopped else "",
        epoch=report.config.epoch,
        planned_from=planned_from.sequence + report.config.records if planned_from else 0,
        looked_at=run.asked.now,
    )


def with_not_kept(report: ApplyReport, failed: Sequence[NotWritten], emit: Emit) -> ApplyReport:
    """Return a report that says what could not be written down, and tell of it."""
    for found in failed:
        emit(NotKept(found.what, str(found.error)))
    codes = (exit_code_of(found.error) for found in failed)
    return replace(
        report,
        exit_code=worst_exit_code((report.exit_code, *codes)),
        not_kept=(*report.not_kept, *map(str, failed)),
    )
