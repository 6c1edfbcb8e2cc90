"""What became of an apply, as people and programs read it."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

from controller import __version__
from controller.engine.config.apply import ApplyReport
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.model.plan import DONE, Status
from controller.model.ref import ResourceRef
from controller.planning.json_check import Fragment
from controller.planning.plan_file import plan_schema
from controller.views.documents.envelope import filled
from controller.views.documents.plan import plan_object
from controller.views.plan.wording import SIGNS, names_text, next_run_text


class OutcomeObject(TypedDict):
    """What became of one change."""

    action: str
    kind: str
    key: str
    status: Annotated[str, Status]
    message: Annotated[str, "Why it is not done; empty if it is."]
    auditIds: Annotated[list[str], "Ledger records of the change."]


class ApplyDocument(TypedDict):
    """The plan of an apply, and what became of its changes."""

    plan: Annotated[dict[str, Any], Fragment(plan_schema())]
    applied: Annotated[bool, "Whether anything was tried."]
    transaction: Annotated[str, "The run in the ledger; empty if there was nothing to do."]
    stopped: Annotated[str, "Why the run ended early; empty if it did not."]
    notKept: Annotated[
        list[str], "What could not be written down afterwards; what was done is done."
    ]
    outcomes: list[OutcomeObject]


def failure_lines(report: ApplyReport) -> Iterator[str]:
    """Yield the changes that did not become what they should, by reason, then why the run ended early, if it did."""
    alike: dict[tuple[str, str, str, str, str], list[ResourceRef]] = {}
    for outcome in report.outcomes:
        if outcome.status not in DONE:
            ref = outcome.change.ref
            why = outcome.message.message.removeprefix(f"{ref}: ") or "no reason is known"
            sign = SIGNS[outcome.change.action]
            same = outcome.status.value, sign, ref.kind, why, outcome.message.below
            alike.setdefault(same, []).append(ref)
    for (status, sign, _kind, why, below), refs in alike.items():
        named = str(refs[0]) if len(refs) == 1 else names_text(refs, expand=False)
        yield f"{status:<10} {sign} {named}  {why}"
        for line in below.splitlines():
            yield f"           {line}"
    if report.stopped:
        yield f"envctl: the run ended early: {report.stopped}"
    for what in report.not_kept:
        yield f"envctl: what was done is done, but {what}"


def tally_line(report: ApplyReport, settings: str = "") -> str:
    """Return the count of what became of the changes, and where to read more, if anything of it may be in the ledger.

    The command names the ``settings`` that were named.
    """
    counts = Counter(outcome.status.value for outcome in report.outcomes)
    done = " · ".join(f"{count:,} {status}" for status, count in counts.items())
    told = any(found.audit_ids or found.status is Status.UNKNOWN for found in report.outcomes)
    return f"{done}   envctl{settings} audit show {report.transaction}" if told else done


def next_run_line(planned: CombinedPlan, report: ApplyReport, command: str) -> str:
    """Return what the next run does, as this one had to be applied first, and its command; empty where nothing waits."""
    said = next_run_text(planned.plan)
    return f"Applied first; the next run {said}: {command}" if said and not report.stopped else ""


def apply_json(planned: CombinedPlan, report: ApplyReport | None) -> ApplyDocument:
    """Return the plan, and what became of its changes, for programs; nothing of a plan that only observes was tried."""
    tried = report if planned.acts or (report and report.outcomes) else None
    stopped = (report.stopped if report else "", str(planned.source_error or ""))
    return {
        "plan": plan_object(planned.plan, planned.names, __version__),
        "applied": tried is not None,
        "transaction": tried.transaction if tried else "",
        "stopped": "\n".join(filter(None, stopped)),
        "notKept": list(report.not_kept) if report else [],
        "outcomes": [
            filled(OutcomeObject, outcome, outcome.change, outcome.change.ref)
            for outcome in (tried.outcomes if tried else ())
        ],
    }
