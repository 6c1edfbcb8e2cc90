"""What a run says of its parts: who applies the live scopes, and what came of all scopes together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from controller.engine.commit.storage import ApplyRequest
from controller.engine.config.apply import ApplyReport
from controller.engine.live.accounts import LivePlanRun, NotWritten
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.planner import LiveScopePlan
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.errors import ExitCode, exit_code_of, worst_exit_code
from controller.events import Emit, NotKept
from controller.model.ledger_record import Requester
from controller.model.observed import ScopeState
from controller.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Live scopes that were brought to the accepted state: how they were seen and planned, and what became of each."""

    plan: Plan
    scopes: tuple[LiveScopePlan, ...]
    outcomes: tuple[ScopeOutcome, ...]
    not_kept: tuple[NotWritten, ...] = ()
    """What could not be written down afterwards, and why."""


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
