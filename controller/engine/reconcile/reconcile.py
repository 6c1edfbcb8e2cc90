"""One run over everything: the config tables first, then live accounts, planned from the tables as they will be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.config.apply import DONE, ApplyReport, apply_run, check_guards, to_apply
from controller.engine.config.apply_changes import Progress
from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import PlanAsked, Planner, PlanRun
from controller.engine.desired.accepted import accepted_after
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.live.accounts import LiveAccounts, LivePlanRun
from controller.engine.live.apply_scope import ApplyRequest, ScopeOutcome
from controller.engine.live.finding import finding_of
from controller.engine.live.planner import LiveAsked
from controller.engine.power.count_followers import as_found
from controller.engine.state.status import Finding
from controller.errors import EnvctlError, worst_exit_code
from controller.events import Emit, discard_event
from controller.ledger.gc_tuning import relaxed_gc
from controller.model.ledger_record import Actor
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import Plan, ScopePlan
from controller.model.trailers import overrides_in
from controller.planning.approval import unused_tokens
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.planning.scope_plan import plan

LINES_KEPT: Final = 20
"""So much of what is wrong with a source is kept in its status; validate says all of it."""
ACCEPTED: Final = "the accepted state"
"""How a plan's desired state is called that comes from no source: the tables."""


@dataclass(frozen=True, slots=True)
class CombinedPlan:
    """The plan of a run, and the runs it was put together from; None for a part that was not asked for."""

    config: PlanRun | None
    live: LivePlanRun | None
    plan: Plan
    names: FieldNames
    unused_tokens: tuple[str, ...]
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinedPlanner:
    """Plans config and live scopes together. ``load`` is only called if the config scope is asked for."""

    planner: Callable[[], Planner]
    load: Callable[[Planner], LoadedRevision]
    live: LiveAccounts | None
    """None where there is no AWS to look at: then only the config scope is planned."""

    @relaxed_gc()
    def plan(
        self, seen: ObservedConfig, asked: PlanAsked, emit: Emit = discard_event
    ) -> CombinedPlan:
        """Plan the scopes asked for; all, if none are named.

        Live scopes are planned from the tables as the config plan will leave them, unless that is refused or only observed:
        then from the tables as they are. Raises as loading and planning the source if the config scope is asked for, and
        WrongUsage for a scope that does not exist.
        """
        wanted_live = tuple(scope for scope in asked.scopes if scope != CONFIG_SCOPE)
        config: PlanRun | None = None
        if self.live is None or not asked.scopes or CONFIG_SCOPE in asked.scopes:
            planner = self.planner()
            scopes = (CONFIG_SCOPE,) if asked.scopes and self.live is not None else asked.scopes
            revision = self.load(planner)
            config = planner.plan(revision, seen, replace(asked, scopes=scopes), emit)
        live = None
        if wanted_live or not asked.scopes:
            live = self._plan_live(seen, asked, wanted_live, config)
        return _joined(config, live, asked)

    def _plan_live(
        self, seen: ObservedConfig, asked: PlanAsked, wanted: Sequence[str], config: PlanRun | None
    ) -> LivePlanRun | None:
        tables = next((scope for scope in seen.scopes if scope.scope == CONFIG_SCOPE), None)
        if self.live is None or tables is None or not (self.live.is_on or wanted):
            return None
        if not wanted and tables.state not in (ScopeState.OK, ScopeState.OBSERVE):
            # The config scope says already that it is not known.
            return None
        after = _as_it_will_be(tables, config)
        revision, approved = seen.accepted_revision, tuple(asked.tokens)
        if config is not None:
            approved += overrides_in(config.revision.desired.message)
            revision = config.plan.revision if after is not None else revision
        accepted = self.live.accepted(after or tables, asked.now, seen.overrides, revision)
        setups = self.live.scopes(accepted, wanted)
        return self.live.plan(
            accepted,
            setups,
            # What is taken over carries no mark that says what a light look does not show.
            LiveAsked(
                now=asked.now,
                tokens=approved,
                adopt=asked.adopt,
                deep=asked.deep or asked.adopt,
            ),
        )


