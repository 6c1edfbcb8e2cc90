"""``envctl audit``: the ledger asked, shown and verified."""

from typing import Annotated

import typer

from controller.cli.commands import several
from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.ledger.archive import archive
from controller.cli.ledger.blame import blame
from controller.cli.ledger.export import export
from controller.cli.ledger.follow import follow
from controller.cli.ledger.list_records import list_records
from controller.cli.ledger.state import state
from controller.cli.process import counted, say, say_document
from controller.cli.remote.server import Request
from controller.cli.terminal.as_asked import verification_as_asked
from controller.cli.terminal.completion import object_names, scope_names
from controller.engine.commit.lease import LEASE_S, Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.queries.audit import find_records, verify_installation, written_scope
from controller.engine.snapshots.places import open_store
from controller.engine.state.anchor_heads import anchor_heads
from controller.engine.state.recover import recover_scope
from controller.engine.state.recover_archive import recover_archived
from controller.errors import ExitCode
from controller.views.audit.maintenance import recovery_lines, verification_lines
from controller.views.audit.records import records_answer
from controller.views.documents.audit import verification_json

audit = several(
    name="audit",
    help="Who changed what, when and why; whether the record is whole.",
)
audit.command("list")(list_records)


@audit.command("show")
def show(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID|REF",
            help="An audit id, the transaction of an apply, or an object for its last change.",
            autocompletion=object_names,
        ),
    ],
    output: FormatOption = Format.TEXT,
) -> None:
    """Show records whole: who, what, when, why, which commit, which line, each field before and after."""
    call: Invocation = context.obj
    if call.server is not None:
        asked = Request(f"/audit/{name}")
        raise typer.Exit(call.server.answer(asked, as_json=output is Format.JSON))
    say_answer(records_answer(find_records(call.installation, name)), output)


@audit.command("verify")
def verify(
    context: typer.Context,
    *,
    replay: Annotated[
        bool, typer.Option("--replay", help="Also follow every record to what the tables hold.")
    ] = False,
    anchors: Annotated[
        bool,
        typer.Option("--anchors", help="Also compare with the anchors in the snapshots' store."),
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check that the ledger is whole and unaltered. Exit 7: something was found."""
    call: Invocation = context.obj
    store = open_store(call.master) if anchors else None
    report = verify_installation(call.installation, replay=replay, anchors_in=store)
    if call.config is not None:
        report = verification_as_asked(report, call.as_typed)
    if output is Format.JSON:
        say_document("audit-verify", verification_json(report))
    else:
        say("\n".join(verification_lines(report)))
    raise typer.Exit(ExitCode.DONE if report.intact else ExitCode.FAILED)


@audit.command("anchor")
def anchor(context: typer.Context) -> None:
    """Write where the ledger stands into the snapshots' store, once an hour at best: verify --anchors then finds one rewritten."""
    call: Invocation = context.obj
    store = open_store(call.master)
    written, key = anchor_heads(call.installation, store)
    say(f"{counted(len(written.heads), 'scope')} anchored in {store.name}/{key}")


@audit.command("recover")
def recover(
    context: typer.Context,
    scope: Annotated[
        str,
        typer.Argument(
            metavar="SCOPE",
            help="config, ACCOUNT/REGION, or an ACCOUNT of one region, of which a row is lost.",
            autocompletion=scope_names,
        ),
    ],
) -> None:
    """Make a scope's own rows again from its records, whose chain must be whole: its head, and what is open. Recorded itself."""
    call: Invocation = context.obj
    found, process = call.installation, call.process
    scope = written_scope(scope, found)
    archived = recover_archived(found, scope)
    if archived is not None:
        say(f"{scope}: its segments go on to #{archived.sequence:,}: their row was written again")
    requester = call.requester("recover")
    request = ApplyRequest(
        actor=requester.as_applier(author=requester.name),
        transaction=new_run_id(process.clock()),
    )
    claim = Claim(process.instance, wait_s=LEASE_S)
    made = recover_scope(scope, found.ledger, found.storage(), request, claim)
    say("\n".join(recovery_lines(scope, made)))


audit.command("follow")(follow)
audit.command("blame")(blame)
audit.command("state")(state)
audit.command("export")(export)
audit.command("archive")(archive)
