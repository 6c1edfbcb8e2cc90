"""``envctl status``: where everything stands."""

from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.process import say_document, say_lines
from controller.cli.remote.server import Request, only_here
from controller.engine.installation.desired_source import settings_source
from controller.engine.installation.installation import settings_with_origins
from controller.engine.queries.status.read import read_status, with_look
from controller.views.documents.status import settings_json
from controller.views.status_text import settings_lines, status_answer


def status(
    context: typer.Context,
    *,
    settings: Annotated[
        bool,
        typer.Option("--settings", help="Every setting and where it came from; asks nobody."),
    ] = False,
    look: Annotated[
        bool, typer.Option("--look", help="Also look at the accounts now; nothing is changed.")
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show where everything stands, from the tables and the list of snapshots. Exit 0 whatever it shows; 5, 6: it could not be read."""
    call: Invocation = context.obj
    if settings:
        config = context.find_root().params["config"]
        shown = settings_with_origins(config, call.settings, call.process)
        if output is Format.JSON:
            say_document("settings", settings_json(shown))
        else:
            say_lines(tuple(settings_lines(shown)))
        return
    if call.server is not None:
        only_here(look=look)
        raise typer.Exit(call.server.answer(Request("/status"), as_json=output is Format.JSON))
    source = settings_source(call.settings, call.process)
    read = read_status(call.installation, call.live, source, call.process.clock())
    view = with_look(read, call.live) if look else read.view
    say_answer(status_answer(view), output)
