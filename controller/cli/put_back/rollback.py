"""``envctl rollback``: what was changed is planned back, shown, asked, and put back."""

import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from controller.cli.apply import WaitOption
from controller.cli.invocation import Format, FormatOption, Invocation, OverrideOption
from controller.cli.process import say, say_document
from controller.cli.put_back.plan_and_ask import (
    Asked,
    PlanOption,
    ReasonOption,
    UntilOption,
    YesOption,
    own_planner,
    plan_and_ask,
    request_of,
    tell_result,
    until_of,
)
from controller.cli.terminal.interruption import stopping_on_signals
from controller.cli.terminal.progress import ProgressLine
from controller.engine.queries.moments import parse_moment
from controller.engine.rollback.chosen import Choosing, Chosen
from controller.engine.rollback.revert_commit import write_revert
from controller.engine.rollback.service import Rollbacks
from controller.errors import WrongUsage, worst_exit_code
from controller.model.ref import ResourceRef
from controller.views.documents.rollback import rollback_json
from controller.views.rollback import reverted_lines, rollback_lines

WhatArgument = Annotated[
    str | None,
    typer.Argument(metavar="[TRANSACTION|RECORD]", help="What is taken back, as audit list says."),
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
        "--also", metavar="KIND/NAME", help="This, too, though it was changed since. Repeatable."
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
_COMMIT: Final = re.compile("[0-9a-f]{7,64}")


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
    override: OverrideOption = None,
    wait: WaitOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Plan the values of before, show, ask, and put them back. Exit 3: refused by a guard, or changed since."""
    call: Invocation = context.obj
    chosen = _chosen(call, what, commit, to)
    rollbacks = Rollbacks(
        accounts=call.live,
        own=own_planner(call),
        reason=reason,
        until=until_of(call, until),
        emit=call.emit,
    )
    request = request_of(call, "rollback", override, wait)
    prepared = rollbacks.prepare(chosen, _refs(also or ()), request)
    as_json = output is Format.JSON
    plan_and_ask(
        prepared,
        rollback_lines(prepared),
        lambda: rollback_json(prepared, None, None),
        Asked("rollback", "nothing was rolled back", as_json=as_json, plan_only=plan, yes=yes),
        prepared.exit_code,
    )
    clone = None if prepared.planned.plan.refused else git
    reverted = write_revert(prepared, clone, call.settings.source.git) if clone else None
    with (
        stopping_on_signals(call.process.interruption) as heard,
        closing(ProgressLine(call.emit)) as progress,
    ):
        result = rollbacks.carry_out(prepared, request, progress.tell)
    if as_json:
        say_document("rollback", rollback_json(prepared, result, reverted))
    else:
        for line in reverted_lines(reverted) if reverted else ():
            say(line)
        tell_result(result, held=bool(prepared.held) and reverted is None)
    raise typer.Exit(heard.exit_code(worst_exit_code((result.exit_code, prepared.left_code))))


def _chosen(call: Invocation, what: str | None, commit: str | None, to: str | None) -> Chosen:
    if sum(given is not None for given in (what, commit, to)) != 1:
        raise WrongUsage(
            "rollback takes back a transaction, a record, a commit, or all since a revision or a time",
            fix="name one: envctl rollback TRANSACTION, --commit COMMIT or --to TIME",
        )
    choosing, now = Choosing(call.installation), call.process.clock()
    if what is not None:
        return choosing.of_id(what)
    if commit is not None:
        if not _COMMIT.fullmatch(commit):
            raise WrongUsage(
                f"--commit {commit!r} is no commit", fix="give seven of its digits or more"
            )
        return choosing.of_commit(commit)
    assert to is not None, "one of the three is given"
    # Digits alone are a date: of a commit that has no letter in so many digits give more.
    if _COMMIT.fullmatch(to) and not (to.isdecimal() and len(to) == len("20261124")):
        return choosing.since_revision(to, now)
    moment = parse_moment(to, now)
    if moment > now:
        raise WrongUsage(f"--to {to} is yet to come", fix="give a time that has passed")
    return choosing.since_moment(moment, now)


def _refs(names: Iterable[str]) -> frozenset[ResourceRef]:
    try:
        return frozenset(map(ResourceRef.parse, names))
    except ValueError as error:
        raise WrongUsage(f"--also {error}") from error
