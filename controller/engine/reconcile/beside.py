"""A plan beside other open pull requests of its repository: which of them want the same things otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from controller.engine.config.planner import Planner
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.errors import EnvctlError, WrongUsage
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Change
from controller.model.review import OpenRequest
from controller.planning.conflicts import conflicts
from controller.planning.edits import OF_NO_EDIT
from controller.sources.git import GitSource
from controller.sources.same_repository import in_repository

MOST_COMPARED: Final = 100
"""Requests compared with; others are named as not compared."""


def with_beside(
    planned: CombinedPlan, refs: Sequence[str], planner: Planner, cache_dir: Path, now: datetime
) -> CombinedPlan:
    """Return the plan with where its edits conflict with what each ref changes since it left the common history.

    Others name and fill these refs, so one that cannot be read is told in its place and ends nothing. Raises WrongUsage where the
    source is of no Git repository.
    """
    own = in_repository(planner.source, cache_dir)
    if own is None:
        raise WrongUsage(
            f"--beside {refs[0]}: {planner.source.name} is of no Git repository",
            fix="plan a folder of a checkout, or git+https://HOST/REPOSITORY",
        )
    edits = [
        change
        for scope in planned.plan.scopes
        if scope.scope == CONFIG_SCOPE
        for change in scope.changes
        if change.cause not in OF_NO_EDIT
    ]
    asked = dict.fromkeys(refs)
    compared = [_compared(ref, own, planner, edits, now) for ref in list(asked)[:MOST_COMPARED]]
    many = f"more than {MOST_COMPARED} are open"
    compared += [OpenRequest(ref, unknown=many) for ref in list(asked)[MOST_COMPARED:]]
    return replace(planned, plan=replace(planned.plan, beside=tuple(compared)))


def _compared(
    ref: str, own: GitSource, planner: Planner, edits: Sequence[Change], now: datetime
) -> OpenRequest:
    try:
        theirs = own.at(ref)
        found = planner.edits(own.before_fork_of(theirs), theirs, now)
    except EnvctlError as error:
        return OpenRequest(ref, unknown=error.message)
    return OpenRequest(ref, tuple(conflicts(edits, found)))
