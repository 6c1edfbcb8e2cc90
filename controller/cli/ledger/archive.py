"""``envctl audit archive``: old records moved out of the table."""

from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation, ask
from controller.cli.process import say, say_document
from controller.engine.queries.archive import archive_old_records, old_records
from controller.engine.state.archive_records import moves_before
from controller.views.audit.maintenance import archive_lines
from controller.views.documents.audit import archive_json


def archive(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be moved.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Move records of months that ended longer ago than ledger.keepDays to the snapshots' store. They are asked for as before."""
    call: Invocation = context.obj
    installation, now = call.installation, call.process.clock()
    before, old = moves_before(installation, now), old_records(installation, now)
    as_json = output is Format.JSON
    moves = not plan and any(found.records or found.left for found in old)
    if not as_json:
        say("\n".join(archive_lines(old, before, done=False)))
    if moves and not yes:
        ask(as_json=as_json, fix="add --yes", declined="nothing was moved")
    if moves:
        old = archive_old_records(installation, now, call.emit)
    if as_json:
        say_document("audit-archive", archive_json(old, before, moved=moves))
    elif moves:
        say("\n".join(archive_lines(old, before, done=True)))
