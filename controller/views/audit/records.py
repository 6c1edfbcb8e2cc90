"""Records as people read them: lists, transactions, single ones with every field. Pure; no colour."""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import partial
from typing import Any

from controller.engine.queries.audit import Asked
from controller.ledger.queries import Page
from controller.ledger.records import who_changed
from controller.ledger.summaries import RecordSummary, summary_of
from controller.model.canonical import ABSENT, canonical_bytes
from controller.model.ledger_record import Actor, Approved, LedgerRecord
from controller.model.printable import in_short, printable, printable_json, revision_text
from controller.views.answer import Answer
from controller.views.documents.audit import (
    list_json,
    message_of,
    plain_json,
    record_differences,
    show_json,
)
from controller.views.style import fitted
from controller.views.time_text import dated_second_text

LONGEST_VALUE = 100
_HEADINGS = ("WHEN (UTC)", "WHO", "CALLER", "WHAT", "CAUSE", "ORIGIN", "COMMIT", "TRANSACTION")
_WHOLE_FROM = 120
"""Characters of a line from which on every column says something."""
_OF_WIDE = frozenset({"CALLER", "ORIGIN", "COMMIT"})
"""Columns that ``envctl audit show`` tells as well: left out of narrower lines."""
_WHOLE = frozenset({"WHEN (UTC)", "COMMIT", "TRANSACTION"})
"""Columns that are cut last: what the next question names."""
_LONGEST_REVISION = 16
"""Characters that tell snapshots apart, and that ``envctl restore`` takes for one."""
_OF_SOME = frozenset({"Why", "Merged by", "Request", "Run as", "AWS caller", "Role", "Approved"})
"""Facts that many records have not: shown only where they are known."""
TITLES = {
    "Created": "created",
    "Updated": "updated",
    "Deleted": "deleted",
    "Baseline": "found",
    "Gap": "not seen",
}
"""How people read what a record says was done."""
RECORDED = {title.replace(" ", "-"): name for name, title in TITLES.items()}
"""How people ask for a type of change, in one word -> as records say it."""


def record_time_text(iso_timestamp: str) -> str:
    """Return a moment as people read it: ``Tue 24 Nov 2026 19:00:22 UTC``; what is no moment as it is."""
    try:
        return dated_second_text(datetime.fromisoformat(iso_timestamp))
    except ValueError:
        return iso_timestamp


def _record_minute_text(iso_timestamp: str) -> str:
    """Return a moment for a narrow line: ``24 Nov 19:00``; what is no moment as it is."""
    try:
        at = datetime.fromisoformat(iso_timestamp).astimezone(UTC)
    except ValueError:
        return iso_timestamp
    return f"{at:%d %b %H:%M}"


def who_text(actor: Actor, changed_by: str) -> str:
    """Return whose change it was, as people may be shown it: the name is claimed, whatever is in it."""
    return in_short(who_changed(actor, changed_by))


def caller_text(actor: Actor) -> str:
    """Return AWS's word on who acted, without the account: ``assumed-role/envctl/ci``; of none a dash."""
    return actor.principal.split(":", 5)[-1] or "-"


def approval_text(approval: Approved) -> str:
    """Return what let a change through: ``maxDeletes@3f9c1a… by --approve of ada``."""
    return f"{approval.token} by {in_short(approval.by)}" if approval.by else approval.token


def list_lines(records: Sequence[RecordSummary], width: int | None = None) -> list[str]:
    """Return one line a record, in the order given, below a line of headings; none is longer than ``width``."""
    return _table([[record] for record in records], width) if records else ["No records."]


def transaction_lines(
    records: Sequence[RecordSummary],
    width: int | None = None,
    *,
    first: bool = True,
    last: bool = True,
) -> list[str]:
    """Return one line for each run of records of one transaction, in the order given: what it did, each change counted once.

    None is longer than ``width``. What the ``first`` page of an answer begins with is whole, and what the ``last`` ends with.
    """
    if not records:
        return ["No records."]
    runs: list[list[RecordSummary]] = []
    for record in records:
        if (
            not runs
            or not record.transaction_id
            or record.transaction_id != runs[-1][-1].transaction_id
        ):
            runs.append([])
        runs[-1].append(record)
    cut = {0} if not first else set()
    return _table(list(map(_once, runs)), width, cut if last else cut | {len(runs) - 1})


