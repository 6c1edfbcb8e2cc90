"""``envctl items``: whole tables in the form of the old product's export and import."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from controller.cli.apply import WaitOption
from controller.cli.commands import several
from controller.cli.invocation import (
    AdoptOption,
    ApproveOption,
    Format,
    FormatOption,
    Invocation,
    say_answer,
)
from controller.cli.process import print_as_is
from controller.cli.put_back.plan_and_ask import (
    Asked,
    PlanOption,
    ReasonOption,
    UntilOption,
    YesOption,
    own_planner,
    plan_and_ask,
    request_of,
)
from controller.cli.put_back.typed_again import typed_again
from controller.cli.remote.operations import plan_ask_and_do
from controller.cli.remote.server import Query, Request, Server, only_here
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.authoring.write_files import write_file, write_folder
from controller.engine.queries.rollback_asked import end_of
from controller.engine.snapshots.old_items import (
    ALL,
    RESOURCES,
    ItemsImport,
    body_of,
    export_items,
    files_of,
    read_resources,
)
from controller.engine.snapshots.selection import Mode
from controller.errors import WrongUsage
from controller.views.snapshots import import_done, import_planned

items = several(
    name="items",
    help="Items in the form of the old product: a resource exported, or imported by a plan.",
)
ResourceArgument = Annotated[
    str, typer.Argument(metavar="RESOURCE", help=f"One of {', '.join(RESOURCES)}; or all.")
]
FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="A JSON array of items, as export writes it; of all, a folder of them."
    ),
]
ModeOption = Annotated[
    Mode, typer.Option("--mode", help="Whether what the file lacks stays or goes.")
]


@items.command("export")
def export(
    context: typer.Context,
    resource: ResourceArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write it there, readable by you alone; of all, a file each into that folder.",
        ),
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Of all: write into a folder that is not empty.")
    ] = False,
) -> None:
    """Print every item of a resource as a JSON array, with its Audit. Secrets are printed as ***; a file has them."""
    call: Invocation = context.obj
    if resource == ALL:
        if out is None:
            raise WrongUsage(
                "of all resources each is a file of its own", fix="say where with --out DIR"
            )
        files = {f"{name}.json": _array_of(call, name) for name in RESOURCES}
        write_folder(out, files, force=force)
        return
    text = _array_of(call, resource)
    if out is None:
        print_as_is(text.decode())
    else:
        write_file(out, text, private=True)


def _array_of(call: Invocation, resource: str) -> bytes:
    if call.server is not None:
        return call.server.ask(Request(f"/config/export/{resource}"), as_json=True).body
    return b"[\n" + b",\n".join(export_items(call.installation, resource)) + b"\n]\n"


@items.command("import")
def import_items(
    context: typer.Context,
    resource: ResourceArgument,
    file: FileArgument,
    *,
    mode: ModeOption = Mode.MERGE,
    reason: ReasonOption = "",
    until: UntilOption = None,
    approve: ApproveOption = None,
    adopt: AdoptOption = False,
    wait: WaitOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan what a file of items has otherwise, show, ask, and take it in. Exit 3: refused by a guard."""
    call: Invocation = context.obj
    asked = Asked("nothing was imported", output, plan_only=plan, yes=yes)
    if call.server is not None:
        only_here(adopt=adopt, wait=wait)
        said = {"mode": mode.value, "reason": reason, "until": until, "approve": approve}
        _have_imported(call, call.server, resource, body_of(resource, file), said, asked)
    importing = ItemsImport(
        accounts=call.live,
        mode=mode,
        own=own_planner(call),
        reason=reason,
        until=end_of(until, call.process.clock()),
        emit=call.emit,
    )
    request = replace(request_of(call, "import", approve, wait), adopt=adopt)
    items = read_resources(files_of(resource, file), call.master.kinds)
    run, prepared = importing.prepare(items, request)
    told = replace(prepared, planned=call.as_shown(prepared.planned))
    typed = typed_again(context)
    plan_and_ask(import_planned(resource, told, typed), prepared, asked)
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        result = replace(run, emit=progress.tell).carry_out(prepared, request)
    done = import_done(resource, told, call.result_as_shown(result), typed)
    say_answer(done, output)
    raise typer.Exit(heard.exit_code(done.exit_code))


def _have_imported(
    call: Invocation, server: Server, resource: str, body: bytes, said: Query, asked: Asked
) -> NoReturn:
    """Have a server take items in, which keeps the tables as its source says. Ends the command."""
    if not said["reason"] or said["until"] is None:
        raise WrongUsage(
            "a server keeps the tables as its source says: say why they are to be otherwise, and until when",
            fix="add --reason TEXT and --until TIME",
        )
    path = f"/config/import/{resource}"
    plan_ask_and_do(
        call,
        server,
        Request(f"{path}/plan", said, "POST", body),
        lambda digest: Request(path, {**said, "expect": digest}, "PUT", body),
        asked,
    )
