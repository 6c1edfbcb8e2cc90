"""The config plan of one run, applied: its scope is taken, its changes are made, its lease is given back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest
from controller.engine.config.commit_changes import CommitResult, commit_changes
from controller.engine.config.planner import PlanRun
from controller.engine.installation.installation import Installation
from controller.errors import (
    ExitCode,
    exit_code_of,
    worst_exit_code,
)
from controller.events import ChangeSettled, Emit, RunStopped, discard_event
from controller.model.ledger_record import Actor, Requester
from controller.model.plan import DONE, Outcome


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What became of a plan. ``transaction`` names the run in the ledger, empty if there was nothing to do."""

    transaction: str
    outcomes: tuple[Outcome, ...]
    exit_code: ExitCode
    stopped: str = ""
    """Why the run did not go to its end, if so."""


NOTHING_APPLIED: Final = ApplyReport("", (), ExitCode.DONE)


def apply_config(
    installation: Installation,
    run: PlanRun,
    claim: Claim,
    requester: Requester,
    emit: Emit = discard_event,
) -> ApplyReport:
    """Apply the plan of the config tables, which nothing refuses. What becomes of single changes is in the report, not raised.

    Raises ScopeBusy, ScopeFromTheFuture, and as any call before the first write.
    """
    scopes = run.plan.enforced
    if not scopes:
        return NOTHING_APPLIED
    revision = run.revision.tree.revision
    request = ApplyRequest(
        actor=Actor(revision.author, revision.id, *requester),
        transaction=new_run_id(installation.master.process.clock()),
        revision=revision.id,
        plan_digest=run.plan.digest,
    )
    storage = installation.storage()
    results = []
    for scope in scopes:
        with ScopeWriter.take(scope.scope, claim, storage, request, emit) as writer:
            result = commit_changes(scope.changes, writer)
        results.append(result)
        for outcome in result.outcomes:
            emit(ChangeSettled.of(outcome))
        if result.stopped is not None:
            emit(RunStopped(scope.scope, str(result.stopped)))
    return _report(request.transaction, results)


def _report(transaction: str, results: Iterable[CommitResult]) -> ApplyReport:
    results = tuple(results)
    outcomes = tuple(outcome for result in results for outcome in result.outcomes)
    stopped = [result.stopped for result in results if result.stopped is not None]
    codes = [exit_code_of(error) for error in stopped]
    if any(outcome.status not in DONE for outcome in outcomes):
        codes.append(ExitCode.FAILED)
    return ApplyReport(transaction, outcomes, worst_exit_code(codes), "\n".join(map(str, stopped)))
