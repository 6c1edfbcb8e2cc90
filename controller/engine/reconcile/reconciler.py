"""The front door: what is asked of one run, the run, and everything that came of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from controller.decisions.turns import next_turn
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.config.apply import (
    NOTHING_APPLIED,
    ApplyReport,
    apply_config,
    config_finding,
    config_writer,
)
from controller.engine.config.observe import ACCEPTED_REVISION, ObservedConfig, observe_config
from controller.engine.config.planner import Planner, PlanRun
from controller.engine.config.still_due import StillDue, none_due, still_due
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts, LivePlanRun, kept
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.finding import finding_of
from controller.engine.live.latest_accepted import AcceptedScopes
from controller.engine.live.observe import ScopeSetup
from controller.engine.live.planner import LivePlanOptions
from controller.engine.live.published_accounts import PublishedAccounts
from controller.engine.power.fleet import accepted_now
from controller.engine.reconcile.combined_plan import (
    CombinedPlan,
    Reach,
    ReconcileRequest,
    check_reviewed,
    combined,
    refusal_of,
    tables_after,
    with_notes,
)
from controller.engine.reconcile.ended_overrides import overdue, settle_overrides
from controller.engine.reconcile.partly_applied import planned_again
from controller.engine.reconcile.published_looks import publish_config
from controller.engine.reconcile.run_report import Followed, order_of, reported, with_not_kept
from controller.engine.state.override_commit import Ending
from controller.engine.state.rows import Finding
from controller.errors import (
    EnvctlError,
    ExitCode,
    InvalidDesiredState,
    PlanRefused,
    SourceUnavailable,
    exit_code_of,
    worst_exit_code,
)
from controller.events import Emit, NotKept, discard_event
from controller.gc_tuning import relaxed_gc
from controller.model.accepted import AcceptedState
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.override import Override
from controller.model.plan import PlanOptions
from controller.planning.overrides import ending_soon
from controller.planning.scope_plan import plan

LINES_KEPT: Final = 20
"""So much of what is wrong with a source is kept in its status; validate says all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """All that came of one run. ``report`` is None where nothing was tried: refused as a whole, or only planned.

    ``refused`` says what a guard held back; the rest went on where there is a report.
    """

    planned: CombinedPlan
    report: ApplyReport | None = None
    refused: PlanRefused | None = None
    ended: tuple[Ending, ...] = ()
    """Overrides whose end was recorded; where the run only planned, whose end the next apply records."""
    ending_soon: tuple[Override, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Return the code a command ends with."""
        refused = () if self.refused is None else (exit_code_of(self.refused),)
        if self.report is None:
            return refused[0] if refused else self.planned.exit_code
        planned = () if self.planned.acts else (self.planned.exit_code,)
        error = self.planned.source_error
        source = () if error is None else (exit_code_of(error),)
        return worst_exit_code((self.report.exit_code, *planned, *refused, *source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Takes scopes from a source to what became of every change, in this order:

    1. observe: the config tables, and the controller's own rows with overrides and the revision last accepted;
    2. load the source's current revision, if the config scope is asked for; a source that is wrong or cannot be read is
       written into the status, and what was accepted last stays in force;
    3. plan the config scope: overrides laid over the revision, compared with the tables, guarded;
    4. look at the live scopes and plan them, from the tables as the config plan leaves them, or, where that is refused
       or only observed, as they are; how an account is reached is read from the tables as they are alone, and what they
       protect stays protected in this run;
    5. join both into one plan, which is compared with the one that was reviewed: ``plan`` ends here, with nothing written;
    6. refuse what a guard refuses and nobody approved: what does not depend on it goes on; where that is nothing, write how
       the scopes stand;
    7. apply the config scope, unless it is refused: every change in one transaction with its record; where it was written since it
       was planned from, what is due still;
    8. apply the live scopes side by side, each change between an announced and an ended record; where the config tables did
       not become what was planned, or something else is accepted by now, as far as it is due still;
    9. write how each scope stands;
    10. record the overrides that have ended, and tell of those that end soon.

    ``live`` is None where there is no AWS to look at: then only the config scope is planned, from ``observed``. Accounts as they
    were last seen can be planned, not applied. ``clock`` gives aware time. ``own_source`` tells whether the planner's source is the one the settings name: only that one's state
    is written down. What happens on the way is told as events.
    """

    live: LiveAccounts | PublishedAccounts | None
    clock: Callable[[], datetime]
    planner: Planner | None = None
    """None where nothing but the accepted state is followed."""
    announce_within: timedelta = timedelta(0)
    """Overrides that end within this time are announced."""
    own_source: bool = True
    observed: ObservedConfig | None = None
    observe: Callable[[Installation], ObservedConfig] = observe_config
    emit: Emit = discard_event

    def reconcile(self, request: ReconcileRequest) -> Reconciled:
        """Go the whole way, as far as the request reaches. Raises as ``plan`` and ``apply``."""
        planned = self.plan(request)
        if request.reach is Reach.APPLY:
            return self.apply(planned, request)
        now = self.clock()
        return Reconciled(
            planned=planned,
            refused=refusal_of(planned),
            ended=overdue(planned, now),
            ending_soon=ending_soon(planned.observed.overrides, now, self.announce_within),
        )

    @relaxed_gc()
    def plan(self, request: ReconcileRequest) -> CombinedPlan:
        """Plan the scopes asked for, writing nothing but the state of a source that is wrong or out of reach (1 to 5).

        Raises as loading and planning the source if the config scope is asked for and nothing else is to be done, WrongUsage
        for a scope that does not exist, PlanChanged where something else was reviewed.
        """
        observed_at = self.clock()
        observed = self.observed or self.observe(self._accounts.installation)
        now = self.clock()
        config = None
        source_error: SourceUnavailable | InvalidDesiredState | None = None
        # What was reviewed, or is to be taken over, needs the source.
        follows = request.reach is Reach.APPLY and not (request.reviewed or request.adopt)
        if self.live is None or not request.scopes or CONFIG_SCOPE in request.scopes:
            try:
                config = self._plan_config(observed, request, now)
            except (SourceUnavailable, InvalidDesiredState) as error:
                if not (follows and self.own_source):
                    raise
                source_error = error
        live = None
        if self.live is not None and set(request.scopes) != {CONFIG_SCOPE}:
            live = self._plan_live(observed, request, config, now)
        planned = combined(config, live, observed, request)
        planned = replace(planned, source_error=source_error, observed_at=observed_at)
        if source_error is not None and not planned.acts:
            raise source_error
        if request.reviewed:
            check_reviewed(planned.plan, request.reviewed)
        return planned

    @relaxed_gc()
    def apply(self, planned: CombinedPlan, request: ReconcileRequest) -> Reconciled:
        """Do what was planned, as far as nothing refuses it (6 to 10). What becomes of changes and scopes is in the result.

        Raises ScopeBusy, ScopeFromTheFuture for the config scope, and as any call before its first write. Once anything was
        written nothing is raised: what could not be written down afterwards is in the report.
        """
        done, accounts = self._applied(planned, request), self._accounts
        if not accounts.publishes:
            return done
        failed = publish_config(accounts, planned, done.report, self.observe, self.clock)
        known = done.report or NOTHING_APPLIED
        return replace(done, report=with_not_kept(known, failed, self.emit)) if failed else done

    def _applied(self, planned: CombinedPlan, request: ReconcileRequest) -> Reconciled:
        refused = refusal_of(planned) if planned.plan.refused else None
        if refused is not None and not planned.acts:
            config, live = planned.config, planned.live
            findings = [config_finding(config, NOTHING_APPLIED)] if config is not None else []
            if live is not None:
                of_live = (finding_of(scope, live.asked) for scope in live.scopes)
                sequence = live.planned_from.sequence
                findings += [replace(found, planned_from=sequence) for found in of_live]
            self._accounts.write_statuses(findings, self.emit)
            return Reconciled(planned=planned, refused=refused)
        done = Reconciled(planned=planned, report=self._apply(planned, request), refused=refused)
        if not planned.observed.overrides:
            return done
        assert done.report is not None, "overrides end after an apply"
        within, emit, now = self.announce_within, self.emit, self.clock()
        left = settle_overrides(self._accounts.installation, planned, request, now, within, emit)
        report = with_not_kept(done.report, left.not_kept, emit) if left.not_kept else done.report
        return replace(done, report=report, ended=left.ended, ending_soon=left.ending_soon)

    @relaxed_gc()
    def follow(
        self,
        accepted: AcceptedState,
        scopes: Sequence[str],
        options: LivePlanOptions,
        request: ReconcileRequest,
        transaction: str,
    ) -> Followed:
        """Bring live scopes to what is accepted, with no source and no question (4, 6, 8 and 9), each as soon as it was looked at.

        Nobody waits for an account that is slow to answer. What is wrong with one scope is its outcome. Raises as planning,
        and as reading or writing the controller's own rows.
        """
        accounts = self._accounts
        actor = request.requester.as_applier(accepted.revision)

        def work_on(setup: ScopeSetup) -> tuple[LivePlanRun, tuple[ScopeOutcome, ...]]:
            run = accounts.plan(accepted, (setup,), options)
            digest = plan(run.plans, revision=accepted.revision, label=actor.trigger).digest
            order = ApplyRequest(
                actor=actor, transaction=transaction, revision=accepted.revision, plan_digest=digest
            )
            return run, accounts.act(
                run,
                request.claim,
                order,
                self.emit,
                accepted_now=self._accepted_now,
                reviewed=False,
                wait=request.wait,
            )

        with ThreadPoolExecutor(accounts.parallel, thread_name_prefix="follow") as pool:
            done = tuple(pool.map(work_on, accounts.scopes(accepted, scopes)))
        parts = [part for run, _ in done for part in run.plans]
        followed = Followed(
            plan=plan(parts, revision=accepted.revision, label=actor.trigger),
            scopes=tuple(scope for run, _ in done for scope in run.scopes),
            outcomes=tuple(outcome for _, of_scope in done for outcome in of_scope),
        )
        asked = request.claim, request.requester, self.emit
        failed = accounts.keep(accepted, followed.scopes, followed.outcomes, *asked)
        for found in failed:
            self.emit(NotKept(found.what, str(found.error)))
        return replace(followed, not_kept=failed)

    @property
    def _accounts(self) -> LiveAccounts:
        assert isinstance(self.live, LiveAccounts), "without an AWS nothing is observed or applied"
        return self.live

    def _plan_config(
        self,
        observed: ObservedConfig,
        request: ReconcileRequest,
        now: datetime,
        revision: LoadedRevision | None = None,
    ) -> PlanRun:
        """Plan the config scope of a revision: the source's current one, if none is given."""
        assert self.planner is not None, "what only follows the accepted state has no config scope"
        # Without an AWS every scope that was found may be named.
        scopes = request.scopes if self.live is None else (CONFIG_SCOPE,)
        try:
            loaded = revision or self.planner.load()
            judges = "" if self.own_source else "a source that is not the settings' own"
            if self.observed is not None:
                judges = "what may be merged, not of what the tables hold"
            lines = self.planner.lines_of_commit(loaded, judges)
            approvals = (*lines.approvals, *lines.signed, *request.given)
            found, known = loaded.tree.revision, observed.planned_from
            accepted = known.revision if known is not None and not judges else ""
            # Most often it is the one before, and then nobody is asked.
            is_next = accepted in ("", found.id, *found.parents)
            leaves = "" if is_next or not self.planner.leaves(accepted) else accepted
            asked = PlanOptions(now=now, approvals=approvals, adopt=request.adopt, leaves=leaves)
            run = self.planner.plan(loaded, observed, asked, scopes, self.emit)
            noted = with_notes(run.plan, lines.notes) if lines.notes else run.plan
            return replace(run, lines=lines, plan=noted)
        except (SourceUnavailable, InvalidDesiredState) as error:
            is_apply = self.live is not None and request.reach is Reach.APPLY
            if revision is None and self.own_source and is_apply:
                reason = error.reason.cut(LINES_KEPT)
                stalled = Finding(scope=CONFIG_SCOPE, state=ScopeState.STALLED, reason=reason)
                self._accounts.write_statuses([stalled], self.emit)
            raise

    def _plan_live(
        self,
        observed: ObservedConfig,
        request: ReconcileRequest,
        config: PlanRun | None,
        now: datetime,
    ) -> LivePlanRun | None:
        accounts = self.live
        assert accounts is not None, "there are accounts to plan"
        wanted = tuple(scope for scope in request.scopes if scope != CONFIG_SCOPE)
        tables = next((scope for scope in observed.scopes if scope.scope == CONFIG_SCOPE), None)
        if tables is None:
            return None
        known = tables.state in {ScopeState.OK, ScopeState.OBSERVE}
        if not wanted and not (accounts.is_on and known):
            # Where it is not known what is accepted the config scope says so already.
            return None
        after = tables_after(tables, config)
        revision = str(tables.facts.get(ACCEPTED_REVISION, ""))
        approvals = request.given if config is None else config.asked.approvals
        if config is not None:
            revision = config.plan.revision if after is not None else revision
        accepted = accounts.accepted(tables, now, observed.overrides, revision, after)
        # What is taken over carries no mark that says what a light look does not show.
        deep = request.deep or request.adopt
        options = LivePlanOptions(now=now, approvals=approvals, adopt=request.adopt, deep=deep)
        run = accounts.plan(accepted, accounts.scopes(accepted, wanted), options)
        planned_from = replace(run.planned_from, turns_at=next_turn(accepted, now))
        return replace(run, planned_from=planned_from)

    def _accepted_now(self) -> AcceptedScopes:
        """Read what is accepted now, with every override that holds. Raises as that."""
        accounts = self._accounts
        accepted = accepted_now(accounts.installation, self.clock(), accounts).accepted
        setups = accounts.scopes(accepted)
        return AcceptedScopes(accepted, {setup.scope.name: setup for setup in setups})

    def _apply(self, planned: CombinedPlan, request: ReconcileRequest) -> ApplyReport:
        accounts, config, live = self._accounts, planned.config, planned.live
        report, is_whole = NOTHING_APPLIED, True
        if config is not None:
            report = self._apply_config(config, request)
            is_whole = not report.exit_code
            if config.plan.scopes and report.config.is_owner:
                failed = kept("how scope config stands", lambda: self._note_config(config, report))
                report = with_not_kept(report, failed, self.emit) if failed else report
        if live is None:
            return report
        if is_whole:
            live = live.after(report.config.records)
        else:
            try:
                live, dropped = planned_again(accounts, planned.observed, live, self.clock())
            except EnvctlError as error:
                why = (report.stopped, f"live accounts were not tried: {error}")
                return replace(report, stopped="\n".join(filter(None, why)))
            report = replace(report, outcomes=(*report.outcomes, *dropped))
        transaction = report.transaction or new_run_id(self.clock())
        order = order_of(planned, live, request.requester, transaction)
        outcomes = accounts.act(
            live, request.claim, order, self.emit, accepted_now=self._accepted_now
        )
        asked = request.claim, request.requester, self.emit
        failed = accounts.keep(live.accepted, live.scopes, outcomes, *asked)
        report = reported(report, outcomes, transaction, live)
        return with_not_kept(report, failed, self.emit) if failed else report

    def _apply_config(self, config: PlanRun, request: ReconcileRequest) -> ApplyReport:
        """Apply the config scope; where it is not what it was planned from any more, as far as that is due still."""
        installation, planned_from = self._accounts.installation, config.planned_from
        assert planned_from is not None, "what is applied was planned from the tables"
        if not config.plan.enforced:
            return NOTHING_APPLIED
        asked = request.claim, request.requester, self.emit
        with config_writer(installation, config, *asked) as writer:
            (planned,), now_at = config.plan.scopes, self.clock()
            due = StillDue(planned.changes, planned.violations)
            if not planned_from.holds(writer.lease.head.sequence, now_at):
                observed = self.observe(installation)
                try:
                    again = self._plan_config(observed, request, now_at, config.as_loaded)
                    due = still_due(config, again)
                except InvalidDesiredState as error:
                    due = none_due(config, error)
            return apply_config(writer, due)

    def _note_config(self, config: PlanRun, report: ApplyReport) -> None:
        """Write how the config scope stands, and in its head the revision it holds, where no transaction did. Raises as any write."""
        finding, planned_from = config_finding(config, report), config.planned_from
        if planned_from and not config.plan.changes and finding.applied != planned_from.revision:
            leases = self._accounts.installation.leases
            leases.note_revision(CONFIG_SCOPE, planned_from.sequence, finding.applied)
        self._accounts.write_statuses([finding], self.emit)
