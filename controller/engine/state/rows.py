"""The controller's own rows in EnvctlState: statuses of scopes, their drift histories."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.engine.commit.lease import epoch_ms
from controller.errors import Conflict
from controller.events import Emit, ScopeStands, discard_event
from controller.ledger.records import iso_ms
from controller.model.backoff import Backoff
from controller.model.observed import Remark, ScopeCounts, ScopeState, ScopeStatus
from controller.model.ref import Reason, ResourceRef
from controller.planning.drift_history import DriftHistory
from controller.redactor import REDACTOR

STATUS_PREFIX: Final = "status#"
RETRIES: Final = Backoff(first_s=60.0, longest_s=900.0)
"""How long a scope is left alone after tries in a row that failed."""
_TRIED_AGAIN: Final = frozenset({ScopeState.UNKNOWN, ScopeState.WAITING, ScopeState.STALLED})
_SEEN: Final = frozenset({ScopeState.OK, ScopeState.OBSERVE, ScopeState.REFUSED})
_OF_INSTANCES: Final = (
    *("instances_on", "instances_off", "to_switch", "on_the_way"),
    *("instances_at", "environments", "resized", "resized_at"),
)
"""What a run of power alone counts anew."""


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
    looked_at: datetime | None = None
    """When the run began to look; None where it is not known."""
    seen: ScopeCounts | None = None
    """What was counted there; None if it was not seen, or nothing is on that looks."""
    epoch: int = 0
    """In which the scope was ours; 0 where it was not taken."""
    planned_from: int = 0
    """The config scope's sequence it was planned from; 0 where that is not known."""
    looks_before: int = 0
    """How many looks the scope's status counted when this one began."""


def next_status(before: ScopeStatus | None, found: Finding, now: datetime) -> ScopeStatus:
    """Return the status after a run: times carry over while the state stays, tries that fail are spaced out."""
    same = before is not None and before.state is found.state
    again = found.state in _TRIED_AGAIN
    failures = (before.failures if before else 0) + 1 if again else 0
    if found.partial and before is not None and not again:
        seen = before.seen
        if seen and found.seen and found.seen.instances_on is not None:
            lately = {name: getattr(found.seen, name) for name in _OF_INSTANCES}
            seen = replace(seen, **lately)
        return replace(before, tried_at=now, seen=seen)
    known = before or ScopeStatus(scope=found.scope, state=found.state, since=now, tried_at=now)
    return ScopeStatus(
        scope=found.scope,
        state=found.state,
        since=known.since if same else now,
        tried_at=now,
        reason=Reason.stored(found.reason),
        looked_at=(found.looked_at or now) if found.state in _SEEN else known.looked_at,
        revision=found.applied or known.revision,
        applied_at=now if found.applied else known.applied_at,
        left_since=known.left_since
        if again
        else (known.left_since or now)
        if found.changes
        else None,
        retry_at=now + timedelta(seconds=RETRIES.pause_s(failures)) if again else None,
        changes=found.changes,
        blocked=found.blocked,
        failures=failures,
        seen=found.seen.after(known.seen) if found.seen else known.seen if again else None,
        epoch=found.epoch or known.epoch,
        planned_from=found.planned_from or known.planned_from,
        looks=max(known.looks, found.looks_before + (found.state in _SEEN)),
    )


_MOMENTS: Final = {
    "Since": "since",
    "TriedAt": "tried_at",
    "LookedAt": "looked_at",
    "AppliedAt": "applied_at",
    "LeftSince": "left_since",
    "RetryAt": "retry_at",
}
_NUMBERS: Final = {
    "Changes": "changes",
    "Blocked": "blocked",
    "Failures": "failures",
    "Epoch": "epoch",
    "PlannedFrom": "planned_from",
    "Looks": "looks",
}
"""What a row holds of a status as it is: attribute -> field."""


def row_of_status(status: ScopeStatus) -> dict[str, Any]:
    """Return the row that holds a status."""
    moments = ((name, getattr(status, field)) for name, field in _MOMENTS.items())
    counts: dict[str, Any] = {}
    if status.seen is not None:
        # What counts do not know is left out.
        counts["Seen"] = {"At": iso_ms(status.seen.at)} | {
            attribute: write(value)
            for name, (attribute, write, _) in _COUNTS.items()
            if (value := getattr(status.seen, name)) not in (None, (), {})
        }
    return {
        "Id": STATUS_PREFIX + status.scope,
        "State": status.state.value,
        "Reason": str(status.reason),
        "Revision": status.revision,
        **{name: getattr(status, field) for name, field in _NUMBERS.items()},
        **counts,
        **{name: iso_ms(at) for name, at in moments if at is not None},
    }


_TOO_LARGE: Final = 10**18
"""No number of ours comes near it, and DynamoDB holds no more than 38 digits."""


