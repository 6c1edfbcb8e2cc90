"""``envctl apply``: the plan, done."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from controller.cli.apply_progress import ProgressLine
from controller.cli.invocation import Invocation, invocation
from controller.cli.options import (
    AdoptOption,
    DeepOption,
    Format,
    FormatOption,
    OverrideOption,
    ScopeOption,
    SourceOption,
)
from controller.cli.output import note, say, say_json
from controller.cli.plan import plan_file, show_plan_being_applied, whole_planner
from controller.cli.process import may_ask
from controller.engine.commit.lease import Claim
from controller.engine.config.apply import (
    ApplyReport,
    Reviewed,
    check_guards,
    check_reviewed,
    to_apply,
)
from controller.engine.config.observe import ObservedConfig, observe_config
from controller.engine.config.planner import PlanAsked
from controller.engine.queries.moments import parse_duration
from controller.engine.reconcile.override_ends import announce, overdue, record_ends
from controller.engine.reconcile.reconcile import (
    CombinedPlan,
    apply_whole,
    write_refusal,
    write_stalled,
)
from controller.errors import InvalidDesiredState, PlanRefused, SourceUnavailable, WrongUsage
from controller.planning.read_json import PlanClaim, read_plan
from controller.views.outcomes import failure_lines, outcome_json, tally_line
from controller.views.override_text import ended_text, soon_text

CHANGES_LEFT = 2


PlanArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[PLAN_FILE]", help="Apply only if the plan is still this one."),
]
ExpectOption = Annotated[
    str | None, typer.Option("--expect", metavar="DIGEST", help="Apply only this plan.")
]
WaitOption = Annotated[
    str | None,
    typer.Option("--wait", metavar="TIME", help="Wait so long (5m) for the scope's owner."),
]
TakeOverOption = Annotated[
    bool, typer.Option("--take-over", help="End another worker's ownership of the scope.")
]


def apply(
    context: typer.Context,
    *,
    plan: PlanArgument = None,
    source: SourceOption = None,
    scope: ScopeOption = None,
    expect: ExpectOption = None,
    override: OverrideOption = None,
    adopt: AdoptOption = False,
    deep: DeepOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: WaitOption = None,
    take_over: TakeOverOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan, show, ask, and do it. Exit 3: refused by a guard; 4: another plan than expected; 7: some changes failed."""
    call = invocation(context)
    claim = Claim(
        call.process.instance,
        wait_s=parse_duration(wait) if wait else 0.0,
        take_over=take_over,
    )
    reviewed = _read_claim(plan, adopt=adopt)
    asked = PlanAsked(
        now=call.process.clock(),
        tokens=tuple(override or ()),
        adopt=adopt,
        deep=deep or (reviewed is not None and "deep" in reviewed.options),
        scopes=tuple(scope or (reviewed.scopes if reviewed else ())),
        strict=True,
    )
    seen = observe_config(call.installation)
    run = _planned(call, source, seen, asked)
    as_json = output is Format.JSON
    expected = [Reviewed(expect)] if expect else []
    expected += [Reviewed(reviewed.digest, reviewed.revision, reviewed.changes)] if reviewed else []
    check_reviewed(run.plan, expected)
    if not as_json:
        show_plan_being_applied(run)
    if not _go_on(call, run, as_json=as_json, yes=yes):
        apply_whole(call.live, run, claim, lambda _: None, call.emit)
        _end_overrides(call, seen, run, claim)
        raise typer.Exit(run.exit_code)
    report = _apply(call, run, claim)
    _end_overrides(call, seen, run, claim)
    if as_json:
        say_json(_json(run, report))
    else:
        _say(report)
    raise typer.Exit(report.exit_code)


def _read_claim(plan: Path | None, *, adopt: bool) -> PlanClaim | None:
    if plan is None:
        return None
    try:
        claim = read_plan(plan.read_bytes(), str(plan))
    except OSError as error:
        raise WrongUsage(
            f"plan file {plan}: cannot be read: {error.strerror}",
            fix=f"make it with envctl plan --out {plan}",
        ) from error
    if "adopt" in claim.options and not adopt:
        raise WrongUsage(
            f"plan file {plan}: it takes over objects that are nobody's, which is never done unasked",
            fix=f"envctl apply {plan} --adopt",
        )
    return claim


def _planned(
    call: Invocation, source: str | None, seen: ObservedConfig, asked: PlanAsked
) -> CombinedPlan:
    try:
        return whole_planner(call, source, call.live).plan(seen, asked, call.emit)
    except (SourceUnavailable, InvalidDesiredState) as error:
        if source is None:
            write_stalled(call.live, error)
        raise


def _go_on(call: Invocation, run: CombinedPlan, *, as_json: bool, yes: bool) -> bool:
    """Tell whether there is something to do; end the command if it may not be done."""
    try:
        check_guards(run.plan)
    except PlanRefused:
        write_refusal(call.live, run)
        if as_json:
            say_json(_json(run, None))
            raise typer.Exit(3) from None
        raise
    if not to_apply(run.plan):
        if as_json:
            say_json(_json(run, None))
        return False
    if yes:
        return True
    if as_json or not may_ask():
        raise WrongUsage(
            "this changes something, and there is nobody to ask",
            fix="add --yes; with a plan file or --expect DIGEST it does what was reviewed and nothing else",
        )
    if not typer.confirm("Apply?", err=True):
        note("not applied")
        raise typer.Exit(CHANGES_LEFT)
    return True


def _apply(call: Invocation, run: CombinedPlan, claim: Claim) -> ApplyReport:
    with ProgressLine() as progress:
        return apply_whole(call.live, run, claim, progress, call.emit)


def _end_overrides(call: Invocation, seen: ObservedConfig, run: CombinedPlan, claim: Claim) -> None:
    """Record the overrides that have ended, and say which did and which will soon."""
    now = call.process.clock()
    for record_end in record_ends(call.installation, overdue(seen, run, now), claim, call.emit):
        note(ended_text(record_end.override, record_end.why))
    within = timedelta(seconds=call.settings.overrides.announce_seconds)
    for soon in announce(seen.overrides, now, within, call.emit):
        note(soon_text(soon, now))


def _say(report: ApplyReport) -> None:
    for line in failure_lines(report):
        note(line)
    say(tally_line(report))


def _json(run: CombinedPlan, report: ApplyReport | None) -> dict[str, Any]:
    return {
        "plan": orjson.loads(plan_file(run)),
        "applied": report is not None,
        "transaction": report.transaction if report else "",
        "stopped": report.stopped if report else "",
        "outcomes": [outcome_json(outcome) for outcome in report.outcomes] if report else [],
    }
