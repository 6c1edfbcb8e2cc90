"""``envctl bootstrap``: the tables of an installation, made once and checked ever after."""

from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import counted, say, say_document
from controller.engine.installation.bootstrap import set_up
from controller.views.documents.installation import bootstrap_json


def bootstrap(
    context: typer.Context,
    *,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Bring existing tables to their definition.")
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Create the tables, or say how existing ones differ. May be repeated at any time."""
    call: Invocation = context.obj
    report = set_up(call.master, call.requester("bootstrap"), upgrade=upgrade)
    if output is Format.JSON:
        say_document("bootstrap", bootstrap_json(report))
        return
    if report.created:
        say(f"created {counted(len(report.created), 'table')}: {', '.join(sorted(report.created))}")
    for difference in report.applied:
        say(f"mended   {difference}")
    for difference in report.remaining:
        say(f"differs  {difference}")
    if report.baseline is not None and report.baseline.recorded:
        say(f"recorded {counted(report.baseline.recorded, 'item')} that existed before")
    for item in report.baseline.too_large if report.baseline is not None else ():
        say(f"too large for a record, left out of the ledger's beginning: {item}")
    if any(difference.mendable for difference in report.remaining):
        say("nothing was altered; envctl bootstrap --upgrade mends what can be changed in place")
    if any(not difference.mendable for difference in report.remaining):
        say("what cannot be changed in place: make a new table by hand and move its items")
    if not report.changed and not report.remaining:
        say(f"nothing to do: {counted(len(report.tables), 'table')} as they should be")
    say(f"installation {report.installation}{' (new)' if report.installation_is_new else ''}")