@relaxed_gc()
def apply_whole(
    live: LiveAccounts,
    whole: CombinedPlan,
    claim: Claim,
    progress: Callable[[Progress], None],
    emit: Emit = discard_event,
) -> ApplyReport:
    """Apply the config plan, then the live scopes that nothing refuses. What becomes of changes is in the report.

    Live changes were planned from what the config plan leaves behind: if that was not reached they are not tried. Raises
    PlanRefused if the config plan is refused, or everything is, and otherwise as ``apply_run``.
    """
    check_guards(whole.plan)
    report = ApplyReport("", (), 0)
    if whole.config is not None and to_apply(whole.config.plan):
        report = apply_run(live.installation, whole.config, claim, progress, emit)
    if whole.config is not None and whole.config.plan.scopes:
        live.write_statuses([_config_finding(whole.config, report)])
    if whole.live is None:
        return report
    if report.exit_code:
        why = "live accounts were not tried: the config tables did not become what was planned"
        return replace(report, stopped="\n".join(filter(None, (report.stopped, why))))
    process = live.installation.master.process
    transaction = report.transaction or new_run_id(process.clock())
    outcomes = live.apply(
        whole.live, claim, _order(whole, process.user, transaction), progress, emit
    )
    return _reported(report, outcomes, transaction, whole.live)


def _as_it_will_be(tables: ObservedState, config: PlanRun | None) -> ObservedState | None:
    """Return the tables as the config plan leaves them; None where it is not applied."""
    for scope in config.plan.scopes if config is not None else ():
        if scope.scope == CONFIG_SCOPE and scope.state is ScopeState.OK:
            return accepted_after(tables, scope)
    return None


def _joined(config: PlanRun | None, live: LivePlanRun | None, asked: PlanAsked) -> CombinedPlan:
    chosen = {"adopt": asked.adopt, "deep": asked.deep}
    options = tuple(name for name, given in chosen.items() if given)
    if live is None and config is not None:
        made = replace(config.plan, options=options)
        return CombinedPlan(
            config, None, made, config.names, config.unused_tokens, config.exit_code
        )
    scopes: list[ScopePlan] = []
    codes: list[int] = []
    revision, label, names = "", ACCEPTED, PLAIN_NAMES
    if config is not None:
        scopes += config.plan.scopes
        codes.append(config.exit_code)
        revision, label, names = config.plan.revision, config.plan.label, config.names
    if live is not None:
        scopes += live.plans
        codes += live.exit_codes(strict=asked.strict_live)
    violations = [violation for scope in scopes for violation in scope.violations]
    schedules = config.plan.schedules if config is not None else None
    if schedules is not None and live is not None:
        schedules = as_found(schedules, live.accepted, live.scopes, asked.now)
    joined = replace(
        plan(scopes, revision=revision, label=label), schedules=schedules, options=options
    )
    return CombinedPlan(
        config,
        live,
        joined,
        names,
        unused_tokens(violations, asked.tokens),
        worst_exit_code(codes),
    )


def _order(whole: CombinedPlan, user: str, transaction: str) -> ApplyRequest:
    accepted = whole.live.accepted.revision if whole.live is not None else ""
    found = whole.config.revision.tree.revision if whole.config is not None else None
    author = found.author if found is not None and found.id == accepted else ""
    return ApplyRequest(
        actor=Actor(author, accepted, user, "apply"),
        transaction=transaction,
        revision=accepted,
        plan_digest=whole.plan.digest,
    )


def _reported(
    config: ApplyReport, live: Sequence[ScopeOutcome], transaction: str, run: LivePlanRun
) -> ApplyReport:
    outcomes = (*config.outcomes, *(outcome for scope in live for outcome in scope.outcomes))
    refused = [3 for one in run.plans if one.state is ScopeState.REFUSED]
    codes = [config.exit_code, *(scope.exit_code for scope in live), *refused]
    stopped = (config.stopped, *(scope.stopped for scope in live))
    return ApplyReport(
        transaction if outcomes else "",
        outcomes,
        worst_exit_code(codes),
        "\n".join(filter(None, stopped)),
    )


def _config_finding(run: PlanRun, report: ApplyReport) -> Finding:
    scopes = [one for one in run.plan.scopes if one.scope == CONFIG_SCOPE]
    if not scopes:
        return Finding(scope=CONFIG_SCOPE, state=ScopeState.OK)
    scope = scopes[0]
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
        blocked=sum(note.category == "blocked" for note in scope.notes),
        applied=run.plan.revision if known and not left and not report.stopped else "",
    )


def write_refusal(live: LiveAccounts, whole: CombinedPlan) -> None:
    """Write how scopes stand that nothing is done in, as guards refuse it. Raises as any write."""
    findings = []
    if whole.config is not None:
        findings.append(_config_finding(whole.config, ApplyReport("", (), 0)))
    if whole.live is not None:
        findings += [finding_of(scope, whole.live.asked) for scope in whole.live.scopes]
    live.write_statuses(findings)


def write_stalled(live: LiveAccounts, error: EnvctlError) -> None:
    """Write that the source could not be read, or is wrong: what was accepted last stays in force. Raises as any write."""
    reason = "\n".join(str(error).splitlines()[:LINES_KEPT])
    live.write_statuses([Finding(scope=CONFIG_SCOPE, state=ScopeState.STALLED, reason=reason)])
