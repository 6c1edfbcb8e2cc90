"""The plan of a run: its scopes joined, compared with what was reviewed, refused where a guard refuses it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

from controller.engine.commit.lease import Claim
from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import PlanRun
from controller.engine.desired.accepted import accepted_after
from controller.engine.live.accounts import LivePlanRun
from controller.engine.live.observe import environments_of
from controller.engine.live.planner import LiveScopePlan
from controller.engine.power.fleet import evaluate_looks
from controller.errors import (
    ExitCode,
    InvalidDesiredState,
    PlanChanged,
    PlanRefused,
    SourceUnavailable,
    WrongUsage,
    worst_exit_code,
)
from controller.model.accepted import AcceptedState
from controller.model.canonical import DIGEST_DIGITS, short
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import Approval, Note, Plan, ScheduleMeaning, ScopePlan
from controller.planning.approvals import unused_lines, why_unused
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.planning.schedule_meaning import Counted, with_found
from controller.planning.scope_plan import plan
from controller.scheduling.decision import Verdict
from controller.scheduling.facts import Source
from controller.targets.power import Power

_RUNNING: Final = frozenset({"pending", "running"})
_SCHEDULED: Final = frozenset({Source.ROLE, Source.ENVIRONMENT})


def as_found(
    meaning: ScheduleMeaning,
    accepted: AcceptedState,
    scopes: Iterable[LiveScopePlan],
    now: datetime,
) -> ScheduleMeaning:
    """Return a meaning with the instances that were seen; as it is, unless all scopes it concerns were seen.

    Instances that a tag or an override decides about follow no schedule, so they do not count.
    """
    wanted = {name for shift in meaning.shifts for name in shift.environments}
    known: set[str] = set()
    found: dict[tuple[str, str], Counted] = {}
    for scope in scopes:
        part = next((part for part in scope.view.parts if isinstance(part.target, Power)), None)
        region = accepted.options.default_region
        here = frozenset(environments_of(accepted, scope.setup.scope, region))
        if part is None or not wanted & here:
            continue
        known |= here
        assert scope.view.look is not None, "power saw it"
        evaluated = evaluate_looks([(scope.setup, scope.view.look)], accepted, now, {})
        (seen,) = evaluated.scopes.values()
        for instance in seen.instances:
            decides = [rule for rule in instance.decision.chain if rule.verdict is Verdict.DECIDES]
            if any(rule.source in _SCHEDULED for rule in decides):
                key = instance.environment, instance.role.facts.name if instance.role else ""
                before = found.get(key, Counted())
                running = before.running + (instance.instance.state in _RUNNING)
                found[key] = Counted(before.total + 1, running)
    return with_found(meaning, found) if wanted <= known else meaning


ACCEPTED: Final = "the accepted state"
"""How a plan's desired state is called that comes from no source: the tables."""


class Reach(Enum):
    """How far a run goes."""

    PLAN = "plan"
    APPLY = "apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileRequest:
    """What is asked of one run.

    ``scopes`` empty means all. ``approvals`` are of violations. ``deep`` looks at live accounts closely, which takes many
    more calls. ``strict`` makes a config scope that cannot be seen an error among good ones, ``strict_live`` a live one.
    ``claim`` says how scopes are asked for, where something is applied.
    """

    requester: Requester
    claim: Claim
    reach: Reach = Reach.APPLY
    scopes: Sequence[str] = ()
    approvals: Sequence[str] = ()
    reviewed: str = ""
    """Digest of the plan that was reviewed, or its beginning; empty for any."""
    adopt: bool = False
    deep: bool = False
    strict: bool = False
    strict_live: bool = False
    wait: bool = True
    """Whether a run that only follows waits for what AWS goes on with; else the outcome says when to look again."""

    @property
    def given(self) -> tuple[Approval, ...]:
        """The approvals, with whose they are."""
        by = f"--approve by {self.requester.name}"
        return tuple(Approval(token, by) for token in self.approvals)


@dataclass(frozen=True, slots=True)
class CombinedPlan:
    """The plan of a run, and the runs it was put together from; None for a part that was not asked for.

    ``exit_code`` is that of a command that only plans.
    """

    config: PlanRun | None
    live: LivePlanRun | None
    plan: Plan
    names: FieldNames
    unused_tokens: Mapping[str, str]
    """Approvals given by hand that approve nothing -> why."""
    exit_code: ExitCode
    observed: ObservedConfig
    """What it was planned from."""
    source_error: SourceUnavailable | InvalidDesiredState | None = None
    """Why nothing is planned from the source, where live scopes follow what was accepted last all the same."""

    observed_at: datetime | None = None
    """When it was begun to look at that; None where that is not known."""

    @property
    def acts(self) -> bool:
        """Whether any change of it may be made."""
        live = self.live.scopes if self.live is not None else ()
        return bool(self.plan.enforced) or any(scope.to_do for scope in live)

    def schedules_at(self, moment: datetime) -> ScheduleMeaning | None:
        """Return what the plan's changes of schedules mean at a moment; None if it has none."""
        told = None if self.config is None else self.config.meaning
        meaning = None if told is None else told(moment)
        return meaning if self.live is None else _seen(meaning, self.live, moment)


