"""``envctl snapshot``: copies of the tables, taken and proven."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import typer

from controller.cli.commands import several
from controller.cli.invocation import Format, FormatOption, Invocation, ask, say_answer
from controller.cli.process import say, say_document
from controller.cli.remote.operations import done
from controller.cli.remote.server import Request, only_here
from controller.cli.reports.plan_formats import PlanFormat
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ItemsLine
from controller.engine.snapshots.account_tables import ways_in
from controller.engine.snapshots.contents import observed_in
from controller.engine.snapshots.places import LATEST, list_snapshots, open_store
from controller.engine.snapshots.service import Snapshots, nightly
from controller.errors import EnvctlError
from controller.views.documents.snapshots import (
    nightly_json,
    prune_json,
)
from controller.views.plan.changes import changes_answer
from controller.views.plan.html import render_html
from controller.views.plan.markdown import render_markdown
from controller.views.snapshots import (
    list_answer,
    removed_lines,
    shown_answer,
    taken_answer,
    verdict_answer,
    verdict_lines,
)

snapshot = several(
    name="snapshot",
    help="Copies of the tables: taken every night, proven, and put back with envctl restore.",
)


def snapshot_ids(incomplete: str) -> Iterator[str]:
    """Yield the ids that begin so, for a shell that completes them; none where they cannot be read."""
    try:
        listed = list_snapshots(open_store(Invocation(None, None).master))
    except EnvctlError:
        # Whoever presses Tab is not told why nothing comes: the command tells it.
        return
    known = [LATEST, *(found.id for found in listed if found.manifest is not None)]
    yield from (name for name in known if name.startswith(incomplete))


SnapshotArgument = Annotated[
    str,
    typer.Argument(
        metavar="SNAPSHOT",
        help="An id, the beginning of one, or latest.",
        autocompletion=snapshot_ids,
    ),
]


@snapshot.command("create")
def create(
    context: typer.Context,
    *,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Also the audit table, which may be large.")
    ] = False,
    accounts: Annotated[
        bool,
        typer.Option(
            "--accounts", help="Also the copies of the tables in the accounts, as they are there."
        ),
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Take a snapshot of the config tables and the overrides, read it back, and compare it with the ledger.

    Exit 7: some account's tables could not be read.
    """
    call: Invocation = context.obj
    if call.server is not None:
        asked = Request("/snapshots", {}, "POST", {"ledger": ledger, "accounts": accounts})
        done(call, call.server, asked, as_json=output is Format.JSON)
    with (
        stopping_on_signals(call.process.interruption),
        closing(ItemsLine(call.emit)) as progress,
    ):
        snapshots = Snapshots.of(call.installation, progress.tell)
        ways = ways_in(call.live, call.process.clock()) if accounts else ()
        verdict = snapshots.create(call.process.user, with_ledger=ledger, accounts=ways)
    taken = taken_answer(verdict)
    say_answer(taken, output)
    raise typer.Exit(taken.exit_code)


@snapshot.command("nightly")
def every_night(context: typer.Context, output: FormatOption = Format.TEXT) -> None:
    """Take a snapshot, prove it, then take away those that the settings no longer keep. Asks nobody."""
    call: Invocation = context.obj
    with (
        stopping_on_signals(call.process.interruption),
        closing(ItemsLine(call.emit)) as progress,
    ):
        now = call.process.clock()
        night = nightly(call.installation, call.process.user, now, progress.tell)
    if output is Format.JSON:
        say_document("snapshot-nightly", nightly_json(night))
        return
    lines = verdict_lines(night.verdict, "took and verified")
    say("\n".join([*lines, *removed_lines(night.removed, done=True)]))


