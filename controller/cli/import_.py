"""``envctl import``: YAML for what exists."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import counted, note, say, say_document, utc_now
from controller.cli.terminal.completion import scope_names
from controller.engine.authoring.import_fleet import Importer, open_backup
from controller.engine.authoring.write_files import write_folder
from controller.loading.authoring.compose import SCHEMAS
from controller.loading.authoring.notes import NOTES
from controller.views.documents.installation import import_json
from controller.views.schema_files import schema_files

BackupOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="BACKUP",
        help="snapshot:ID, or nightly files in a folder or s3://BUCKET/PREFIX, instead of what is there now; no account is looked at.",
    ),
]


def import_(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="Look at this alone: ACCOUNT/REGION, or an ACCOUNT by name or number (config: at none). Repeatable; default: at all.",
            autocompletion=scope_names,
        ),
    ] = None,
    backup: BackupOption = None,
    periods: Annotated[
        bool,
        typer.Option(
            "--periods",
            help="Write shared schedules in periods even if their text in the tables then changes.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that is not empty.")
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Write YAML for everything that exists, and notes on what is odd. Changes nothing but the folder."""
    call: Invocation = context.obj
    read = None if backup is None else open_backup(call.installation, backup)
    importer = Importer(call.installation, utc_now(), read)
    found = importer.import_all(tuple(scope or ()), rewrite_schedules=periods)
    schemas = {f"{SCHEMAS}/{name}": text for name, text in schema_files(outputs=False).items()}
    files = {**found.files, **schemas}
    others = write_folder(out, files, force=force)
    for name, why in found.unseen.items():
        note(f"not looked at: {name}: {why}")
    if others:
        note(f"in {out} before and left there: {', '.join(others)}")
    if output is Format.JSON:
        say_document("import", import_json(found, files, out, others))
        return
    say(f"wrote {counted(found.objects, 'object')} to {out}")
    if found.oddities or found.left_out or found.unseen:
        odd = "1 oddity" if found.oddities == 1 else f"{found.oddities:,} oddities"
        say(f"{odd}, {found.left_out:,} left out: {out / NOTES} says what there is to decide")
    settings = ["--config", call.config] if call.config else []
    again = shlex.join(["envctl", *settings, "plan", "--source", str(out), "--adopt"])
    say(f"Next: commit it, and {again}")
