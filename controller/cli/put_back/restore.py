"""``envctl restore``: what a snapshot has otherwise, planned, shown, asked, put back."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from controller.cli.apply import WaitOption
from controller.cli.invocation import (
    ApproveOption,
    Format,
    FormatOption,
    Invocation,
    say_answer,
)
from controller.cli.process import note, say
from controller.cli.put_back.plan_and_ask import (
    Asked,
    PlanOption,
    ReasonOption,
    UntilOption,
    YesOption,
    override_files_writer,
    own_planner,
    plan_and_ask,
    request_of,
)
from controller.cli.put_back.typed_again import typed_again
from controller.cli.remote.operations import put_back
from controller.cli.remote.server import only_here
from controller.cli.snapshot import SnapshotArgument
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.authoring.write_files import write_folder
from controller.engine.config.observe import observe_config
from controller.engine.queries.rollback_asked import end_of
from controller.engine.snapshots.selection import Mode, selection_of
from controller.engine.snapshots.service import Snapshots
from controller.planning.overrides import is_held
from controller.views.override_text import yaml_lines
from controller.views.snapshots import restore_done, restore_planned

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
YamlOption = Annotated[
    Path | None,
    typer.Option(
        "--yaml",
        metavar="DIR",
        help="Then write the files to commit into this new folder, as envctl override yaml does.",
    ),
]
_SAID: Final = ("kind", "key", "environment", "mode", "reason", "until", "approve")
"""Options that a server takes, too."""


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
    approve: ApproveOption = None,
    wait: WaitOption = None,
    yaml: YamlOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan, show, ask, and put back. With --plan exit 0: nothing to do; 2: changes; 3: refused by a guard."""
    call: Invocation = context.obj
    asked = Asked("nothing was restored", output, plan_only=plan, yes=yes)
    if call.server is not None:
        only_here(wait=wait, yaml=yaml)
        said = {name: context.params[name] for name in _SAID}
        put_back(call, call.server, f"/snapshots/{which}/restore", said, asked)
    snapshots = Snapshots.of(call.installation, call.emit)
    manifest = snapshots.find(which)
    chosen = selection_of(call.master.kinds, kind or (), key or (), environment or ())
    source, ends = snapshots.source(manifest, chosen, mode), end_of(until, call.process.clock())
    restorer = snapshots.restorer(call.live, source, own_planner(call), ends, reason)
    request = request_of(call, "restore", approve, wait)
    prepared = restorer.prepare(request)
    told = replace(prepared, planned=call.as_shown(prepared.planned))
    typed = typed_again(context)
    plan_and_ask(restore_planned(manifest.id, told, typed), prepared, asked)
    if yaml is not None:
        # Before anything is done: whether it can be written there.
        write_folder(yaml, {}, force=False)
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        run = replace(restorer.run, emit=progress.tell)
        result = replace(restorer, run=run).carry_out(prepared, request)
    done = restore_done(manifest.id, told, call.result_as_shown(result), typed)
    say_answer(done, output)
    if yaml is not None:
        _write_yaml(call, yaml, output)
    raise typer.Exit(heard.exit_code(done.exit_code))


def _write_yaml(call: Invocation, folder: Path, output: Format) -> None:
    """Write what restores and rollbacks hold by now as files of the settings' own source."""
    seen = observe_config(call.installation)
    held = tuple(made for made in seen.overrides if is_held(made))
    if not held:
        note("nothing is held against the source, so there is no YAML to commit")
        return
    made = override_files_writer(call).files(held, seen)
    write_folder(folder, made.files, force=False)
    for line in yaml_lines(made, folder):
        (note if output is Format.JSON else say)(line)
