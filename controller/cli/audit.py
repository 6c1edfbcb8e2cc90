"""``envctl audit``: the ledger asked, shown and verified."""

from typing import Annotated

import typer

from controller.cli.commands import several
from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.ledger.follow import follow
from controller.cli.process import counted, say, say_document
from controller.engine.commit.lease import LEASE_S, Claim
from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.queries.audit import Asked, find_records, page_of, verify_installation
from controller.engine.queries.moments import parse_moment
from controller.engine.snapshots.places import open_store
from controller.engine.state.anchor_heads import anchor_heads
from controller.engine.state.recover import recover_scope
from controller.errors import ExitCode
from controller.views.audit import (
    audit_answer,
    records_answer,
    recovery_lines,
    verification_lines,
)
from controller.views.documents.audit import verification_json

audit = several(
    name="audit",
    help="Who changed what, when and why; whether the record is whole.",
)


SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="2026-11-24, 2026-11-24T19:00 (UTC), or 2h ago."),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="As --since.")]
EntityOption = Annotated[
    str | None, typer.Option("--entity", metavar="REF", help="Changes of one object: Kind/name.")
]
ActorOption = Annotated[
    str | None,
    typer.Option("--actor", metavar="WHO", help="Changes by somebody: WHO as the list shows it."),
]
TransactionOption = Annotated[
    str | None, typer.Option("--transaction", metavar="ID", help="Changes of one apply.")
]
RecordsOption = Annotated[
    bool, typer.Option("--records", help="A line a record, not a line an apply.")
]
PowerOption = Annotated[
    bool, typer.Option("--power", help="Also instances switched by schedule, which are many.")
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", help="How many records, at most 1000.")
]
PageOption = Annotated[
    str | None, typer.Option("--page", metavar="TOKEN", help="Go on where a list ended.")
]


@audit.command("list")
def list_records(
    context: typer.Context,
    *,
    entity: EntityOption = None,
    actor: ActorOption = None,
    transaction: TransactionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    records: RecordsOption = False,
    power: PowerOption = False,
    limit: LimitOption = 200,
    page: PageOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """List changes, newest first: a line an apply, or with a question a line a record."""
    call: Invocation = context.obj
    now = call.process.clock()
    asked = Asked(
        entity=entity,
        actor=actor,
        transaction=transaction,
        since=parse_moment(since, now) if since else None,
        until=parse_moment(until, now) if until else None,
        power=power,
        now=now,
    )
    found = page_of(
        call.installation,
        asked.question(call.installation),
        limit=limit,
        token=page,
        power=asked.shows_power,
    )
    say_answer(audit_answer(asked, found, records=records, first=page is None), output)


@audit.command("show")
def show(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="ID", help="An audit id, or the transaction of an apply.")
    ],
    output: FormatOption = Format.TEXT,
) -> None:
    """Show records whole: who, what, when, why, which commit, which line, each field before and after."""
    call: Invocation = context.obj
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
        typer.Argument(metavar="SCOPE", help="config, or ACCOUNT/REGION, of which a row is lost."),
    ],
) -> None:
    """Make a scope's own rows again from its records, whose chain must be whole: its head, and what is open. Recorded itself."""
    call: Invocation = context.obj
    found, process = call.installation, call.process
    requester = call.requester("recover")
    request = ApplyRequest(
        actor=requester.as_applier(author=requester.name),
        transaction=new_run_id(process.clock()),
    )
    claim = Claim(process.instance, wait_s=LEASE_S)
    made = recover_scope(scope, found.ledger, found.storage(), request, claim)
    say("\n".join(recovery_lines(scope, made)))


audit.command("follow")(follow)
