"""``envctl restore``: what a snapshot has otherwise, planned, shown, asked, put back."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from controller.cli.apply import WaitOption
from controller.cli.invocation import Format, FormatOption, Invocation, OverrideOption, ask
from controller.cli.plan import note_unused_tokens
from controller.cli.process import note, note_error, say, say_document, say_lines
from controller.cli.snapshot import SnapshotArgument
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.commit.lease import Claim
from controller.engine.config.planner import Planner
from controller.engine.queries.moments import parse_duration
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.snapshots.restore import PreparedRestore
from controller.engine.snapshots.selection import Mode, Selection
from controller.engine.snapshots.service import Snapshots
from controller.errors import ExitCode, WrongUsage
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_until
from controller.views.documents.snapshots import restore_json
from controller.views.outcomes import failure_lines, tally_line
from controller.views.plan.text import text_lines
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
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; everybody sees it.")
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="TIME",
        help="What is put back holds until then (UTC; +2h); default: until Git changes it.",
    ),
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
    plan: Annotated[bool, typer.Option("--plan", help="Stop after the plan.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan, show, ask, and put back. With --plan exit 0: nothing to do; 2: changes; 3: refused by a guard."""
    call: Invocation = context.obj
    snapshots = Snapshots.of(call.installation, call.emit)
    manifest = snapshots.find(which)
    source = snapshots.source(manifest, _selection(call, kind, key, environment), mode)
    restorer = snapshots.restorer(
        call.live, source, _own_planner(call), _until(call, until), reason
    )
    request = ReconcileRequest(
        requester=call.requester("restore"),
        claim=Claim(call.process.instance, wait_s=parse_duration(wait) if wait else 0.0),
        approvals=tuple(override or ()),
        strict=True,
    )
    prepared = restorer.prepare(request)
    as_json = output is Format.JSON
    if not as_json:
        _show(prepared)
    elif plan:
        say_document("restore", restore_json(manifest.id, prepared, None))
    if plan:
        raise typer.Exit(prepared.planned.exit_code)
    if prepared.waits_for_a_word and not yes:
        ask(as_json=as_json, fix="add --yes", declined="nothing was restored")
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        result = replace(restorer, emit=progress.tell).carry_out(prepared, request)
    if as_json:
        say_document("restore", restore_json(manifest.id, prepared, result))
    else:
        _tell(result, held=bool(prepared.held))
    raise typer.Exit(heard.exit_code(result.exit_code))


def _show(prepared: PreparedRestore) -> None:
    planned = prepared.planned
    lines = text_lines(planned.plan, names=planned.names)
    # Without the last line, which says what to type next: that is being done.
    say_lines(lines[:-1] if planned.plan.changes and not planned.plan.refused else lines)
    for line in restore_lines(prepared):
        say(line)
    note_unused_tokens(planned)


def _tell(result: Reconciled, *, held: bool) -> None:
    """Say what came of it. Raises what refuses it as a whole."""
    report = result.report
    if report is not None and report.outcomes:
        for line in failure_lines(report):
            note(line)
        say(tally_line(report))
        if held and report.exit_code is ExitCode.DONE:
            say(
                "Next: envctl import --out DIR writes the YAML of what holds now; commit what Git should keep."
            )
    if result.refused is not None:
        if report is None:
            raise result.refused
        note_error(result.refused)


def _selection(call: Invocation, *named: list[str] | None) -> Selection:
    """Return what kinds, names and environments say. Raises WrongUsage for a kind there is none of."""
    selection = Selection(*(tuple(names or ()) for names in named))
    for kind in selection.kinds:
        if kind not in call.master.kinds:
            known = ", ".join(call.master.kinds)
            raise WrongUsage(f"there is no kind {kind!r}", fix=f"kinds: {known}")
    return selection


def _own_planner(call: Invocation) -> Planner | None:
    """Return what plans the settings' own source; None where they name none: nothing then takes a restore back."""
    source = call.settings.source
    return call.planner(None) if source.git is not None or source.folder is not None else None


def _until(call: Invocation, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_until(text, call.process.clock(), UTC)
    except InvalidSchedule as refusal:
        raise WrongUsage(f"--until: {refusal.message}", fix=f"{refusal.fix}") from None
