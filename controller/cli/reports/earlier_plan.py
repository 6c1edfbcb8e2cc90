"""The plan of a run before, for what is otherwise since: a file that anybody may have written, taken for its words alone."""

from dataclasses import replace
from typing import Annotated

import orjson
import typer

from controller.cli.reports.plan_formats import plan_file
from controller.engine.installation.installation import PLAN_BOUND, read_named
from controller.engine.installation.process_context import ProcessContext
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.planning.plan_file import PlanClaim, read_plan
from controller.planning.since import since

SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="PLAN_FILE",
        help="Say what is otherwise since this earlier plan of the same request (--format json, --out), a path or s3://BUCKET/KEY: which changes are new, gone or want something else now.",
    ),
]


def earlier_plan(name: str | None, process: ProcessContext) -> PlanClaim | None:
    """Return the plan of a file; None where none is named. Raises WrongUsage for one that is none, too long or of another format."""
    if name is None:
        return None
    return read_plan(read_named(name, "earlier plan", process, PLAN_BOUND), name)


def with_since(planned: CombinedPlan, earlier: PlanClaim | None) -> CombinedPlan:
    """Return the plan with what is otherwise since an earlier one, if there is one."""
    if earlier is None:
        return planned
    found = since(earlier.document, orjson.loads(plan_file(planned)))
    return replace(planned, plan=replace(planned.plan, since=found))
