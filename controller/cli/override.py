"""``envctl override``: what is to be otherwise for a while."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from controller.cli.commands import several
from controller.cli.invocation import Format, FormatOption, Invocation, ask, say_answer
from controller.cli.process import say, say_document
from controller.cli.put_back.plan_and_ask import override_files_writer
from controller.cli.remote.server import Request, Server, only_here
from controller.cli.reports.plan_formats import asked_for
from controller.cli.terminal.completion import object_names
from controller.cli.terminal.interruption import stopping_on_signals
from controller.engine.authoring.write_files import write_folder
from controller.engine.config.observe import observe_config
from controller.engine.overrides.service import (
    Done,
    OverrideAsked,
    Overrides,
    Prepared,
    authored_digest,
    release_unread,
    those_named,
    unread_override,
)
from controller.engine.power.fleet import accepted_now
from controller.errors import WrongUsage
from controller.events import Emit
from controller.views.override_report import done_lines, prepared_lines, report_json
from controller.views.override_text import overrides_answer, yaml_json, yaml_lines

MAKE = "make"


class OverrideCommands(TyperGroup):
    """``envctl override c50 schedule=on …``: what is no subcommand is an object."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the subcommand before what begins with an object or an option."""
        if args and args[0] not in (*self.commands, "--help", "-h"):
            args = [MAKE, *args]
        return list(super().parse_args(ctx, args))


override = several(
    name="override",
    cls=OverrideCommands,
    help="What is to be otherwise for a while: envctl override c50 schedule=on --until 10:00 --reason TEXT.",
)

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
GitOption = Annotated[
    str | None,
    typer.Option("--source", metavar="SOURCE", help="With --until-git: where Git's document is."),
]


@override.command(MAKE)
def make(
    context: typer.Context,
    *,
    what: Annotated[
        str,
        typer.Argument(
            metavar="REF|GROUP|INSTANCE",
            help="Kind/name, an environment, a group, or an instance by id, address or Name.",
            autocompletion=object_names,
        ),
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH=VALUE]...",
            help="What is to be otherwise (schedule=on). A PATH alone, or nothing: leave it as it is.",
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; everybody sees it.")
    ],
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="TIME",
            help="10:00 (the environment's zone), fri 18:00, +2h, 2026-11-25T10:00.",
        ),
    ] = None,
    until_git: Annotated[
        bool, typer.Option("--until-git", help="Until Git changes the document.")
    ] = False,
    source: GitOption = None,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Have something otherwise for a while: shown, asked, recorded, and followed at once. (The word make may be left out.)"""
    call: Invocation = context.obj
    asked = OverrideAsked(
        what=what, assignments=tuple(values or ()), until=until, until_git=until_git, reason=reason
    )
    if call.server is not None:
        only_here(source=source)
        _ask_server(call.server, _request_of(asked), output, yes=yes)
    overrides = _overrides(call)
    prepared = overrides.prepare(asked, lambda ref: authored_digest(call.planner(source), ref))
    _go_on(call, overrides.carry_out, prepared, output, yes=yes)


@override.command("list")
def list_overrides(
    context: typer.Context,
    *,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID|REF]", help="Each part of one override, or what is otherwise of an object."
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """List what is otherwise now, what ends first on top. What a restore or a rollback holds is one line."""
    call: Invocation = context.obj
    if call.server is not None:
        request = Request("/overrides", {"what": what} if what else {})
        raise typer.Exit(call.server.answer(request, as_json=output is Format.JSON))
    answer = overrides_answer(observe_config(call.installation), call.process.clock(), what)
    say_answer(answer, output)
    raise typer.Exit(answer.exit_code)


@override.command("yaml")
def write_yaml(
    context: typer.Context,
    *,
    what: Annotated[
        str, typer.Argument(metavar="ID|REF", help="One override, or all of an object.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="Where Git's documents are; default: as settings say.",
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Write the files that say what is held now: once they are committed, Git says it and what was until Git changes ends."""
    call: Invocation = context.obj
    if call.server is not None:
        only_here(out=out)
    seen = observe_config(call.installation)
    found = those_named(seen.overrides, what)
    made = override_files_writer(call, source).files(found, seen)
    write_folder(out, made.files, force=False)
    if output is Format.JSON:
        say_document("override-yaml", yaml_json(made, out))
    else:
        say("\n".join(yaml_lines(made, out)))


@override.command("release")
def release(
    context: typer.Context,
    *,
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|REF",
            help="One override, or all of an object; of what a restore or a rollback holds also a part.",
        ),
    ],
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """End overrides early: what they held is as documents and schedules say again."""
    call: Invocation = context.obj
    if call.server is not None:
        request = Request(f"/overrides/{what}", {}, "DELETE")
        _ask_server(call.server, request, output, yes=yes)
    unread = unread_override(call.installation, what)
    if unread is not None:
        taken_away = partial(release_unread, call.installation, call.requester("override"))
        _go_on(call, taken_away, unread, output, yes=yes)
    overrides = _overrides(call)
    _go_on(call, overrides.carry_out, overrides.to_release(what), output, yes=yes)


def _request_of(asked: OverrideAsked) -> Request:
    body = {
        "what": asked.what,
        "values": list(asked.assignments),
        "reason": asked.reason,
        "until": asked.until,
        "untilGit": asked.until_git,
    }
    return Request("/overrides", {}, "POST", body)


def _ask_server(server: Server, request: Request, output: Format, *, yes: bool) -> NoReturn:
    """Have a server make the change, which it does without asking."""
    if not yes:
        raise WrongUsage("a server makes the change at once, and asks nobody", fix="add --yes")
    raise typer.Exit(server.answer(request, as_json=output is Format.JSON))


def _overrides(call: Invocation) -> Overrides:
    now = call.process.clock()
    return Overrides(accepted_now(call.installation, now), now, call.requester("override"))


def _go_on(
    call: Invocation,
    carry_out: Callable[[Prepared, Emit], Done],
    prepared: Prepared,
    output: Format,
    *,
    yes: bool,
) -> NoReturn:
    as_json = output is Format.JSON
    if not as_json:
        say("\n".join(prepared_lines(prepared)))
    if not yes:
        ask(as_json=as_json, fix="add --yes", declined="nothing was written")
    with stopping_on_signals(call.process.interruption) as heard:
        done = carry_out(prepared, call.emit)
    for error in done.failed:
        error.fix = call.as_typed(error.fix)
    if as_json:
        say_document("override", report_json(prepared, done, call.process.clock()))
    else:
        say("\n".join(done_lines(prepared, done, asked_for(call.config, None, ()))))
    raise typer.Exit(heard.exit_code(done.exit_code))
