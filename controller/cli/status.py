"""``envctl status``: where everything stands."""

import shlex
from functools import partial
from typing import Annotated, Final

import typer

from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.process import say_document, say_lines
from controller.cli.remote.server import Request, Server, only_here
from controller.cli.terminal.as_asked import status_as_asked
from controller.cli.terminal.watching import Shown, watch
from controller.engine.installation.desired_source import settings_source
from controller.engine.installation.installation import settings_with_origins
from controller.engine.queries.status.read import StatusRead, read_status, with_look
from controller.errors import WrongUsage
from controller.views.answer import Answer
from controller.views.documents.envelope import document_text
from controller.views.documents.status import settings_json
from controller.views.settings_text import settings_lines
from controller.views.status_text import status_answer

EVERY_S: Final = 5.0


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
    again: Annotated[
        bool,
        typer.Option(
            "--watch", help="Show it again and again until Ctrl-C; as JSON a document a line."
        ),
    ] = False,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", metavar="SECONDS", min=1, help=f"With --watch: how often; {EVERY_S:g}."
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show where everything stands, from the tables and the list of snapshots. Exit 0 whatever it shows; 5, 6: it could not be read."""
    call: Invocation = context.obj
    if settings and again:
        raise WrongUsage("settings do not change meanwhile", fix="leave out --watch")
    if every is not None and not again:
        raise WrongUsage("--every says how often to show it again", fix="add --watch")
    if settings:
        config = context.find_root().params["config"]
        shown = settings_with_origins(config, call.settings, call.process)
        if output is Format.JSON:
            say_document("settings", settings_json(shown))
        else:
            say_lines(tuple(settings_lines(shown)))
        return
    server, as_json = call.server, output is Format.JSON
    if server is not None:
        only_here(look=look)
        if not again:
            raise typer.Exit(server.answer(Request("/status"), as_json=as_json))
        watch(partial(_asked, server, as_json), every or EVERY_S, call.process, as_json=as_json)
    found = _Read(call, look)
    if again:
        watch(found.shown, every or EVERY_S, call.process, as_json=as_json)
    say_answer(found.answer(), output)


def _asked(server: Server, as_json: bool) -> Shown:
    answered = server.ask(Request("/status"), as_json=as_json)
    return Shown(lambda: answered.body, answered.show)


class _Read:
    """Status as the tables have it, read time and again."""

    def __init__(self, call: Invocation, look: bool) -> None:
        self._call, self._look = call, look
        self._source = settings_source(call.settings, call.process)
        self._before: StatusRead | None = None

    def answer(self) -> Answer:
        """Return it as it is now. Raises as ``read_status``."""
        call, now = self._call, self._call.process.clock()
        read = read_status(call.installation, call.live, self._source, now, self._before)
        self._before = read
        settings = "" if call.config is None else f" --config {shlex.quote(call.config)}"
        view = with_look(read, call.live) if self._look else read.view
        if call.config is not None:
            view = status_as_asked(view, call.as_typed)
        return status_answer(view, settings)

    def shown(self) -> Shown:
        """Return it as a watch shows it. Raises as ``answer``."""
        answer = self.answer()
        return Shown(
            lambda: document_text(answer.document, answer.fields()),
            lambda: say_answer(answer, Format.TEXT),
        )
