"""What is said of desired state that is put back from a snapshot or the ledger: its plan, and what came of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from controller.engine.overrides.put_back import PreparedPutBack
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import ExitCode
from controller.model.override import Override
from controller.planning.wording import NAMES_SHOWN
from controller.views.answer import Answer
from controller.views.outcomes import failure_lines, tally_line
from controller.views.plan.text import text_lines
from controller.views.plan.wording import Asked
from controller.views.style import Line, Span, plain
from controller.views.time_text import utc_text

ASKED_ELSEWHERE: Final = Asked(command="")
"""By a request: which command made it, if one did, is not known here."""
Fields = Callable[[], Mapping[str, object]]


def held_lines(prepared: PreparedPutBack) -> list[str]:
    """Return what is held against the settings' own source and until when, and which earlier overrides that ends."""
    lines = []
    objects = sorted({str(made.ref) for made in prepared.held})
    if objects:
        more = f" and {len(objects) - NAMES_SHOWN} more" if len(objects) > NAMES_SHOWN else ""
        until = prepared.held[0].until
        ends = f"until {utc_text(until)}" if until else "until Git changes their documents"
        lines.append(
            f"held {ends}, as Git says otherwise: {', '.join(objects[:NAMES_SHOWN])}{more}"
            f" (override {prepared.held[0].whole_id})"
        )
    if prepared.superseded:
        count = len(prepared.superseded)
        lines.append(f"overrides of earlier restores and rollbacks that end: {count}")
    return lines


def unused_tokens(planned: CombinedPlan) -> tuple[str, ...]:
    """Return which approvals were given for changes that are others now, or tell no changes apart."""
    return tuple(
        f"envctl: --approve {token} approves nothing here: {why}"
        for token, why in planned.unused_tokens.items()
    )


def planned_answer(
    document: str,
    fields: Fields,
    prepared: PreparedPutBack,
    lines: Iterable[str],
    exit_code: ExitCode | None = None,
    asked: Asked = ASKED_ELSEWHERE,
) -> Answer:
    """Return the plan with the lines below it, as an answer whose exit code is the plan's, or the given one."""
    planned, below = prepared.planned, tuple(lines)

    def styled() -> tuple[Line, ...]:
        shown = text_lines(planned.plan, names=planned.names, asked=asked)
        # Without the last line, which says what to type next: that is being done.
        goes_on = bool(planned.plan.changes) and not planned.plan.refused
        return (*(shown[:-1] if goes_on else shown), *((Span(line),) for line in below))

    return Answer(
        document=document,
        fields=fields,
        text=lambda: plain(styled()),
        styled=styled,
        remarks=unused_tokens(planned),
        exit_code=planned.exit_code if exit_code is None else exit_code,
    )


def result_answer(
    document: str,
    fields: Fields,
    result: Reconciled,
    *,
    held: Sequence[Override],
    exit_code: ExitCode,
    said: Iterable[str] = (),
    asked: Asked = ASKED_ELSEWHERE,
) -> Answer:
    """Return what came of it, below what is ``said`` before: what failed, and what refuses it, is remarked."""
    report, remarks = result.report, list[str]()
    lines = [*said]
    if report is not None and report.outcomes:
        remarks += failure_lines(report)
        lines.append(tally_line(report, asked.settings))
        if held and report.exit_code is ExitCode.DONE:
            lines.append(
                f"Next: envctl{asked.settings} override yaml {held[0].whole_id} --out DIR"
                " writes the files to commit, so that Git says it, too."
            )
    if result.refused is not None:
        remarks.append(f"envctl: {result.refused}")
    return Answer(
        document=document,
        fields=fields,
        text=lambda: "\n".join(lines),
        remarks=tuple(remarks),
        exit_code=exit_code,
    )
