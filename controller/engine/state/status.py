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
from controller.model.observed import ScopeState
from controller.model.scope_status import Remark, ScopeCounts, ScopeStatus

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
        reason=found.reason,
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
        "Reason": status.reason,
        "Revision": status.revision,
        "Changes": status.changes,
        "Blocked": status.blocked,
        "Failures": status.failures,
        **({"Seen": plain_sighting(status.seen)} if status.seen else {}),
        **{name: iso_ms(at) for name, at in moments.items() if at is not None},
    }


def status_of_row(row: Mapping[str, Any]) -> ScopeStatus | None:
    """Read a row; None for one that is damaged: the next look writes it anew."""
    try:
        return ScopeStatus(
            scope=str(row["Id"]).removeprefix(STATUS_PREFIX),
            state=ScopeState(row["State"]),
            since=datetime.fromisoformat(row["Since"]),
            tried_at=datetime.fromisoformat(row["TriedAt"]),
            reason=str(row.get("Reason", "")),
            looked_at=_moment(row, "LookedAt"),
            revision=str(row.get("Revision", "")),
            applied_at=_moment(row, "AppliedAt"),
            retry_at=_moment(row, "RetryAt"),
            changes=int(row.get("Changes", 0)),
            blocked=int(row.get("Blocked", 0)),
            failures=int(row.get("Failures", 0)),
            seen=sighting_of_plain(row.get("Seen")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def statuses_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, ScopeStatus]:
    """Return the statuses among rows of EnvctlState, by scope."""
    mine = (row for row in rows if str(row.get("Id", "")).startswith(STATUS_PREFIX))
    found = (status_of_row(row) for row in mine)
    return {status.scope: status for status in found if status is not None}


def read_statuses(store: ItemStore, state_table: str) -> dict[str, ScopeStatus]:
    """Return the status of every scope, by scope. Raises as any read."""
    return statuses_in(store.scan(state_table, 1))


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


def _moment(row: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(row[name]) if row.get(name) else None


_COUNTS: Final = ("instances_on", "instances_off", "to_switch", "on_the_way", "copies_behind")
_MOMENTS: Final = ("behind_since", "complete_at", "images_at")
_REMARKS: Final = ("missing", "rollouts", "images")


def plain_sighting(seen: ScopeCounts) -> dict[str, Any]:
    """Return a sighting as plain values; what it does not know is left out."""
    plain: dict[str, Any] = {"At": iso_ms(seen.at)}
    for name in _COUNTS:
        if (count := getattr(seen, name)) is not None:
            plain[_attribute(name)] = count
    for name in _MOMENTS:
        if (moment := getattr(seen, name)) is not None:
            plain[_attribute(name)] = iso_ms(moment)
    for name in _REMARKS:
        if remarks := getattr(seen, name):
            plain[_attribute(name)] = [
                {"Text": remark.text, "Objects": remark.objects, "Names": list(remark.names)}
                for remark in remarks
            ]
    return plain


def sighting_of_plain(plain: Any) -> ScopeCounts | None:
    """Read a sighting back; None if there is none. Raises KeyError, TypeError or ValueError for one that is damaged."""
    if plain is None:
        return None
    counts = {name: _present(plain, name, int) for name in _COUNTS}
    moments = {name: _present(plain, name, datetime.fromisoformat) for name in _MOMENTS}
    remarks = {name: _remarks(plain.get(_attribute(name), ())) for name in _REMARKS}
    fields: dict[str, Any] = {**counts, **moments, **remarks}
    return ScopeCounts(at=datetime.fromisoformat(plain["At"]), **fields)


def _present(plain: Mapping[str, Any], name: str, read: Any) -> Any:
    value = plain.get(_attribute(name))
    return None if value is None else read(value)


def _remarks(plain: Iterable[Mapping[str, Any]]) -> tuple[Remark, ...]:
    return tuple(Remark(one["Text"], int(one["Objects"]), tuple(one["Names"])) for one in plain)


def _attribute(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
