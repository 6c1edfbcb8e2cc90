"""``envctl plan``: what would change, and nothing changed."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from controller import __version__
from controller.cli.invocation import Invocation, invocation
from controller.cli.options import (
    AdoptOption,
    DeepOption,
    OverrideOption,
    ScopeOption,
    SourceOption,
)
from controller.cli.output import note, note_warnings, say, say_lines
from controller.engine.authoring.write_files import write_file
from controller.engine.config.observe import (
    ObservedConfig,
    file_of,
    observe_config,
    seen_in_desired,
    seen_in_file,
)
from controller.engine.config.planner import PlanAsked, Planner
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.installation.settings_file import read_named
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.override_ends import overdue
from controller.engine.reconcile.reconcile import CombinedPlan, CombinedPlanner
from controller.errors import WrongUsage
from controller.planning.overrides import ending_soon
from controller.views.override_text import ended_text, soon_text
from controller.views.plan_html import render_html
from controller.views.plan_json import render_json
from controller.views.plan_markdown import render_markdown
from controller.views.plan_text import text_lines


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
        "--observed", metavar="FILE", help="Compare with a file of --save-observed; needs no AWS."
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
    expand: Annotated[bool, typer.Option("--expand", help="Show all names and fields.")] = False,
    override: OverrideOption = None,
    adopt: AdoptOption = False,
    deep: DeepOption = False,
    strict: StrictOption = False,
) -> None:
    """Show what would change. Exit 0: nothing to apply; 2: changes; 3: refused by a guard."""
    call = invocation(context)
    seen = _seen(call, base, observed)
    asked = PlanAsked(
        now=call.process.clock(),
        tokens=tuple(override or ()),
        adopt=adopt,
        deep=deep,
        scopes=tuple(scope or ()),
        strict=strict,
        strict_live=strict,
    )
    live = call.live if base is None and observed is None else None
    run = whole_planner(call, source, live).plan(seen, asked, call.emit)
    if save_observed is not None:
        # Planning from it needs the values as they are, those included that are shown nowhere.
        write_file(save_observed, file_of(seen), private=True)
    if out is not None:
        write_file(out, plan_file(run))
    show_plan(run, output, expand=expand)
    note_overrides(call, seen, run)
    raise typer.Exit(run.exit_code)


def whole_planner(
    call: Invocation, source: str | None, live: LiveAccounts | None
) -> CombinedPlanner:
    """Return what plans config and, where there is an AWS to look at, live accounts; warnings are noted as it loads."""

    def load(planner: Planner) -> LoadedRevision:
        revision = planner.load()
        note_warnings(revision.warnings)
        return revision

    return CombinedPlanner(planner=lambda: call.planner(source), load=load, live=live)


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


def show_plan_being_applied(run: CombinedPlan) -> None:
    """Print a plan without its last line, which says what to type next: that is being done."""
    lines = text_lines(run.plan, names=run.names)
    say_lines(lines[:-1] if run.plan.changes and not run.plan.refused else lines)
    note_unused_tokens(run)


def note_overrides(call: Invocation, seen: ObservedConfig, run: CombinedPlan) -> None:
    """Say which overrides have ended, and which will soon."""
    now = call.process.clock()
    for one in overdue(seen, run, now):
        note(f"{ended_text(one.override, one.why)}; the next apply records it")
    within = timedelta(seconds=call.settings.overrides.announce_seconds)
    for soon in ending_soon(seen.overrides, now, within):
        note(soon_text(soon, now))


def note_unused_tokens(run: CombinedPlan) -> None:
    """Say which approvals were given for changes that are others now."""
    for token in run.unused_tokens:
        note(
            f"envctl: --override {token} approves nothing here: the changes it was given for are others now"
        )


def _seen(call: Invocation, base: str | None, observed: str | None) -> ObservedConfig:
    if base is not None and observed is not None:
        raise WrongUsage(
            "--base and --observed both say what to compare with", fix="leave one of them out"
        )
    if base is not None:
        return seen_in_desired(call.planner(base).load().desired)
    if observed is not None:
        return seen_in_file(read_named(observed, "observed state", call.process), observed)
    return observe_config(call.installation)
