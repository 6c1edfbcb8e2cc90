"""One plan of the config scope and the live scopes together. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.engine.config.observe import ObservedConfig
from controller.engine.config.planner import PlanRun
from controller.engine.desired.accepted import accepted_after
from controller.engine.live.accounts import LivePlanRun
from controller.engine.power.count_followers import as_found
from controller.errors import ExitCode, worst_exit_code
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import Plan, ScopePlan
from controller.planning.fields import PLAIN_NAMES, FieldNames
from controller.planning.guards import unused_tokens
from controller.planning.scope_plan import plan

ACCEPTED: Final = "the accepted state"
"""How a plan's desired state is called that comes from no source: the tables."""


@dataclass(frozen=True, slots=True)
class CombinedPlan:
    """The plan of a run, and the runs it was put together from; None for a part that was not asked for.

    ``exit_code`` is that of a command that only plans.
    """

    config: PlanRun | None
    live: LivePlanRun | None
    plan: Plan
    names: FieldNames
    unused_tokens: tuple[str, ...]
    exit_code: ExitCode
    observed: ObservedConfig
    """What it was planned from."""


def combined(
    config: PlanRun | None,
    live: LivePlanRun | None,
    observed: ObservedConfig,
    *,
    approvals: Sequence[str],
    options: tuple[str, ...],
    strict: bool,
    strict_live: bool,
) -> CombinedPlan:
    """Join the plans of a run. ``options`` say how it was asked for, ``strict`` what is an error among good scopes."""
    scopes: list[ScopePlan] = []
    codes: list[ExitCode] = []
    revision, label, names, schedules = "", ACCEPTED, PLAIN_NAMES, None
    if config is not None:
        scopes += config.plan.scopes
        codes.append(config.exit_code(strict=strict))
        revision, label = config.plan.revision, config.plan.label
        names, schedules = config.names, config.plan.schedules
    if live is not None:
        scopes += live.plans
        codes += live.exit_codes(strict=strict_live)
        if schedules is not None:
            schedules = as_found(schedules, live.accepted, live.scopes, live.asked.now)
    joined = plan(scopes, revision=revision, label=label)
    violations = [violation for scope in joined.scopes for violation in scope.violations]
    return CombinedPlan(
        config,
        live,
        replace(joined, schedules=schedules, options=options),
        names,
        unused_tokens(violations, approvals),
        worst_exit_code(codes),
        observed,
    )


def tables_after(tables: ObservedState, config: PlanRun | None) -> ObservedState | None:
    """Return the tables as the config plan leaves them; None where it is not applied."""
    for scope in config.plan.scopes if config is not None else ():
        if scope.scope == CONFIG_SCOPE and scope.state is ScopeState.OK:
            return accepted_after(tables, scope)
    return None
