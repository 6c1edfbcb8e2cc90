"""What the merged request of a revision is answered: that it is applied and how accounts follow, or why not. Pure.

Names, reasons and problems in it are what others wrote: they stand in a fence that none of them ends, where nobody is called.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.engine.config.planner import Planner
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.state.outcome_rows import (
    OUTCOME_KEY,
    Answered,
    OutcomeKind,
    RevisionOutcome,
    outcome_of_row,
)
from controller.engine.state.rows import statuses_in
from controller.errors import EnvctlError, InvalidDesiredState, UntrustedRevision
from controller.model.canonical import digest
from controller.model.observed import CONFIG_SCOPE, ScopeState, ScopeStatus
from controller.model.plan import DONE
from controller.model.printable import in_short, printable_lines
from controller.redactor import REDACTOR

SHOWN: Final = 40
"""Lines of accounts, or of what is wrong."""
LONGEST_LINE: Final = 300
_COMMIT_DIGITS: Final = 7
_HEADS: Final = {
    OutcomeKind.APPLIED: "Applied",
    OutcomeKind.REFUSED: "Not applied: refused",
    OutcomeKind.WRONG: "Not applied: nothing is planned from it",
    OutcomeKind.FAILED: "Applied in part: it is tried again",
}
_NEXT: Final = {
    OutcomeKind.REFUSED: "What was accepted last stays in force. Approve exactly this, or change it: `envctl plan` shows all of it.",
    OutcomeKind.WRONG: "What was accepted last stays in force. `envctl validate` says everything that is wrong.",
    OutcomeKind.FAILED: "`envctl status` says how it stands.",
}
_REST: Final = {
    OutcomeKind.APPLIED: "envctl status",
    OutcomeKind.REFUSED: "envctl plan",
    OutcomeKind.WRONG: "envctl validate",
    OutcomeKind.FAILED: "envctl plan",
}
"""What shows the lines that are left out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told of a revision; ``is_final`` once it is applied and every account was looked at since."""

    revision: str
    text: str
    is_final: bool
    is_applied: bool
    is_news: bool
    """Whether it says that something was changed, or was not: else nobody is told who has not heard of it before."""
    accepted: str
    """The revision that the tables hold in full."""

    def after(self, known: Answered | None) -> Answered:
        """Return what is known once this is told: requests are looked for behind what was told to the end."""
        if known is None:
            base = self.accepted if self.accepted != self.revision else ""
        elif known.revision == self.revision or not known.is_final:
            base = known.base
        else:
            base = known.revision
        return Answered(self.revision, base, digest(self.text.encode()), self.is_final)


def outcome_of(done: Reconciled, now: datetime) -> RevisionOutcome | None:
    """Return what became of the revision that a run of the config scope planned; None where it planned none."""
    config, report = done.planned.config, done.report
    if config is None:
        return None
    why: list[str] = []
    kind, transaction = OutcomeKind.APPLIED, ""
    sequence = config.planned_from.sequence if config.planned_from is not None else 0
    if config.plan.refused:
        kind = OutcomeKind.REFUSED
        for one in config.plan.refused:
            token = f"  (to approve exactly this: {one.token})" if one.overridable else ""
            why.append(f"{one.guard}: {one.message}{token}")
    elif report is not None:
        sequence += report.config.records
        transaction = report.transaction if report.config.records else ""
        why = [str(one.message) for one in report.outcomes if one.status not in DONE]
        why += [report.stopped] if report.stopped else []
        kind = OutcomeKind.FAILED if why else kind
    return RevisionOutcome(
        revision=config.revision.tree.revision.id,
        kind=kind,
        at=now,
        why="\n".join(why),
        transaction=transaction,
        sequence=sequence,
    )


def outcome_of_error(error: EnvctlError, planner: Planner, now: datetime) -> RevisionOutcome | None:
    """Return what became of a revision that nothing is planned from; None for an error that is not the revision's."""
    revision = ""
    if isinstance(error, UntrustedRevision):
        revision = str(error.facts.get("revision", ""))
    elif isinstance(error, InvalidDesiredState):
        revision = planner.loaded
    if not revision:
        return None
    return RevisionOutcome(revision=revision, kind=OutcomeKind.WRONG, at=now, why=str(error))


def answer_of(rows: Mapping[str, Mapping[str, Any]], scopes: Collection[str]) -> Answer | None:
    """Return the answer as rows of EnvctlState, by their ids, say it; None where no revision has come to anything yet.

    ``scopes`` are those there are now.
    """
    found = outcome_of_row(rows.get(OUTCOME_KEY))
    if found is None:
        return None
    lines, is_final = printable_lines(found.why).split("\n") if found.why else [], False
    statuses = statuses_in(rows.values())
    is_applied = found.kind is OutcomeKind.APPLIED
    if is_applied:
        live = {name: statuses.get(name) for name in sorted(scopes) if name != CONFIG_SCOPE}
        followed = {
            name: status
            for name, status in live.items()
            if status is not None and status.planned_from >= found.sequence
        }
        is_final = len(followed) == len(live)
        lines = [f"{name}  {_stands(followed.get(name))}" for name in live]
    record = ""
    if found.transaction:
        record = f"What was changed is on record: `envctl audit list --transaction {in_short(found.transaction, 80)}`"
    elif is_applied:
        record = "Nothing in the tables had to be changed for it."
    head = (
        f"### {_HEADS[found.kind]}: {in_short(found.revision, _COMMIT_DIGITS + 1)[:_COMMIT_DIGITS]}"
    )
    parts = (head, record, _fenced(lines, _REST[found.kind]), _NEXT.get(found.kind, ""))
    text = REDACTOR.redact("\n\n".join(filter(None, parts)))
    config = statuses.get(CONFIG_SCOPE)
    accepted = "" if config is None else config.revision
    is_news = bool(found.transaction) or not is_applied
    return Answer(found.revision, text, is_final, is_applied, is_news, accepted)


def _stands(status: ScopeStatus | None) -> str:
    """Say how an account stands that follows; None for one that does not yet."""
    if status is None:
        return "follows with its next look"
    if status.state is ScopeState.OK and not status.changes:
        return "as accepted"
    if status.state is ScopeState.OK:
        return f"goes on, {status.changes} changes are left"
    reason = status.reason.message
    return f"{status.state.value}: {reason}" if reason else status.state.value


def _fenced(lines: Iterable[str], rest: str) -> str:
    every = list(lines)
    shown = [in_short(line, LONGEST_LINE) for line in every[:SHOWN]]
    if len(every) > SHOWN:
        shown.append(f"… and {len(every) - SHOWN} more lines: {rest}")
    if not shown:
        return ""
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}text", *shown, fence))
