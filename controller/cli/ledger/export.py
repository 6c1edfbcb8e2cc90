"""``envctl audit export``: records for auditors."""

from enum import StrEnum
from typing import Annotated

import typer

from controller.cli.invocation import Invocation
from controller.cli.process import print_as_is
from controller.engine.queries.export import exported_records
from controller.engine.queries.moments import parse_bounds
from controller.views.audit.export import csv_lines, proof_lines


class ExportFormat(StrEnum):
    """For a program for tables, or with what proves each record."""

    CSV = "csv"
    PROOF = "proof"


def export(
    context: typer.Context,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="2026-01-01; default: all.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="2026-03-31, that day included.")
    ] = None,
    output: Annotated[
        ExportFormat,
        typer.Option("--format", help="csv, or proof: a line of JSON a record, with its hash."),
    ] = ExportFormat.CSV,
) -> None:
    """Print all records of a period, instances switched by schedule too, scope by scope in the order of their chains."""
    call: Invocation = context.obj
    period = parse_bounds(since or "", until or "", call.process.clock())
    records = exported_records(call.installation, period)
    for line in csv_lines(records) if output is ExportFormat.CSV else proof_lines(records):
        print_as_is(line)
