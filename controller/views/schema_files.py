"""All JSON Schemas there are, by the name of their file."""

from typing import Any

import orjson

from controller import catalog
from controller.kinds.language.json_schema import document_schemas, file_schema
from controller.planning.look_json import look_schema
from controller.planning.observed_json import observed_schema
from controller.planning.plan_file import plan_schema
from controller.settings import Settings

LOOK_SCHEMA = "look.schema.json"
OBSERVED_SCHEMA = "observed.schema.json"
PLAN_SCHEMA = "plan.schema.json"
SETTINGS_SCHEMA = "settings.schema.json"


OUTPUT = "output"
"""Folder of the schemas of what commands print."""


def schema_files(*, outputs: bool = True) -> dict[str, bytes]:
    """Return file name -> indented JSON: one per kind, those of the plan file, of published looks, of observed state and of the settings.

    With ``outputs`` also those of what commands print, in a folder of their own.
    """
    schemas: dict[str, Any] = {
        **document_schemas(catalog.kinds()),
        LOOK_SCHEMA: look_schema(),
        OBSERVED_SCHEMA: observed_schema(),
        PLAN_SCHEMA: plan_schema(),
        SETTINGS_SCHEMA: file_schema(Settings, "envctl settings"),
    }
    if outputs:
        # Made from all views, which nobody else needs at once.
        from controller.views.documents.schemas import output_schemas  # noqa: PLC0415

        made = output_schemas()
        schemas |= {f"{OUTPUT}/{name}.schema.json": schema for name, schema in made.items()}
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {name: orjson.dumps(schemas[name], option=options) for name in sorted(schemas)}
