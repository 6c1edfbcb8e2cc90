"""A rollback in words: what it takes back, what changed since, what cannot be undone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.rollback.chosen import PREFIX
from controller.engine.rollback.revert_commit import Reverted
from controller.engine.rollback.service import PreparedRollback
from controller.engine.rollback.undo import ChangedSince
from controller.errors import worst_exit_code
from controller.ledger.summaries import RecordSummary
from controller.model.printable import printable
from controller.planning.wording import NAMES_SHOWN, value_text
from controller.views.answer import Answer
from controller.views.audit.records import record_time_text, who_text
from controller.views.documents.rollback import rollback_json
from controller.views.plan.wording import Asked
from controller.views.put_back import ASKED_ELSEWHERE, held_lines, planned_answer, result_answer

NOT_ENDED_ONES = (
    "instances that ended are not brought back; where they are wanted again new ones are launched"
)


def rollback_planned(prepared: PreparedRollback, asked: Asked = ASKED_ELSEWHERE) -> Answer:
    """Return the plan of a rollback."""
    return planned_answer(
        "rollback",
        lambda: rollback_json(prepared, None, None),
        prepared,
        rollback_lines(prepared, asked.settings),
        prepared.exit_code,
        asked,
    )


def rollback_done(
    prepared: PreparedRollback,
    result: Reconciled,
    reverted: Reverted | None,
    asked: Asked = ASKED_ELSEWHERE,
) -> Answer:
    """Return what came of a rollback."""
    return result_answer(
        "rollback",
        lambda: rollback_json(prepared, result, reverted),
        result,
        held=prepared.held if reverted is None else (),
        exit_code=worst_exit_code((result.exit_code, prepared.left_code)),
        said=reverted_lines(reverted) if reverted else (),
        asked=asked,
    )


def rollback_lines(prepared: PreparedRollback, settings: str = "") -> list[str]:
    """Return what a rollback does besides its changes, and what it cannot do: to be read before it is begun."""
    chosen, undone = prepared.chosen, prepared.undone
    records, objects = len(chosen.records), len(undone.touched)
    counted = f"{records:,} record{'' if records == 1 else 's'} of {objects:,} object{'' if objects == 1 else 's'}"
    lines = [f"takes back {chosen.name.removeprefix(PREFIX)}: {counted}"]
    for found in undone.changed_since:
        lines += changed_since_lines(found)
    if undone.secret:
        lines.append(
            f"left as it is, as the ledger has its sensitive values as digests alone: {_names(undone.secret)}"
        )
    lines += held_lines(prepared)
    lines += live_lines(chosen.live)
    if chosen.overrides:
        ids = dict.fromkeys(line.entity.hash_key.partition("#")[2] for line in chosen.overrides)
        lines.append(
            f"not taken back: overrides {_names(ids)}; envctl{settings} override release ID ends one that holds"
        )
    return lines


def changed_since_lines(found: ChangedSince) -> Iterator[str]:
    """Yield who changed an object since, and each part as it was before, as it was made, and as it is now."""
    by = "somebody past the ledger"
    if found.by is not None:
        by = (
            f"{who_text(found.by.actor, found.by.changed_by)}, {record_time_text(found.by.iso_timestamp)},"
            f" transaction {found.by.transaction_id}"
        )
    if found.goes_back:
        yield f"changed since, and taken back all the same: {found.ref}, by {by}"
    else:
        yield f"changed since, so left as it is: {found.ref}, by {by}; --also {found.ref} takes it back, too"
    for part in found.parts:
        texts = (printable(value_text(value)) for value in (part.before, part.after, part.now))
        before, after, now = texts
        yield f"  {part.path or 'the whole'}: {before} → {after}, and now {now}"


def live_lines(live: Sequence[RecordSummary]) -> list[str]:
    """Return what had been changed in accounts, and what of it stays so."""
    if not live:
        return []
    scopes = Counter(line.scope for line in live)
    counted = ", ".join(f"{scope} ({count:,})" for scope, count in sorted(scopes.items()))
    return [f"changes in accounts came of it: {counted}. They follow the tables; {NOT_ENDED_ONES}"]


def reverted_lines(reverted: Reverted) -> list[str]:
    """Return which commit was made where, and what it leaves to be edited."""
    made = reverted.made
    count = len(made.reverted)
    what = f"{count} commit{'' if count == 1 else 's'}; next: git push origin {made.branch}"
    lines = [f"commit {made.commit[:12]} on branch {made.branch} reverts {what}"]
    if made.left:
        lines.append(f"what else was changed in these files stays: {_names(made.left)}")
    if reverted.beside:
        lines.append(f"not changed by it, to be edited by hand: {_names(reverted.beside)}")
    return lines


def _names(found: Iterable[object]) -> str:
    names = [printable(str(name)) for name in found]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{', '.join(names[:NAMES_SHOWN])}{more}"
