"""What became of an apply, as people and programs read it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from controller.engine.config.apply import ApplyReport
from controller.model.plan import DONE, Outcome
from controller.model.ref import ResourceRef
from controller.views.plan_wording import SIGNS, names_text


def failure_lines(report: ApplyReport) -> Iterator[str]:
    """Yield the changes that did not become what they should, by reason, then why the run ended early, if it did."""
    alike: dict[tuple[str, str, str, str], list[ResourceRef]] = {}
    for outcome in report.outcomes:
        if outcome.status not in DONE:
            ref = outcome.change.ref
            why = (outcome.message or "no reason is known").removeprefix(f"{ref}: ")
            same = outcome.status.value, SIGNS[outcome.change.action], ref.kind, why
            alike.setdefault(same, []).append(ref)
    for (status, sign, _kind, why), refs in alike.items():
        first, *rest = why.splitlines()
        named = str(refs[0]) if len(refs) == 1 else names_text(refs, expand=False)
        yield f"{status:<10} {sign} {named}  {first}"
        for line in rest:
            yield f"           {line}"
    if report.stopped:
        yield f"envctl: the run ended early: {report.stopped}"


def tally_line(report: ApplyReport) -> str:
    """Return the count of what became of the changes, and where to read more."""
    counts = Counter(outcome.status.value for outcome in report.outcomes)
    done = " · ".join(f"{count:,} {status}" for status, count in counts.items())
    return f"{done}   envctl audit show {report.transaction}"


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return one outcome for programs."""
    change = outcome.change
    return {
        "action": change.action,
        "kind": change.ref.kind,
        "key": change.ref.key,
        "status": outcome.status.value,
        "message": outcome.message,
        "auditIds": list(outcome.audit_ids),
    }
