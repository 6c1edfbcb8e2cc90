"""``envctl plan``: what would change, and nothing changed."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from controller import __version__, catalog
from controller.cli.invocation import (
    AdoptOption,
    DeepOption,
    Invocation,
    OverrideOption,
    ScopeOption,
    SourceOption,
    note_warnings,
)
from controller.cli.process import note, say, say_lines
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
from controller.engine.reconcile.combined_plan import CombinedPlan, Reach, ReconcileRequest
from controller.engine.reconcile.published_looks import open_published
from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import WrongUsage
from controller.views.documents.plan import render_json
from controller.views.override_text import ended_lines, soon_lines
from controller.views.plan.ages import ages
from controller.views.plan.html import render_html
from controller.views.plan.markdown import render_markdown
from controller.views.plan.text import text_lines
from controller.views.put_back import unused_tokens

FILE_SUFFIX: Final = ".json"


class PlanFormat(StrEnum):
    """How a plan is shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base", metavar="SOURCE", help="Compare with this source instead of with the tables."
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
StrictOption = Annotated[
    bool, typer.Option("--strict", help="A scope that cannot be read is an error.")
]


def plan(
    context: typer.Context,
    *,
    source: SourceOption = None,
    base: BaseOption = None,
    scope: ScopeOption = None,
    observed: ObservedOption = None,
    save_observed: SaveOption = None,
    output: Annotated[
        PlanFormat, typer.Option("--format", help="How to show it.")
    ] = PlanFormat.TEXT,
    out: OutOption = None,
    expand: Annotated[
        bool, typer.Option("--expand", help="Show all names, fields and lines.")
    ] = False,
    override: OverrideOption = None,
    adopt: AdoptOption = False,
    deep: DeepOption = False,
    strict: StrictOption = False,
) -> None:
    """Show what would change. Exit 0: nothing to apply; 2: changes; 3: refused by a guard."""
    call: Invocation = context.obj
    compared, accounts = _observed(call, base, observed)
    emit = partial(note_warnings, call.emit)
    reconciler = call.reconciler(source, emit, compared, accounts)
    result = reconciler.reconcile(
        ReconcileRequest(
            requester=call.requester("plan"),
            claim=Claim(call.process.instance),
            reach=Reach.PLAN,
            scopes=tuple(scope or ()),
            approvals=tuple(override or ()),
            adopt=adopt,
            deep=deep,
            strict=strict,
            strict_live=strict,
        )
    )
    planned = result.planned
    if save_observed is not None:
        # Planning from it needs the values as they are, those included that are shown nowhere.
        write_file(save_observed, file_of(planned.observed), private=True)
    if out is not None:
        # What user data and templates say is in it.
        write_file(out, plan_file(planned), private=True)
    show_plan(planned, output, expand=expand)
    _note_moments(call, result, accounts)
    raise typer.Exit(planned.exit_code)


def _note_moments(call: Invocation, result: Reconciled, accounts: PublishedAccounts | None) -> None:
    """Say how old what it was planned from is, where nobody looked for it, and which overrides have ended or end soon."""
    now = call.process.clock()
    for line in ages(accounts.seen, now) if accounts is not None else ():
        note(line)
    for line in ended_lines(result.ended):
        note(f"{line}; the next apply records it")
    for line in soon_lines(result.ending_soon, now):
        note(line)


def plan_file(run: CombinedPlan) -> bytes:
    """Return the plan as the file that apply reads."""
    return render_json(run.plan, names=run.names, controller_version=__version__)


def show_plan(run: CombinedPlan, output: PlanFormat, *, expand: bool = False) -> None:
    """Print a plan, then what is to be said of its approvals."""
    match output:
        case PlanFormat.TEXT:
            say_lines(text_lines(run.plan, names=run.names, expand=expand))
        case PlanFormat.MARKDOWN:
            say(render_markdown(run.plan, names=run.names, expand=expand))
        case PlanFormat.HTML:
            say(render_html(run.plan, names=run.names))
        case PlanFormat.JSON:
            say(plan_file(run).decode())
    note_unused_tokens(run)


def note_unused_tokens(run: CombinedPlan) -> None:
    """Say which approvals were given for changes that are others now, or tell no changes apart."""
    for remark in unused_tokens(run):
        note(remark)


def _observed(
    call: Invocation, base: str | None, observed: str | None
) -> tuple[ObservedConfig | None, PublishedAccounts | None]:
    """Return what to compare with instead of the tables, and the accounts as they were last seen; None for what is there now, or for none."""
    if base is not None and observed is not None:
        raise WrongUsage(
            "--base and --observed both say what to compare with", fix="leave one of them out"
        )
    if base is not None:
        return seen_in_desired(call.planner(base).load().desired), None
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
