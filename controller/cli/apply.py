"""``envctl apply``: the plan, done."""

import shlex
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from controller.cli.invocation import (
    AdoptOption,
    ApproveOption,
    DeepOption,
    Format,
    FormatOption,
    Invocation,
    RefOption,
    ScopeOption,
    SourceOption,
    ask,
    at_ref,
    note_warnings,
)
from controller.cli.process import note, note_error, say, say_document, say_lines
from controller.cli.reports.plan_formats import asked_for, note_unused_tokens
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.positional_source import is_address, one_source
from controller.cli.terminal.progress import ProgressLine
from controller.engine.commit.lease import Claim
from controller.engine.queries.moments import parse_duration
from controller.engine.reconcile.combined_plan import (
    CombinedPlan,
    ReconcileRequest,
)
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.errors import WrongUsage
from controller.planning.plan_file import PlanClaim, read_plan
from controller.views.documents.plan_review import check_plan_file
from controller.views.outcomes import apply_json, failure_lines, next_run_line, tally_line
from controller.views.override_text import ended_lines, soon_lines
from controller.views.plan.text import text_lines
from controller.views.plan.wording import AS_USUAL

_NOBODY_TO_ASK = (
    "add --yes; with a plan file or --expect DIGEST it does what was reviewed and nothing else"
)


_NOT_FROM_SOURCE = "the source is wrong or out of reach, as is said at the end: accounts are kept as was accepted last"

PlanArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[PLAN_FILE|SOURCE]",
        help="A plan file: apply only if the plan is still this one. Or the same as --source SOURCE.",
    ),
]
ExpectOption = Annotated[
    str | None,
    typer.Option(
        "--expect", metavar="DIGEST", help="Apply only this plan: its digest, 16 digits at least."
    ),
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
    ref: RefOption = None,
    scope: ScopeOption = None,
    expect: ExpectOption = None,
    approve: ApproveOption = None,
    adopt: AdoptOption = False,
    deep: DeepOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: WaitOption = None,
    take_over: TakeOverOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan, show, ask, and do it. Exit 3: refused by a guard; 4: another plan than expected; 7: some changes failed."""
    call: Invocation = context.obj
    if plan is not None and (is_address(plan) or Path(plan).is_dir()):
        plan, source = None, one_source(plan, source)
    source = source if ref is None else at_ref(ref, source)
    claim = _read_claim(Path(plan), source, adopt=adopt) if plan is not None else None
    wait_s = parse_duration(wait) if wait else 0.0
    request = ReconcileRequest(
        requester=call.requester("apply"),
        claim=Claim(call.process.instance, wait_s=wait_s, take_over=take_over),
        scopes=tuple(scope or (claim.scopes if claim else ())),
        approvals=tuple(approve or ()),
        reviewed=expect or "",
        adopt=adopt,
        deep=deep or (claim is not None and "deep" in claim.options),
        strict=True,
    )
    asked_as = partial(asked_for, call.config, source, request.scopes)
    reconciler = call.reconciler(source, partial(note_warnings, call.emit, asked_as))
    as_json, planned = output is Format.JSON, reconciler.plan(request)
    if claim is not None:
        _check_claim(claim, planned, call)
    if not as_json:
        # What to type next is being done.
        asked = asked_as() if (refused := planned.plan.refused) else AS_USUAL
        shown = partial(text_lines, call.as_shown(planned).plan, names=planned.names, asked=asked)
        say_lines(shown(says_next=bool(refused) or not planned.plan.changes))
        if planned.unused_tokens:
            note_unused_tokens(planned)
        if planned.source_error is not None:
            note(_NOT_FROM_SOURCE)
    if planned.acts and not yes:
        ask(as_json=as_json, fix=_NOBODY_TO_ASK, declined="not applied")
    _carry_out(call, source, reconciler, planned, request, as_json=as_json)


def _carry_out(
    call: Invocation,
    source: str | None,
    reconciler: Reconciler,
    planned: CombinedPlan,
    request: ReconcileRequest,
    *,
    as_json: bool,
) -> NoReturn:
    """Apply a plan, say what came of it, and end the command."""
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(reconciler.emit)) as progress,
    ):
        result = replace(reconciler, emit=progress.tell).apply(planned, request)
    again = [
        "envctl",
        *(["--config", call.config] if call.config else []),
        "apply",
        *(["--source", source] if source else []),
        *["--adopt"] * request.adopt,
    ]
    _tell(call, result, shlex.join(again), as_json=as_json)
    raise typer.Exit(heard.exit_code(result.exit_code))


def _read_claim(plan: Path, source: str | None, *, adopt: bool) -> PlanClaim:
    try:
        claim = read_plan(plan.read_bytes(), str(plan))
    except OSError as error:
        given = "" if source is None else f" --source {shlex.quote(source)}"
        raise WrongUsage(
            f"plan file {plan}: cannot be read: {error.strerror}",
            fix=f"make it with envctl plan --out {shlex.quote(str(plan))}{given}",
        ) from error
    if "adopt" in claim.options and not adopt:
        again = [] if source is None else ["--source", source]
        raise WrongUsage(
            f"plan file {plan}: it takes over objects that are nobody's, which is never done unasked",
            fix=shlex.join(["envctl", "apply", str(plan), *again, "--adopt"]),
        )
    return claim


def _check_claim(claim: PlanClaim, planned: CombinedPlan, call: Invocation) -> None:
    """Raise what keeps the source from being read, or what is otherwise than in the plan file."""
    if planned.source_error is not None:
        raise planned.source_error
    check_plan_file(claim, planned, call.process.clock())


def _tell(call: Invocation, result: Reconciled, again: str, *, as_json: bool) -> None:
    """Say all that came of the run, and where it takes another one, the command ``again``.

    Raises what refuses it as a whole, where that is not said as JSON; what was held back while the rest went on is said.
    """
    result = call.result_as_shown(result)
    settings = "" if call.config is None else f" --config {shlex.quote(call.config)}"
    if result.ended or result.ending_soon:
        soon = soon_lines(result.ending_soon, call.process.clock())
        for line in (*ended_lines(result.ended), *soon):
            note(line)
    if as_json:
        say_document("apply", apply_json(result.planned, result.report))
        return
    if result.report is not None:
        for line in failure_lines(result.report):
            note(line)
        if result.report.outcomes:
            say(tally_line(result.report, settings))
            next_run = next_run_line(result.planned, result.report, again)
            if next_run:
                say(next_run)
    if result.refused is not None:
        if result.report is None:
            raise result.refused
        note_error(result.refused)
    if result.planned.source_error is not None:
        note_error(result.planned.source_error)
