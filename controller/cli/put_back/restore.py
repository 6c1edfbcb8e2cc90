"""``envctl restore``: what a snapshot has otherwise, planned, shown, asked, put back."""

from contextlib import closing
from dataclasses import replace
from typing import Annotated

import typer

from controller.cli.apply import WaitOption
from controller.cli.invocation import Format, FormatOption, Invocation, OverrideOption
from controller.cli.process import say_document
from controller.cli.put_back.plan_and_ask import (
    Asked,
    PlanOption,
    ReasonOption,
    UntilOption,
    YesOption,
    own_planner,
    plan_and_ask,
    request_of,
    tell_result,
    until_of,
)
from controller.cli.snapshot import SnapshotArgument
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.snapshots.selection import Mode, Selection
from controller.engine.snapshots.service import Snapshots
from controller.errors import WrongUsage
from controller.views.documents.snapshots import restore_json
from controller.views.snapshots import restore_lines

KindOption = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only objects of this kind. Repeatable."),
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="NAME", help="Only objects of this name. Repeatable."),
]
EnvironmentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        metavar="NAME",
        help="Only this environment and what names it. Repeatable.",
    ),
]
ModeOption = Annotated[
    Mode, typer.Option("--mode", help="Whether what the snapshot lacks stays or goes.")
]


def restore(
    context: typer.Context,
    which: SnapshotArgument,
    *,
    kind: KindOption = None,
    key: KeyOption = None,
    environment: EnvironmentOption = None,
    mode: ModeOption = Mode.MERGE,
    reason: ReasonOption = "",
    until: UntilOption = None,
    override: OverrideOption = None,
    wait: WaitOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan, show, ask, and put back. With --plan exit 0: nothing to do; 2: changes; 3: refused by a guard."""
    call: Invocation = context.obj
    snapshots = Snapshots.of(call.installation, call.emit)
    manifest = snapshots.find(which)
    source = snapshots.source(manifest, _selection(call, kind, key, environment), mode)
    restorer = snapshots.restorer(
        call.live, source, own_planner(call), until_of(call, until), reason
    )
    request = request_of(call, "restore", override, wait)
    prepared = restorer.prepare(request)
    as_json = output is Format.JSON
    plan_and_ask(
        prepared,
        restore_lines(prepared),
        lambda: restore_json(manifest.id, prepared, None),
        Asked("restore", "nothing was restored", as_json=as_json, plan_only=plan, yes=yes),
    )
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        run = replace(restorer.run, emit=progress.tell)
        result = replace(restorer, run=run).carry_out(prepared, request)
    if as_json:
        say_document("restore", restore_json(manifest.id, prepared, result))
    else:
        tell_result(result, held=bool(prepared.held))
    raise typer.Exit(heard.exit_code(result.exit_code))


def _selection(call: Invocation, *named: list[str] | None) -> Selection:
    """Return what kinds, names and environments say. Raises WrongUsage for a kind there is none of."""
    selection = Selection(*(tuple(names or ()) for names in named))
    for kind in selection.kinds:
        if kind not in call.master.kinds:
            known = ", ".join(call.master.kinds)
            raise WrongUsage(f"there is no kind {kind!r}", fix=f"kinds: {known}")
    return selection