@snapshot.command("verify")
def verify(
    context: typer.Context, which: SnapshotArgument, output: FormatOption = Format.TEXT
) -> None:
    """Read a snapshot back, check every digest, load it, and compare it with the ledger."""
    call: Invocation = context.obj
    if call.server is not None:
        asked = Request(f"/snapshots/{which}/verify", {}, "POST", {})
        done(call, call.server, asked, as_json=output is Format.JSON)
    with closing(ItemsLine(call.emit)) as progress:
        snapshots = Snapshots.of(call.installation, progress.tell)
        verdict = snapshots.verify(snapshots.find(which))
    say_answer(verdict_answer(verdict, "verified"), output)


@snapshot.command("list")
def list_all(context: typer.Context, output: FormatOption = Format.TEXT) -> None:
    """List the snapshots, the newest on top."""
    call: Invocation = context.obj
    if call.server is not None:
        raise typer.Exit(call.server.answer(Request("/snapshots"), as_json=output is Format.JSON))
    listed = Snapshots.of(call.installation).listed()
    say_answer(list_answer(listed, call.process.clock()), output)


@snapshot.command("show")
def show(
    context: typer.Context, which: SnapshotArgument, output: FormatOption = Format.TEXT
) -> None:
    """Say what a snapshot is of, and count what it holds."""
    call: Invocation = context.obj
    if call.server is not None:
        asked = Request(f"/snapshots/{which}")
        raise typer.Exit(call.server.answer(asked, as_json=output is Format.JSON))
    snapshots = Snapshots.of(call.installation)
    manifest = snapshots.find(which)
    observed = observed_in(snapshots.store, manifest, call.master.kinds)
    verified = any(found.verified for found in snapshots.listed() if found.id == manifest.id)
    say_answer(shown_answer(manifest, observed, verified=verified), output)


@snapshot.command("diff")
def diff(
    context: typer.Context,
    which: SnapshotArgument,
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="[SNAPSHOT]",
            help="What it is compared with; default: the tables as they are.",
            autocompletion=snapshot_ids,
        ),
    ] = None,
    *,
    expand: Annotated[
        bool, typer.Option("--expand", help="Show all names, fields and lines.")
    ] = False,
    output: Annotated[
        PlanFormat, typer.Option("--format", "-o", help="How to show it.")
    ] = PlanFormat.TEXT,
) -> None:
    """Show what changed since a snapshot, or from one to another. Exit 0: nothing; 2: something."""
    call: Invocation = context.obj
    if call.server is not None:
        only_here(format=output in {PlanFormat.MARKDOWN, PlanFormat.HTML})
        asked = Request(f"/snapshots/{which}/diff", {"other": other, "expand": expand})
        raise typer.Exit(call.server.answer(asked, as_json=output is PlanFormat.JSON))
    snapshots = Snapshots.of(call.installation)
    after = None if other is None else snapshots.find(other)
    before, now = snapshots.find(which), call.process.clock()
    run = snapshots.changed_since(before, after, now, call.live)
    changes = changes_answer(run.plan, run.names, expand=expand, says_next=False)
    match output:
        case PlanFormat.MARKDOWN:
            say(render_markdown(run.plan, names=run.names, expand=expand))
        case PlanFormat.HTML:
            say(render_html(run.plan, names=run.names))
        case PlanFormat.TEXT | PlanFormat.JSON:
            say_answer(changes, Format(output.value))
    raise typer.Exit(changes.exit_code)


@snapshot.command("prune")
def prune(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only say which would go.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Take away the snapshots that the settings no longer keep; never the last good one."""
    call: Invocation = context.obj
    snapshots = Snapshots.of(call.installation, call.emit)
    outdated = snapshots.outdated(call.process.clock())
    as_json, goes = output is Format.JSON, bool(outdated) and not plan
    if not as_json:
        say("\n".join(removed_lines(outdated, done=False)))
    if goes and not yes:
        ask(as_json=as_json, fix="add --yes", declined="nothing was removed")
    if goes:
        snapshots.remove(outdated)
    if as_json:
        say_document("snapshot-prune", prune_json(outdated, removed=goes))
    elif goes:
        say("\n".join(removed_lines(outdated, done=True)))