class LastPlan(NamedTuple):
    """A plan that was made, and when; without what it was planned from, which is large."""

    at: datetime
    plan: Plan
    names: FieldNames
    exit_code: ExitCode


def combined(
    config: PlanRun | None,
    live: LivePlanRun | None,
    observed: ObservedConfig,
    request: ReconcileRequest,
) -> CombinedPlan:
    """Join the plans of a run."""
    scopes: list[ScopePlan] = []
    codes: list[ExitCode] = []
    revision, label, names, schedules = "", ACCEPTED, PLAIN_NAMES, None
    planned_from = observed.planned_from
    if config is not None:
        scopes += config.plan.scopes
        codes.append(config.exit_code(strict=request.strict))
        revision, label = config.plan.revision, config.plan.label
        names, schedules = config.names, config.plan.schedules
        planned_from = config.planned_from
    if live is not None:
        scopes += live.plans
        codes += live.exit_codes(strict=request.strict_live)
        schedules = _seen(schedules, live, live.asked.now)
        # All that turns: schedules, and the ends of overrides.
        turns_at = live.planned_from.turns_at
        planned_from = replace(planned_from, turns_at=turns_at) if planned_from else None
    joined = plan(scopes, revision=revision, label=label)
    violations = [violation for scope in joined.scopes for violation in scope.violations]
    if config is not None and joined.refused:
        joined = with_notes(joined, unused_lines(config.lines, violations))
    # Without a live scope there is nothing to look at closely.
    chosen = {"adopt": request.adopt, "deep": request.deep and bool(live and live.plans)}
    options = tuple(name for name, given in chosen.items() if given)
    return CombinedPlan(
        config,
        live,
        replace(joined, schedules=schedules, options=options, planned_from=planned_from),
        names,
        {token: why for token in request.approvals if (why := why_unused(violations, token))},
        worst_exit_code(codes),
        observed,
    )


def _seen(
    meaning: ScheduleMeaning | None, live: LivePlanRun, moment: datetime
) -> ScheduleMeaning | None:
    return None if meaning is None else as_found(meaning, live.accepted, live.scopes, moment)


def with_notes(made: Plan, notes: Sequence[Note]) -> Plan:
    """Return a plan whose first scope has these notes too."""
    if not made.scopes or not notes:
        return made
    first, *others = made.scopes
    told = replace(first, notes=tuple(sorted({*first.notes, *notes})))
    return replace(made, scopes=(told, *others))


def tables_after(tables: ObservedState, config: PlanRun | None) -> ObservedState | None:
    """Return the tables as the config plan leaves them; None where it is not applied."""
    for scope in config.plan.scopes if config is not None else ():
        if scope.scope == CONFIG_SCOPE and scope.state is ScopeState.OK:
            return accepted_after(tables, scope)
    return None


def check_reviewed(plan: Plan, reviewed: str) -> None:
    """Raise PlanChanged unless the plan is the one that was reviewed, WrongUsage for a digest cut too short."""
    if len(reviewed) < DIGEST_DIGITS:
        raise WrongUsage(
            f"{reviewed!r} is too short to tell plans apart",
            fix=f"give at least {DIGEST_DIGITS} digits of the digest",
        )
    if not plan.digest.startswith(reviewed):
        why = "  what is in the source, the tables or the accounts, or the options of the command, are others"
        raise PlanChanged(reviewed, plan.digest, why)


def refusal_of(planned: CombinedPlan) -> PlanRefused | None:
    """Return what refuses a plan: the violations that nobody approved; None where there are none.

    It is refused as a whole only where it does not act: what a guard refuses holds back what depends on it, not what others do.
    """
    plan, refused = planned.plan, planned.plan.refused
    if not refused:
        return None
    count = f"{len(refused)} violation{'' if len(refused) == 1 else 's'}"
    lifted = [violation for violation in refused if violation.overridable and violation.token]
    tokens = " ".join(f"--approve {violation.token}" for violation in lifted)
    what = "; ".join(f"{one.guard}: {one.message}" for one in refused)
    return PlanRefused(
        f"plan {short(plan.digest)} refused by {count}: {what}",
        fix=f"approve exactly these: {tokens}" if tokens else "change the source and plan again",
    )
