"""``envctl version``: which version this is, and what it understands."""

import typer

from controller.cli.invocation import Format, FormatOption
from controller.cli.process import say, say_document
from controller.views.version import version_json, version_text


def version(_context: typer.Context, output: FormatOption = Format.TEXT) -> None:
    """Print the version, and the formats it reads and writes. Asks nobody."""
    if output is Format.JSON:
        say_document("version", version_json())
    else:
        say(version_text())
