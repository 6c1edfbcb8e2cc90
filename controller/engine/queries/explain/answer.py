"""Why something is as it is: the question answered from the tables, the accounts and, where there is one, the source."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from controller.engine.config.planner import Planner
from controller.engine.power.fleet import LIVE, AcceptedNow, CachedLook, find_object
from controller.engine.queries.explain.explanation import (
    Explanation,
    FromSource,
    explain_document,
    with_source,
)
from controller.engine.queries.explain.instance import PowerExplainer
from controller.engine.queries.moments import parse_moment
from controller.errors import AccessDenied, InvalidDesiredState, SourceUnavailable, WrongUsage
from controller.model.plan import PlanOptions


class Explained(NamedTuple):
    """An explanation; ``untold`` says what of it the source would have told, empty where nothing is left out."""

    explanation: Explanation
    untold: str = ""


def explained(
    what: str,
    at: str | None,
    state: AcceptedNow,
    now: datetime,
    make_planner: Callable[[], Planner] | None,
) -> Explained:
    """Explain what a text means at a moment (as ``parse_moment`` reads it; None for now). No source is read without ``make_planner``.

    Raises WrongUsage, and as looking at the accounts. A source that cannot be read is told.
    """
    moment = parse_moment(at, now) if at else now
    looked = CachedLook(state, now)
    ref = find_object(what, state.accepted, looked.evaluate)
    loaded, untold = None, ""
    if make_planner is not None and ref.kind not in LIVE:
        loaded, untold = _from_source(make_planner(), state, now)
    if ref.kind in (*LIVE, "Environment"):
        answer = PowerExplainer(state, looked.evaluate(ref), moment, now).explain(ref)
    else:
        answer = explain_document(ref, state, moment, now)
    if loaded is not None:
        answer = with_source(answer, loaded, state.accounts.installation.master.kinds)
    return Explained(answer, untold)


def _from_source(
    planner: Planner, state: AcceptedNow, now: datetime
) -> tuple[FromSource | None, str]:
    """Load the source and plan from it; say what is not told if that cannot be done: the tables tell the rest."""
    try:
        revision = planner.load()
    except (SourceUnavailable, AccessDenied) as error:
        return (
            None,
            f"the source was not read, so places of single values are not told: {error}",
        )
    try:
        run = planner.plan(revision, state.seen, PlanOptions(now=now))
    except (InvalidDesiredState, WrongUsage) as error:
        return FromSource(revision, None), f"what blocks is not told: {error.message}"
    return FromSource(revision, run.plan.scopes[0] if run.plan.scopes else None), ""