def _once(records: Sequence[RecordSummary]) -> list[RecordSummary]:
    """Return one record for each change: what was intended only where none says what came of it."""
    ended = {(one.entity, one.change_type) for one in records if one.phase != "intended"}
    return [
        one
        for one in records
        if one.phase != "intended" or (one.entity, one.change_type) not in ended
    ]


def _table(
    runs: Sequence[Sequence[RecordSummary]], width: int | None, cut: AbstractSet[int] = frozenset()
) -> list[str]:
    """Return a row for each run below the headings; without callers where no record names one. What the next question names is whole."""
    narrow = width is not None and width < _WHOLE_FROM
    rows = [
        _cells(run, is_narrow=narrow, is_cut=n in cut, is_fitted=width is not None)
        for n, run in enumerate(runs)
    ]
    said = [
        (heading, *cells)
        for heading, cells in zip(_HEADINGS, zip(*rows, strict=True), strict=True)
        if not (narrow and heading in _OF_WIDE)
        and (heading != "CALLER" or any(cell != "-" for cell in cells))
    ]
    whole = {n for n, (heading, *_) in enumerate(said) if heading in _WHOLE}
    return fitted(list(zip(*said, strict=True)), width, whole)


def record_lines(record: LedgerRecord) -> list[str]:
    """Return all that a record says: who, what, when, why, which commit, which line, and each field before and after."""
    actor = record.actor
    applied_by = f"{actor.applied_by} ({actor.trigger})" if actor.trigger else actor.applied_by
    facts = {
        "When": record_time_text(record.iso_timestamp),
        "Who": who_text(actor, record.changed_by),
        "Why": in_short(actor.subject),
        "Merged by": in_short(actor.merged_by),
        "Request": in_short(actor.pull_request),
        "Applied by": in_short(applied_by),
        "Run as": in_short(actor.host),
        "AWS caller": actor.principal,
        "Role": actor.role,
        "Cause": record.cause,
        "Approved": f"\n{'':<15}".join(map(approval_text, actor.approvals)),
        "Origin": printable(record.origin),
        "Commit": actor.commit,
        "Transaction": record.transaction_id,
        "Plan": record.plan_digest,
        "Record": f"#{record.sequence:,} of {record.scope}, {record.phase}",
        "Audit id": record.audit_id,
    }
    of_account = {
        "Account": record.account,
        "AWS request": record.request_id,
        "Written by": in_short(str(record.new_meta.get("OtherWriter", ""))),
        "Message": message_of(record).replace("\n", f"\n{'':<15}"),
    }
    facts |= {name: value for name, value in of_account.items() if value}
    facts = {name: value for name, value in facts.items() if value or name not in _OF_SOME}
    version = f", version {record.entity_version}" if record.entity_version is not None else ""
    width = max(map(len, facts)) + 2
    lines = [f"{summary_of(record).entity} {TITLES[record.change_type]}{version}"]
    lines += [f"  {name:<{width}}{value or '-'}" for name, value in facts.items()]
    found = record_differences(record)
    lines.append("  Fields" if found else "  No field differs")
    for difference in found:
        path = ".".join(map(str, difference.path)) or "(item)"
        before, after = value_text(difference.before), value_text(difference.after)
        lines.append(f"    {path}  {before} → {after}")
    return lines


