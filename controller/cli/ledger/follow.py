"""``envctl audit follow``: what others change in the config tables, recorded and printed as it comes."""

import sys
from typing import Annotated, Final

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import at_rest, note, print_as_is, say
from controller.cli.terminal.interruption import stopping_on_signals
from controller.engine.streams.drain import EMPTY_PAGES
from controller.engine.streams.follow import StreamFollower, streamed_tables
from controller.errors import exit_code_of, worst_exit_code
from controller.gc_tuning import relaxed_gc
from controller.model.ledger_record import LedgerRecord
from controller.views.audit.follow import record_line, round_line
from controller.views.documents.audit import AuditFollowDocument, follow_json
from controller.views.documents.envelope import document_line

PAUSE_S: Final = 3.0
"""Between two rounds: DynamoDB describes ten streams a second for an account."""


def follow(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Read what there is, and end.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Record what others change in the config tables, and print it as it comes; with --format json a line each."""
    call: Invocation = context.obj
    as_json = output is Format.JSON
    tell, pages = _tell_json if as_json else _tell_text, EMPTY_PAGES if once else 1
    told: dict[str, str] = {}
    with (
        relaxed_gc(),
        stopping_on_signals(call.process.interruption),
        StreamFollower(
            call.installation,
            streamed_tables(call.installation),
            call.requester("follow"),
            tell,
            call.emit,
            pages,
        ) as all_streams,
    ):
        while True:
            found = all_streams.read_all()
            if as_json and (once or found.look_at):
                _print_line(follow_json(reads=found.reads, errors=found.errors))
            elif once:
                say(round_line(found))
            errors = {table: str(error) for table, error in found.errors.items()}
            for table in sorted(errors.keys() - told.keys()):
                note(f"envctl: {errors[table]}")
            told = errors
            if once:
                break
            with at_rest():
                call.process.interruption.pause(call.process.sleep, PAUSE_S)
    raise typer.Exit(worst_exit_code(map(exit_code_of, found.errors.values())))


def _tell_text(record: LedgerRecord) -> None:
    say(record_line(record))
    sys.stdout.flush()


def _tell_json(record: LedgerRecord) -> None:
    _print_line(follow_json(record))


def _print_line(fields: AuditFollowDocument) -> None:
    print_as_is(document_line("audit-follow", fields))
    sys.stdout.flush()
