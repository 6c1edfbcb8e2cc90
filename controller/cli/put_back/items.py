"""``envctl items``: whole tables in the form of the old product's export and import."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.apply import WaitOption
from controller.cli.commands import several
from controller.cli.invocation import (
    AdoptOption,
    Format,
    FormatOption,
    Invocation,
    OverrideOption,
)
from controller.cli.process import print_as_is, say_document
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
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.authoring.write_files import write_file, write_folder
from controller.engine.snapshots.old_items import (
    ALL,
    RESOURCES,
    ItemsImport,
    export_items,
    files_of,
    read_resources,
)
from controller.engine.snapshots.selection import Mode
from controller.errors import WrongUsage
from controller.views.documents.snapshots import items_import_json
from controller.views.put_back import held_lines

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
    override: OverrideOption = None,
    adopt: AdoptOption = False,
    wait: WaitOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan what a file of items has otherwise, show, ask, and take it in. Exit 3: refused by a guard."""
    call: Invocation = context.obj
    importing = ItemsImport(
        accounts=call.live,
        mode=mode,
        own=own_planner(call),
        reason=reason,
        until=until_of(call, until),
        emit=call.emit,
    )
    request = replace(request_of(call, "import", override, wait), adopt=adopt)
    items = read_resources(files_of(resource, file), call.master.kinds)
    run, prepared = importing.prepare(items, request)
    as_json = output is Format.JSON
    plan_and_ask(
        prepared,
        held_lines(prepared),
        lambda: items_import_json(resource, prepared, None),
        Asked("items-import", "nothing was imported", as_json=as_json, plan_only=plan, yes=yes),
    )
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        result = replace(run, emit=progress.tell).carry_out(prepared, request)
    if as_json:
        say_document("items-import", items_import_json(resource, prepared, result))
    else:
        tell_result(result, held=bool(prepared.held))
    raise typer.Exit(heard.exit_code(result.exit_code))