def _cells(
    records: Sequence[RecordSummary], *, is_narrow: bool, is_cut: bool, is_fitted: bool
) -> tuple[str, ...]:
    """Return the cells of one record, or of a run of them, of which there may be more: what all have, else how many there are."""
    when = record_time_text if not is_narrow else _record_minute_text
    first = records[0]
    if len(records) == 1 and not (is_cut and first.transaction_id):
        phase = "" if first.phase in {"", "done", "baseline"} else f" ({first.phase})"
        what = f"{TITLES.get(first.change_type, first.change_type)} {first.entity}{phase}"
        what += " (in no chain)" if first.is_in_no_chain else ""
    else:
        counts = Counter(record.change_type for record in records)
        done = ", ".join(f"{count:,} {TITLES.get(kind, kind)}" for kind, count in counts.items())
        tables = sorted({record.entity.table for record in records})
        if len(tables) > 2:
            left = len(tables) - 2
            tables = [*tables[:2], f"{left} more table{'s' if left > 1 else ''}"]
        what = f"{'at least ' if is_cut else ''}{done} in {', '.join(tables)}"
    causes = {record.cause for record in records if record.cause}
    causes |= {"approved" for record in records if record.actor.approvals}
    return (
        when(first.iso_timestamp).removesuffix(" UTC"),
        _one_of((who_text(record.actor, record.changed_by) for record in records), "people"),
        _one_of((caller_text(record.actor) for record in records), "callers"),
        what,
        ", ".join(sorted(causes)) or "-",
        _one_of((printable(record.origin) for record in records), "places"),
        _one_of((_commit_text(record.actor.commit, is_fitted) for record in records), "commits"),
        first.transaction_id or "-",
    )


def _commit_text(commit: str, is_fitted: bool) -> str:
    """Return a commit by its first digits; what was put back, where it is to fit, as it is named: ``20261128T020000Z`` of a snapshot."""
    shown = revision_text(commit)
    _, colon, name = shown.partition(":")
    return name[:_LONGEST_REVISION] if is_fitted and colon else shown


def _one_of(values: Iterable[str], noun: str) -> str:
    """Return the value that all have, else how many there are."""
    found = set(values)
    return f"{len(found)} {noun}" if len(found) > 1 else found.pop() or "-"


def value_text(value: Any) -> str:
    """Return a value on one line, in short."""
    if value is ABSENT:
        return "(absent)"
    plain = isinstance(value, str) and printable(value) == value and bool(value.strip())
    text = value if plain else printable_json(canonical_bytes(plain_json(value))).decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def audit_answer(asked: Asked, found: Page, *, records: bool, first: bool) -> Answer:
    """A list of the ledger: a line a record where ``records`` are asked for or one thing's are; ``first`` is its first page."""
    each = records or asked.entity is not None or asked.transaction is not None
    by_transaction = partial(transaction_lines, first=first, last=found.next_token is None)
    remarks = []
    if asked.actor is not None and (found.records or found.next_token is None):
        remarks += _remarks_on_people(asked.actor, found.records)
    if asked.is_whole and first:
        name = asked.environment
        switched = "" if asked.power else "; --power: with instances that were switched, too"
        remarks.append(f"with all that is of {name}{switched}; --kind Environment: its items alone")
    elif asked.entity is not None and first:
        name = asked.entity.rpartition("/")[2]
        remarks.append(f"without its overrides: --name {shlex.quote(name)} lists those, too")
    if asked.is_of_config and not each and first:
        remarks.append(
            "of the config tables alone; --since TIME lists what was changed in accounts too"
        )
    if found.next_token:
        remarks.append(f"there is more: --page {found.next_token}")
    lines = list_lines if each else by_transaction
    return Answer(
        document="audit-list",
        fields=lambda: list_json(found.records, found.next_token),
        text=lambda: "\n".join(lines(found.records)),
        fitted=lambda width: "\n".join(lines(found.records, width)),
        remarks=tuple(remarks),
    )


def _remarks_on_people(actor: str, records: Sequence[RecordSummary]) -> list[str]:
    """Return what to say of whom ``actor`` means: nobody, or more than one."""
    people = sorted({who_text(record.actor, record.changed_by) for record in records})
    if not people:
        return [
            f"nobody is called {in_short(actor)!r} here: --actor takes WHO as the list shows it, or a part"
        ]
    if len(people) == 1:
        return []
    return [f"{len(people)} people are called {in_short(actor)!r}: {', '.join(people)}"]


def records_answer(found: tuple[LedgerRecord, ...]) -> Answer:
    """Records whole."""
    return Answer(
        document="audit-show",
        fields=lambda: show_json(found),
        text=lambda: "\n\n".join("\n".join(record_lines(record)) for record in found),
    )
