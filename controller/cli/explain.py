"""``envctl explain``: why something is as it is, and what to type next."""

from datetime import datetime
from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import note, say, say_document
from controller.engine.power.fleet import LIVE, AcceptedNow, CachedLook, accepted_now, find_object
from controller.engine.queries.explain.explanation import (
    FromSource,
    explain_document,
    with_source,
)
from controller.engine.queries.explain.instance import PowerExplainer
from controller.engine.queries.moments import parse_moment
from controller.errors import AccessDenied, InvalidDesiredState, SourceUnavailable, WrongUsage
from controller.model.plan import PlanOptions
from controller.views.documents.explanation import explanation_json
from controller.views.explanation import explanation_lines


def explain(
    context: typer.Context,
    *,
    what: Annotated[
        str,
        typer.Argument(
            metavar="REF|INSTANCE|ADDRESS|NAME",
            help="Kind/name, an environment, a group, or an instance by id, private address or Name.",
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="2026-11-25T03:00 (UTC), or 2h ago. Default: now."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Where values come from; default: the settings' source."),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Say why something is as it is: last change, rule, place, commit, what overrides, what blocks, what comes next."""
    call: Invocation = context.obj
    now = call.process.clock()
    moment = parse_moment(at, now) if at else now
    state = accepted_now(call.installation, now, call.live)
    looked = CachedLook(state, now)
    ref = find_object(what, state.accepted, looked.evaluate)
    loaded = None if ref.kind in LIVE else _source(call, state, source, now)
    if ref.kind in (*LIVE, "Environment"):
        answer = PowerExplainer(state, looked.evaluate(ref), moment, now).explain(ref)
    else:
        answer = explain_document(ref, state, moment, now)
    if loaded is not None:
        answer = with_source(answer, loaded, call.master.kinds)
    if output is Format.JSON:
        say_document("explain", explanation_json(answer))
    else:
        say("\n".join(explanation_lines(answer)))


def _source(
    call: Invocation, state: AcceptedNow, source: str | None, now: datetime
) -> FromSource | None:
    """Load the source and plan from it; None, with a note, if that cannot be done: the tables tell the rest."""
    own = call.settings.source
    if source is None and own.git is None and own.folder is None:
        return None
    try:
        planner = call.planner(source)
        revision = planner.load()
    except (SourceUnavailable, AccessDenied) as error:
        note(f"the source was not read, so places of single values are not told: {error}")
        return None
    try:
        run = planner.plan(revision, state.seen, PlanOptions(now=now))
    except (InvalidDesiredState, WrongUsage) as error:
        note(f"what blocks is not told: {error.message}")
        return FromSource(revision, None)
    return FromSource(revision, run.plan.scopes[0] if run.plan.scopes else None)