def status_of_row(row: Mapping[str, Any]) -> ScopeStatus | None:
    """Read a row; None for one that is damaged: the next look writes it anew."""
    try:
        fields: dict[str, Any] = {
            field: datetime.fromisoformat(row[name])
            for name, field in _MOMENTS.items()
            if row.get(name)
        }
        numbers = {field: int(row.get(name, 0)) for name, field in _NUMBERS.items()}
        if any(abs(number) >= _TOO_LARGE for number in numbers.values()):
            return None
        fields |= numbers
        plain, counts = row.get("Seen"), None
        if plain is not None:
            known: dict[str, Any] = {
                name: read(plain[attribute])
                for name, (attribute, _, read) in _COUNTS.items()
                if plain.get(attribute) is not None
            }
            counts = ScopeCounts(at=datetime.fromisoformat(plain["At"]), **known)
        return ScopeStatus(
            scope=str(row["Id"]).removeprefix(STATUS_PREFIX),
            state=ScopeState(row["State"]),
            reason=Reason.stored(str(row.get("Reason", ""))),
            revision=str(row.get("Revision", "")),
            seen=counts,
            **fields,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def statuses_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, ScopeStatus]:
    """Return the statuses among rows of EnvctlState, by scope."""
    mine = (row for row in rows if str(row.get("Id", "")).startswith(STATUS_PREFIX))
    found = (status_of_row(row) for row in mine)
    return {status.scope: status for status in found if status is not None}


_NOT_OLDER: Final = (
    "(attribute_not_exists(Epoch) OR Epoch <= :epoch)"
    " AND (attribute_not_exists(PlannedFrom) OR PlannedFrom <= :from)"
)


def write_statuses(
    store: ItemStore,
    state_table: str,
    findings: Iterable[Finding],
    now: datetime,
    emit: Emit = discard_event,
) -> tuple[ScopeStatus, ...]:
    """Write what a run found, one row a scope, and return what was written; tell what stands otherwise. Raises as any read or write.

    The last look counts, but not that of a worker whose epoch has passed, or who planned from less than whoever wrote before.
    """
    written = []
    for found in findings:
        row = store.get(state_table, {"Id": STATUS_PREFIX + found.scope})
        before = None if row is None else status_of_row(row)
        status = next_status(before, found, now)
        wire = to_wire(REDACTOR.redact_values(row_of_status(status)))
        write = PutWrite(state_table, wire)
        if row is None or before is not None:
            # Also where there is none yet: another may write the first one meanwhile. A damaged one is replaced whatever it says.
            fence = {":epoch": status.epoch, ":from": status.planned_from}
            write = PutWrite(state_table, wire, _NOT_OLDER, values=to_wire(fence))
        with suppress(Conflict):
            store.write(write)
            written.append(status)
            # A run of power alone counts instances anew; whether they lack is for a look at everything to say.
            known = before and (before.state, before.failures, before.seen and before.seen.at)
            at = status.seen and status.seen.at
            if known != (status.state, status.failures, at) and (
                told := stands_otherwise(status, before)
            ):
                emit(told)
    return tuple(written)


def stands_otherwise(status: ScopeStatus, before: ScopeStatus | None) -> ScopeStands | None:
    """Return what is told of how a scope stands; None where nobody need hear of it who knows how it stood before."""
    if (
        before is not None
        and (status.state, status.failures) == (before.state, before.failures)
        and (status.seen == before.seen or status.lacks_instances == before.lacks_instances)
    ):
        return None
    return ScopeStands(
        scope=status.scope,
        state=status.state.value,
        before=before.state.value if before else "",
        because=status.reason.message,
        failures=status.failures,
        revision=status.revision,
        epoch=status.epoch,
    )


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
        (
            "instances_on instances_off to_switch to_start on_the_way resized copies_behind",
            int,
            int,
        ),
        (
            "instances_at resized_at off_since behind_since complete_at images_at",
            iso_ms,
            datetime.fromisoformat,
        ),
        ("missing rollouts short images", _plain_remarks, _remarks),
        (
            "environments",
            lambda counts: {name: list(both) for name, both in counts.items()},
            lambda plain: {name: (int(on), int(whole)) for name, (on, whole) in plain.items()},
        ),
    )
    for name in names.split()
}
"""What counts hold besides their moment: name -> attribute, and how it is written and read."""


FLIPS_PREFIX: Final = "flips#"


def histories_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, DriftHistory]:
    """Return what is remembered among rows of EnvctlState, by scope; nothing for scopes that were calm."""
    return {
        str(row["Id"]).removeprefix(FLIPS_PREFIX): history_of_row(row)
        for row in rows
        if str(row["Id"]).startswith(FLIPS_PREFIX)
    }


def write_history(store: ItemStore, state_table: str, scope: str, history: DriftHistory) -> None:
    """Remember what happened in a scope; forget it once it is calm. Raises as any write."""
    key, flips = {"Id": FLIPS_PREFIX + scope}, history.flips
    if not flips:
        store.write(DeleteWrite(state_table, to_wire(key)))
        return
    row = {
        "Flips": {str(ref): [epoch_ms(at) for at in flips[ref]] for ref in sorted(flips)},
        "Told": sorted(str(ref) for ref in history.told & flips.keys()),
    }
    store.write(PutWrite(state_table, to_wire({**key, **row})))


def history_of_row(row: Mapping[str, Any]) -> DriftHistory:
    """Read a row; an empty one for what is damaged: the breaker then begins to count anew."""
    try:
        flips = {
            ResourceRef.parse(name): tuple(
                datetime.fromtimestamp(int(ms) / 1000, UTC) for ms in moments
            )
            for name, moments in row["Flips"].items()
        }
        return DriftHistory(flips, frozenset(map(ResourceRef.parse, row.get("Told", ()))))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return DriftHistory()
