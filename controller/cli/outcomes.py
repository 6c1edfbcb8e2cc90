"""What became of an apply, as people and programs read it."""

from collections import Counter
from typing import Any

from controller.cli.output import note, say
from controller.engine.apply_run import DONE, ApplyReport
from controller.model.outcome import Outcome
from controller.planning.wording import SIGNS


def say_outcomes(report: ApplyReport) -> None:
    """Print the changes that did not become what they should, each with the reason, then the count and where to read more."""
    for one in report.outcomes:
        if one.status in DONE:
            continue
        sign, ref = SIGNS[one.change.action], one.change.ref
        first, *rest = (one.message or "no reason is known").splitlines()
        note(f"{one.status.value:<10} {sign} {ref}  {first.removeprefix(f'{ref}: ')}")
        for line in rest:
            note(f"           {line}")
    if report.stopped:
        note(f"envctl: the run ended early: {report.stopped}")
    counts = Counter(one.status.value for one in report.outcomes)
    done = " · ".join(f"{count:,} {status}" for status, count in counts.items())
    say(f"{done}   envctl audit show {report.transaction}")


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
