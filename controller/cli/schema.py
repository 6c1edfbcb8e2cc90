"""``envctl schema``: JSON Schemas for editors and for whoever checks YAML elsewhere."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from controller.cli.process import counted, say
from controller.engine.authoring.write_files import write_file
from controller.errors import WrongUsage
from controller.views.schema_files import OUTPUT, schema_files


def schema(
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write one file per schema.")
    ] = None,
) -> None:
    """Print all schemas as one JSON document (file name: schema), or write them into a folder."""
    files = schema_files()
    if write is None:
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        schemas = {name: orjson.loads(content) for name, content in files.items()}
        say(orjson.dumps(schemas, option=options).decode())
        return
    try:
        (write / OUTPUT).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUsage(
            f"{write}: cannot be made: {error.strerror}",
            fix="name a folder, or one that can be made",
        ) from error
    for name, content in files.items():
        write_file(write / name, content)
    say(f"wrote {counted(len(files), 'schema')} to {write}")
