"""The config plan of one run, applied: its scope is taken, its changes are made, its lease is given back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.config.apply_changes import ApplyResult, Progress, apply_changes
from controller.engine.config.planner import PlanRun
from controller.engine.installation.installation import Installation
from controller.errors import (
    EnvctlError,
    ExitCode,
    exit_code_of,
    worst_exit_code,
)
from controller.events import ChangeSettled, Emit, EpochTaken, RunStopped, discard_event
from controller.model.head import Head
from controller.model.ledger_record import Actor, Requester
from controller.model.outcome import Outcome, Status

DONE = frozenset({Status.APPLIED, Status.ALREADY_DONE})


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What became of a plan. ``transaction`` names the run in the ledger, empty if there was nothing to do."""

    transaction: str
    outcomes: tuple[Outcome, ...]
    exit_code: ExitCode
    stopped: str = ""
    """Why the run did not go to its end, if so."""


NOTHING_APPLIED: Final = ApplyReport("", (), ExitCode.DONE)


def apply_run(
    installation: Installation,
    run: PlanRun,
    claim: Claim,
    requester: Requester,
    progress: Callable[[Progress], None],
    emit: Emit = discard_event,
) -> ApplyReport:
    """Apply a plan that nothing refuses. What becomes of single changes is in the report, not raised.

    Raises ScopeBusy, ScopeFromTheFuture, and as any call before the first write.
    """
    scopes = run.plan.enforced
    if not scopes:
        return NOTHING_APPLIED
    transaction = new_run_id(installation.master.process.clock())
    revision = run.revision.tree.revision
    actor = Actor(revision.author, revision.id, *requester)
    context = installation.context(
        actor, transaction, revision=revision.id, plan_digest=run.plan.digest
    )
    results = []
    for scope in scopes:
        head = installation.leases.take(scope.scope, claim)
        emit(EpochTaken(head.scope, head.epoch, head.owner))
        try:
            result = apply_changes(scope.changes, head, context, progress)
        finally:
            # Also when Ctrl-C ends the run: the next one need not wait for the lease.
            _give_back(installation, head, emit)
        results.append(result)
        _tell(scope.scope, result, emit)
    return _report(transaction, results)


def _give_back(installation: Installation, head: Head, emit: Emit) -> None:
    try:
        installation.leases.release(head)
    except EnvctlError as error:
        # The lease ends by itself; what was done is what the caller must hear of.
        emit(RunStopped(head.scope, f"its lease was not given back: {error}"))


def _tell(scope: str, result: ApplyResult, emit: Emit) -> None:
    for outcome in result.outcomes:
        change = outcome.change
        emit(
            ChangeSettled(
                str(change.ref),
                change.action,
                change.cause.value,
                outcome.status.value,
                outcome.transaction_id,
            )
        )
    if result.stopped is not None:
        emit(RunStopped(scope, str(result.stopped)))


def _report(transaction: str, results: Iterable[ApplyResult]) -> ApplyReport:
    results = tuple(results)
    outcomes = tuple(outcome for result in results for outcome in result.outcomes)
    stopped = [result.stopped for result in results if result.stopped is not None]
    codes = [exit_code_of(error) for error in stopped]
    if any(outcome.status not in DONE for outcome in outcomes):
        codes.append(ExitCode.FAILED)
    return ApplyReport(transaction, outcomes, worst_exit_code(codes), "\n".join(map(str, stopped)))
