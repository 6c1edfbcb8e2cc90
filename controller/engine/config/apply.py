"""One run of applying: the plan that was reviewed is compared with the plan of now, and that one is done."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.config.apply_changes import ApplyResult, Progress, apply_changes
from controller.engine.config.planner import PlanRun
from controller.engine.installation.installation import Installation
from controller.errors import (
    EnvctlError,
    PlanChanged,
    PlanRefused,
    WrongUsage,
    exit_code_of,
    worst_exit_code,
)
from controller.events import ChangeSettled, Emit, EpochTaken, RunStopped, discard_event
from controller.model.canonical import short
from controller.model.head import Head
from controller.model.ledger_record import Actor
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.outcome import Outcome, Status
from controller.model.plan import Plan, ScopePlan

DONE = frozenset({Status.APPLIED, Status.ALREADY_DONE})
NAMED = 5
"""So many changes are named where a plan became another."""
MIN_DIGEST = 6
"""So many digits of a digest are enough for ``--expect``."""


class Reviewed(NamedTuple):
    """What a reviewer approved: a digest or its beginning; of which revision that was and its changes, where they are known."""

    digest: str
    revision: str = ""
    changes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What became of a plan. ``transaction`` names the run in the ledger, empty if there was nothing to do."""

    transaction: str
    outcomes: tuple[Outcome, ...]
    exit_code: int
    stopped: str = ""
    """Why the run did not go to its end, if so."""


def check_reviewed(plan: Plan, reviewed: Iterable[Reviewed]) -> None:
    """Raise PlanChanged unless the plan is each of those that were reviewed, WrongUsage for a digest cut too short."""
    for one in reviewed:
        if len(one.digest) < MIN_DIGEST:
            raise WrongUsage(
                f"{one.digest!r} is too short to tell plans apart",
                fix=f"give at least {MIN_DIGEST} digits of the digest",
            )
        if not plan.digest.startswith(one.digest):
            raise PlanChanged(one.digest, plan.digest, _what_changed(plan, one))


def check_guards(plan: Plan) -> None:
    """Raise PlanRefused if a violation is left that nobody approved, and it stops all that was to be done.

    A refused config scope stops everything, as live scopes follow it; a refused live scope only itself.
    """
    refused = plan.refused
    stops = any(one.scope == CONFIG_SCOPE for one in refused) or not to_apply(plan)
    if refused and stops:
        count = f"{len(refused)} violation{'' if len(refused) == 1 else 's'}"
        tokens = " ".join(f"--override {one.token}" for one in refused if one.overridable)
        fix = f"approve exactly these: {tokens}" if tokens else "change the source and plan again"
        what = "; ".join(f"{one.guard}: {one.message.splitlines()[0]}" for one in refused)
        raise PlanRefused(f"plan {short(plan.digest)} refused by {count}: {what}", fix=f"{fix}")


def to_apply(plan: Plan) -> tuple[ScopePlan, ...]:
    """Return the scopes in which something is to be done: not those that are only observed, or refused."""
    return tuple(scope for scope in plan.scopes if scope.changes and scope.state is ScopeState.OK)


def apply_run(
    installation: Installation,
    run: PlanRun,
    claim: Claim,
    progress: Callable[[Progress], None],
    emit: Emit = discard_event,
) -> ApplyReport:
    """Apply a plan that nothing refuses. What becomes of single changes is in the report, not raised.

    Raises PlanRefused, ScopeBusy, ScopeFromTheFuture, and as any call before the first write.
    """
    check_guards(run.plan)
    scopes = to_apply(run.plan)
    if not scopes:
        return ApplyReport("", (), 0)
    process = installation.master.process
    transaction = new_run_id(process.clock())
    revision = run.revision.tree.revision
    actor = Actor(revision.author, revision.id, process.user, "apply")
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
        codes.append(7)
    return ApplyReport(transaction, outcomes, worst_exit_code(codes), "\n".join(map(str, stopped)))


def _what_changed(plan: Plan, reviewed: Reviewed) -> str:
    if reviewed.revision and reviewed.revision != plan.revision:
        why = f"  the source moved on: reviewed {reviewed.revision[:12]}, now {plan.revision[:12]}"
    else:
        why = "  the source is the same; what is in the tables or accounts, or the options of the command, are not"
    if not reviewed.changes:
        return why
    now = {f"{change.action} {change.ref}" for change in plan.changes}
    lines = [
        *_listed("no longer to be done", reviewed.changes - now),
        *_listed("not reviewed", now - reviewed.changes),
    ]
    same = ["  the changes are of the same objects, from other states or to other values"]
    return "\n".join((why, *(lines or same)))


def _listed(what: str, changes: Collection[str]) -> list[str]:
    if not changes:
        return []
    more = f", and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    return [f"  {what}: {', '.join(sorted(changes)[:NAMED])}{more}"]
