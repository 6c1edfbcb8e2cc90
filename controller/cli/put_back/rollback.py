"""``envctl rollback``: what was changed is planned back, shown, asked, and put back."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from controller.cli.apply import WaitOption
from controller.cli.invocation import (
    ApproveOption,
    Format,
    FormatOption,
    Invocation,
    say_answer,
)
from controller.cli.put_back.plan_and_ask import (
    Asked,
    PlanOption,
    ReasonOption,
    UntilOption,
    YesOption,
    own_planner,
    plan_and_ask,
    request_of,
)
from controller.cli.put_back.typed_again import typed_again
from controller.cli.remote.operations import put_back
from controller.cli.remote.server import only_here
from controller.cli.terminal.completion import object_names
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.queries.rollback_asked import RollbackAsked, end_of, refs_also
from controller.engine.rollback.revert_commit import write_revert
from controller.engine.rollback.service import Rollbacks
from controller.views.rollback import rollback_done, rollback_planned

WhatArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[TRANSACTION|RECORD|REF]",
        help="What is taken back, as audit list says; of an object its last change.",
        autocompletion=object_names,
    ),
]
CommitOption = Annotated[
    str | None,
    typer.Option("--commit", metavar="COMMIT", help="All that came from this commit."),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="REVISION|TIME",
        help="All since: a commit, 2026-11-24T19:00 (UTC), or 2h ago.",
    ),
]
AlsoOption = Annotated[
    list[str] | None,
    typer.Option(
        "--also", metavar="REF", help="This, too, though it was changed since. Repeatable."
    ),
]
GitOption = Annotated[
    Path | None,
    typer.Option(
        "--git",
        metavar="CLONE",
        help="Also make the reverting commit, on a new branch of this clone.",
    ),
]
_SAID: Final = ("what", "commit", "to", "also", "reason", "until", "approve")
"""Options that a server takes, too."""


def rollback(
    context: typer.Context,
    what: WhatArgument = None,
    *,
    commit: CommitOption = None,
    to: ToOption = None,
    also: AlsoOption = None,
    git: GitOption = None,
    reason: ReasonOption = "",
    until: UntilOption = None,
    approve: ApproveOption = None,
    wait: WaitOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan the values of before, show, ask, and put them back. Exit 3: refused by a guard, or changed since."""
    call: Invocation = context.obj
    asked = Asked("nothing was rolled back", output, plan_only=plan, yes=yes)
    if call.server is not None:
        only_here(wait=wait, git=git)
        said = {name: context.params[name] for name in _SAID}
        put_back(call, call.server, "/rollback", said, asked)
    now = call.process.clock()
    chosen = RollbackAsked(what, commit, to).chosen(call.installation, now)
    rollbacks = Rollbacks(
        accounts=call.live,
        own=own_planner(call),
        reason=reason,
        until=end_of(until, now),
        emit=call.emit,
    )
    request = request_of(call, "rollback", approve, wait)
    prepared = rollbacks.prepare(chosen, refs_also(also or (), call.installation, now), request)
    told = replace(prepared, planned=call.as_shown(prepared.planned))
    typed = typed_again(context)
    plan_and_ask(rollback_planned(told, typed), prepared, asked)
    clone = None if prepared.planned.plan.refused else git
    reverted = write_revert(prepared, clone, call.settings.source.git) if clone else None
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        result = rollbacks.carry_out(prepared, request, progress.tell)
    done = rollback_done(told, call.result_as_shown(result), reverted, typed)
    say_answer(done, output)
    raise typer.Exit(heard.exit_code(done.exit_code))
