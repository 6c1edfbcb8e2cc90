"""A plan judged for a pull request: who must agree to it, and whether who wrote it may."""

from dataclasses import replace
from pathlib import Path

from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.errors import ExitCode, WrongUsage, worst_exit_code
from controller.planning.review import ReviewSettings, review_of
from controller.sources.same_repository import checkout_of


def judged(planned: CombinedPlan, settings: ReviewSettings, author: str) -> CombinedPlan:
    """Return the plan with who must agree; refused (exit code 3) where its author may not write it."""
    if not settings.owners:
        return planned
    review = review_of(planned.plan, settings, author)
    codes = (planned.exit_code, ExitCode.REFUSED) if review.denied else (planned.exit_code,)
    plan = replace(planned.plan, review=review)
    return replace(planned, plan=plan, exit_code=worst_exit_code(codes))


def check_apart(config: str | None, source: str | None, author: str) -> None:
    """Raise WrongUsage where the settings are a file of the checkout that is judged: its author would set their own limits.

    Without an author nobody's change is judged, and settings may be anywhere.
    """
    if not author or config is None or source is None or not Path(source).is_dir():
        return
    root = checkout_of(Path(source)) or Path(source).resolve()
    if Path(config).resolve().is_relative_to(root):
        raise WrongUsage(
            f"{config} is a file of what is judged: its author would set limits and owners themselves",
            fix="take it from the protected branch: git show origin/main:FILE > ../settings.yaml, or keep it in a bucket",
        )
