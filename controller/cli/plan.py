"""``envctl plan``: what would change, and nothing changed."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from controller import catalog
from controller.cli.invocation import (
    AdoptOption,
    ApproveOption,
    DeepOption,
    Invocation,
    RefOption,
    ScopeOption,
    SourceOption,
    at_ref,
    note_warnings,
)
from controller.cli.process import note
from controller.cli.remote.server import Request, Server, only_here
from controller.cli.reports.earlier_plan import SinceOption, earlier_plan, with_since
from controller.cli.reports.plan_formats import (
    BudgetOption,
    FilesOption,
    PlanFormat,
    ReportOption,
    Shown,
    WholeOption,
    asked_for,
    plan_file,
    show_plan,
    write_reports,
)
from controller.cli.terminal.positional_source import SourceArgument, one_source
from controller.engine.authoring.write_files import write_file
from controller.engine.commit.lease import Claim
from controller.engine.config.observe import (
    ObservedConfig,
    file_of,
    seen_in_desired,
    seen_in_file,
)
from controller.engine.installation.installation import (
    OBSERVED_BOUND,
    S3,
    read_named,
    reading_access,
)
from controller.engine.live.published_accounts import PublishedAccounts
from controller.engine.reconcile.beside import with_beside
from controller.engine.reconcile.combined_plan import CombinedPlan, Reach, ReconcileRequest
from controller.engine.reconcile.judged import check_apart, judged
from controller.engine.reconcile.published_looks import open_published
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.errors import ExitCode, WrongUsage
from controller.gc_tuning import relaxed_gc
from controller.views.plan.markdown import Links
from controller.views.plan.remarks import ages, endings

FILE_SUFFIX: Final = ".json"
_ONLY_HERE: Final = (
    *("approve", "adopt", "out", "author", "beside", "since", "budget"),
    *("files_at", "whole_at", "report"),
)
"""Options that no daemon answers."""


BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="SOURCE|BRANCH",
        help="Compare with this source instead of with the tables: what the change makes of it, without drift. A bare word (main, origin/main) is a branch of the source's repository.",
    ),
]
BesideOption = Annotated[
    list[str] | None,
    typer.Option(
        "--beside",
        metavar="REF",
        help="Say where it conflicts with what this other ref of the source's repository changes: refs/pull/17/head. Repeatable.",
    ),
]
ObservedOption = Annotated[
    str | None,
    typer.Option(
        "--observed",
        metavar="FILE|PLACE",
        help="Compare with a file of --save-observed (*.json), or with the last looks that are published in a folder or s3://BUCKET/PREFIX.",
    ),
]
SaveOption = Annotated[
    Path | None,
    typer.Option(
        "--save-observed",
        metavar="FILE",
        help="Write what was compared with, as it is: readable by you alone.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Also write the plan file that apply reads."),
]
ShownOption = Annotated[PlanFormat, typer.Option("--format", "-o", help="How to show it.")]
ExpandOption = Annotated[bool, typer.Option("--expand", help="Show all names, fields and lines.")]
AuthorOption = Annotated[
    str,
    typer.Option(
        "--author",
        metavar="NAME",
        help="Who wrote the change, as the code host calls them: exit 3 where review.owners in the settings do not let them.",
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="A scope that cannot be read is an error.")
]
ExitZeroOption = Annotated[
    bool, typer.Option("--exit-zero", help="End with 0, not 2, where there are changes.")
]


@relaxed_gc()
def plan(
    context: typer.Context,
    of: SourceArgument = None,
    *,
    source: SourceOption = None,
    ref: RefOption = None,
    base: BaseOption = None,
    scope: ScopeOption = None,
    observed: ObservedOption = None,
    save_observed: SaveOption = None,
    output: ShownOption = PlanFormat.TEXT,
    out: OutOption = None,
    expand: ExpandOption = False,
    approve: ApproveOption = None,
    adopt: AdoptOption = False,
    deep: DeepOption = False,
    strict: StrictOption = False,
    exit_zero: ExitZeroOption = False,
    author: AuthorOption = "",
    beside: BesideOption = None,
    since: SinceOption = None,
    budget: BudgetOption = None,
    files_at: FilesOption = "",
    whole_at: WholeOption = "",
    report: ReportOption = None,
) -> None:
    """Show what would change. Exit 0: nothing to apply; 2: changes, unless --exit-zero; 3: refused by a guard."""
    call: Invocation = context.obj
    if of is not None:
        source = one_source(of, source)
    if call.server is not None and not any((source, ref, base, observed, save_observed)):
        raise _ended(_ask_server(call.server, context.params), exit_zero=exit_zero)
    source = at_ref(ref, source) if ref is not None else source
    check_apart(call.config_name, source, author)
    shown = Shown(expand, budget, Links(files_at, whole_at)).checked(report or ())
    shown = shown._replace(asked=asked_for(call.config, source, scope or (), out))
    earlier = earlier_plan(since, call.process)
    request = _request(call, scope or (), approve or (), adopt=adopt, deep=deep, strict=strict)
    compared, accounts = _observed(call, source, base, observed)
    reconciler = call.reconciler(
        source, partial(note_warnings, call.emit, lambda: shown.asked), compared, accounts
    )
    result = reconciler.reconcile(request)
    reviewed = _reviewed(result.planned, author, beside or (), call, reconciler)
    planned = with_since(reviewed, earlier)
    _give_out(call, planned, shown, output, save_observed, out, report or ())
    _note_moments(call, result, accounts)
    raise _ended(planned.exit_code, exit_zero=exit_zero)


def _request(
    call: Invocation,
    scopes: Sequence[str],
    approvals: Sequence[str],
    *,
    adopt: bool,
    deep: bool,
    strict: bool,
) -> ReconcileRequest:
    """Return what is asked of a run that only plans."""
    return ReconcileRequest(
        requester=call.requester("plan"),
        claim=Claim(call.process.instance),
        reach=Reach.PLAN,
        scopes=tuple(scopes),
        approvals=tuple(approvals),
        adopt=adopt,
        deep=deep,
        strict=strict,
        strict_live=strict,
    )


def _reviewed(
    planned: CombinedPlan,
    author: str,
    refs: Sequence[str],
    call: Invocation,
    reconciler: Reconciler,
) -> CombinedPlan:
    """Return the plan with who has to agree, and with what else is open (``refs``) that it would conflict with."""
    planned = judged(planned, call.settings.review, author)
    if not refs:
        return planned
    assert reconciler.planner is not None, "a plan is made by one"
    process = call.process
    return with_beside(planned, refs, reconciler.planner, process.cache_dir, process.clock())


def _ended(code: int, *, exit_zero: bool) -> typer.Exit:
    """Return the end of the command: changes alone are 0 where that was asked for, all else keeps its code."""
    return typer.Exit(0 if exit_zero and code == ExitCode.CHANGES else code)


def _give_out(
    call: Invocation,
    planned: CombinedPlan,
    shown: Shown,
    output: PlanFormat,
    save_observed: Path | None,
    out: Path | None,
    reports: Sequence[Path],
) -> None:
    """Write the files that are asked for, and print the plan."""
    if save_observed is not None:
        # Planning from it needs the values as they are, those included that are shown nowhere.
        write_file(save_observed, file_of(planned.observed), private=True)
    if out is not None:
        # What user data and templates say is in it.
        write_file(out, plan_file(planned), private=True)
    told = call.as_shown(planned)
    write_reports(told, reports, shown)
    show_plan(told, output, shown)


def _ask_server(server: Server, given: Mapping[str, Any]) -> int:
    """Have the daemon plan from its source what is there, and print it; return the exit code."""
    output = given["output"]
    only_here(**{name: given[name] for name in _ONLY_HERE})
    only_here(format=output in {PlanFormat.MARKDOWN, PlanFormat.HTML})
    asked = {name: given[name] for name in ("scope", "deep", "strict", "expand")}
    return server.answer(Request("/plan", asked), as_json=output is PlanFormat.JSON)


def _note_moments(call: Invocation, result: Reconciled, accounts: PublishedAccounts | None) -> None:
    """Say how old what it was planned from is, where nobody looked for it, and which overrides have ended or end soon."""
    now = call.process.clock()
    for line in ages(accounts.seen, now) if accounts is not None else ():
        note(line)
    for line in endings(result, now):
        note(line)


def _observed(
    call: Invocation, source: str | None, base: str | None, observed: str | None
) -> tuple[ObservedConfig | None, PublishedAccounts | None]:
    """Return what to compare with instead of the tables, and the accounts as they were last seen; None for what is there now, or for none."""
    if base is not None and observed is not None:
        raise WrongUsage(
            "--base and --observed both say what to compare with", fix="leave one of them out"
        )
    if base is not None:
        return seen_in_desired(call.planner_of_base(base, source).load().desired), None
    if observed is None:
        return None, None
    if observed.endswith(FILE_SUFFIX) or (not observed.startswith(S3) and Path(observed).is_file()):
        data = read_named(observed, "observed state", call.process, OBSERVED_BOUND)
        return seen_in_file(data, observed), None
    access = reading_access(call.process, call.settings.region)
    with access.telling_who():
        return open_published(
            observed, call.settings, catalog.kinds(), access, call.process.clock()
        )
