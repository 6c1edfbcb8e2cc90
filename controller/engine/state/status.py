"""Status of scopes as rows of EnvctlState, and back; and what a look makes of the status before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import PutWrite
from controller.ledger.records import iso_ms
from controller.model.backoff import Backoff
from controller.model.observed import Remark, ScopeCounts, ScopeState, ScopeStatus
from controller.model.ref import Reason

STATUS_PREFIX: Final = "status#"
RETRIES: Final = Backoff(first_s=60.0, longest_s=900.0)
"""How long a scope is left alone after tries in a row that failed."""
_TRIED_AGAIN: Final = frozenset({ScopeState.UNKNOWN, ScopeState.WAITING, ScopeState.STALLED})
_SEEN: Final = frozenset({ScopeState.OK, ScopeState.OBSERVE, ScopeState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one run found of a scope, and did: ``applied`` is a revision if all of it was applied."""

    scope: str
    state: ScopeState
    reason: str = ""
    changes: int = 0
    blocked: int = 0
    applied: str = ""
    partial: bool = False
    """Whether only some targets or objects were looked at: how the rest stands is as it was."""
    seen: ScopeCounts | None = None
    """What was counted there; None if it was not seen, or nothing is on that looks."""


def next_status(before: ScopeStatus | None, found: Finding, now: datetime) -> ScopeStatus:
    """Return the status after a run: times carry over while the state stays, tries that fail are spaced out."""
    same = before is not None and before.state is found.state
    again = found.state in _TRIED_AGAIN
    failures = (before.failures if before else 0) + 1 if again else 0
    if found.partial and before is not None and not again:
        return replace(before, tried_at=now)
    known = before or ScopeStatus(scope=found.scope, state=found.state, since=now, tried_at=now)
    return ScopeStatus(
        scope=found.scope,
        state=found.state,
        since=known.since if same else now,
        tried_at=now,
        reason=Reason.stored(found.reason),
        looked_at=now if found.state in _SEEN else known.looked_at,
        revision=found.applied or known.revision,
        applied_at=now if found.applied else known.applied_at,
        retry_at=now + timedelta(seconds=RETRIES.pause_s(failures)) if again else None,
        changes=found.changes,
        blocked=found.blocked,
        failures=failures,
        seen=found.seen.after(known.seen) if found.seen else known.seen if again else None,
    )


def row_of_status(status: ScopeStatus) -> dict[str, Any]:
    """Return the row that holds a status."""
    moments = {
        "Since": status.since,
        "TriedAt": status.tried_at,
        "LookedAt": status.looked_at,
        "AppliedAt": status.applied_at,
        "RetryAt": status.retry_at,
    }
    return {
        "Id": STATUS_PREFIX + status.scope,
        "State": status.state.value,
        "Reason": str(status.reason),
        "Revision": status.revision,
        "Changes": status.changes,
        "Blocked": status.blocked,
        "Failures": status.failures,
        **({"Seen": plain_counts(status.seen)} if status.seen else {}),
        **{name: iso_ms(at) for name, at in moments.items() if at is not None},
    }


def status_of_row(row: Mapping[str, Any]) -> ScopeStatus | None:
    """Read a row; None for one that is damaged: the next look writes it anew."""
    try:
        moments = {
            name: datetime.fromisoformat(row[name]) if row.get(name) else None
            for name in ("LookedAt", "AppliedAt", "RetryAt")
        }
        return ScopeStatus(
            scope=str(row["Id"]).removeprefix(STATUS_PREFIX),
            state=ScopeState(row["State"]),
            since=datetime.fromisoformat(row["Since"]),
            tried_at=datetime.fromisoformat(row["TriedAt"]),
            reason=Reason.stored(str(row.get("Reason", ""))),
            looked_at=moments["LookedAt"],
            revision=str(row.get("Revision", "")),
            applied_at=moments["AppliedAt"],
            retry_at=moments["RetryAt"],
            changes=int(row.get("Changes", 0)),
            blocked=int(row.get("Blocked", 0)),
            failures=int(row.get("Failures", 0)),
            seen=counts_of_plain(row.get("Seen")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def statuses_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, ScopeStatus]:
    """Return the statuses among rows of EnvctlState, by scope."""
    mine = (row for row in rows if str(row.get("Id", "")).startswith(STATUS_PREFIX))
    found = (status_of_row(row) for row in mine)
    return {status.scope: status for status in found if status is not None}


def write_statuses(
    store: ItemStore, state_table: str, findings: Iterable[Finding], now: datetime
) -> tuple[ScopeStatus, ...]:
    """Write what a run found, one row a scope, and return it. Raises as any read or write.

    Rows are not conditional: the last look is the one that counts.
    """
    written = []
    for found in findings:
        row = store.get(state_table, {"Id": STATUS_PREFIX + found.scope})
        status = next_status(status_of_row(row) if row else None, found, now)
        store.write(PutWrite(state_table, to_wire(row_of_status(status))))
        written.append(status)
    return tuple(written)


def _plain_remarks(remarks: Iterable[Remark]) -> list[dict[str, Any]]:
    return [
        {"Text": remark.text, "Objects": remark.objects, "Names": list(remark.names)}
        for remark in remarks
    ]


def _remarks(plain: Iterable[Mapping[str, Any]]) -> tuple[Remark, ...]:
    return tuple(
        Remark(remark["Text"], int(remark["Objects"]), tuple(remark["Names"])) for remark in plain
    )


_COUNTS: Final = {
    name: ("".join(word.capitalize() for word in name.split("_")), write, read)
    for names, write, read in (
        ("instances_on instances_off to_switch on_the_way copies_behind", int, int),
        ("behind_since complete_at images_at", iso_ms, datetime.fromisoformat),
        ("missing rollouts images", _plain_remarks, _remarks),
    )
    for name in names.split()
}
"""What counts hold besides their moment: name -> attribute, and how it is written and read."""


def plain_counts(counts: ScopeCounts) -> dict[str, Any]:
    """Return counts as plain values; what they do not know is left out."""
    found = {
        attribute: (getattr(counts, name), write) for name, (attribute, write, _) in _COUNTS.items()
    }
    known = {
        name: write(value) for name, (value, write) in found.items() if value not in (None, ())
    }
    return {"At": iso_ms(counts.at), **known}


def counts_of_plain(plain: Any) -> ScopeCounts | None:
    """Read counts back; None if there are none. Raises KeyError, TypeError or ValueError for what is damaged."""
    if plain is None:
        return None
    fields: dict[str, Any] = {
        name: read(plain[attribute])
        for name, (attribute, _, read) in _COUNTS.items()
        if plain.get(attribute) is not None
    }
    return ScopeCounts(at=datetime.fromisoformat(plain["At"]), **fields)
