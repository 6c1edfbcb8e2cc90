"""What stands between a plan and its application: that it is the one that was reviewed, and that no guard refuses it."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from controller.errors import PlanChanged, PlanRefused, WrongUsage
from controller.model.canonical import short
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Plan

NAMED: Final = 5
"""So many changes are named where a plan became another."""
MIN_DIGEST: Final = 6
"""So many digits of a digest are enough for ``--expect``."""


class Reviewed(NamedTuple):
    """What a reviewer approved: a digest or its beginning; of which revision that was and its changes, where they are known."""

    digest: str
    revision: str = ""
    changes: frozenset[str] = frozenset()


def check_reviewed(plan: Plan, reviewed: Iterable[Reviewed]) -> None:
    """Raise PlanChanged unless the plan is each of those that were reviewed, WrongUsage for a digest cut too short."""
    for review in reviewed:
        if len(review.digest) < MIN_DIGEST:
            raise WrongUsage(
                f"{review.digest!r} is too short to tell plans apart",
                fix=f"give at least {MIN_DIGEST} digits of the digest",
            )
        if not plan.digest.startswith(review.digest):
            raise PlanChanged(review.digest, plan.digest, _what_changed(plan, review))


def refusal_of(plan: Plan) -> PlanRefused | None:
    """Return what refuses a plan: a violation that nobody approved, where it stops all that was to be done.

    A refused config scope stops everything, as live scopes follow it; a refused live scope only itself.
    """
    refused = plan.refused
    stops = any(violation.scope == CONFIG_SCOPE for violation in refused)
    if not refused or not (stops or not plan.enforced):
        return None
    count = f"{len(refused)} violation{'' if len(refused) == 1 else 's'}"
    tokens = " ".join(
        f"--override {violation.token}" for violation in refused if violation.overridable
    )
    what = "; ".join(f"{one.guard}: {one.message}" for one in refused)
    return PlanRefused(
        f"plan {short(plan.digest)} refused by {count}: {what}",
        fix=f"approve exactly these: {tokens}" if tokens else "change the source and plan again",
    )


def _what_changed(plan: Plan, reviewed: Reviewed) -> str:
    if reviewed.revision and reviewed.revision != plan.revision:
        why = f"  the source moved on: reviewed {reviewed.revision[:12]}, now {plan.revision[:12]}"
    else:
        why = "  the source is the same; what is in the tables or accounts, or the options of the command, are not"
    if not reviewed.changes:
        return why
    now = {f"{change.action} {change.ref}" for change in plan.changes}
    lines = [
        *_listed("no longer to be done", reviewed.changes - now),
        *_listed("not reviewed", now - reviewed.changes),
    ]
    same = ["  the changes are of the same objects, from other states or to other values"]
    return "\n".join((why, *(lines or same)))


def _listed(what: str, changes: Collection[str]) -> list[str]:
    if not changes:
        return []
    more = f", and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    return [f"  {what}: {', '.join(sorted(changes)[:NAMED])}{more}"]
