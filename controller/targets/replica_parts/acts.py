"""Writing copies: many at once, each on condition that it is still as it was observed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.aws.items import Item, to_wire, to_wire_value
from controller.aws.tables import DynamoStore
from controller.aws.transactions import (
    Cancelled,
    DeleteWrite,
    PutWrite,
    transaction_bytes,
)
from controller.errors import Conflict, EnvctlError, RefusedByAws
from controller.ledger.records import iso_ms
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.ports import ActResult, LiveActs
from controller.targets.replica_parts.observe import found_source, what_is_copied
from controller.targets.replica_parts.replicated import (
    REPLICA,
    Replicated,
    content_digest,
    state_digest,
)
from controller.targets.table_items.item_form import MANAGED, load_plain

MOST_WRITES: Final = 100
MOST_BYTES: Final = 3_500_000
"""Below what DynamoDB takes in one transaction."""

Results = dict[ResourceRef, ActResult | EnvctlError]
Write = PutWrite | DeleteWrite


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a change is made: logical table and key."""

    table: str
    key: Mapping[str, Any]


def copy_all(changes: Sequence[Change], acts: LiveActs) -> Results:
    """Bring copies to what the changes say. A copy that was changed meanwhile is a Conflict, and holds up no other.

    Copies are read again, then their sources, so that a copy is never written from something older than it is.
    """
    copied = what_is_copied(acts)
    places = {change.ref: _place(copied, change) for change in changes}
    found = _items(copied, acts, places, acts.client("dynamodb"))
    sources = _items(copied, acts, places, acts.master("dynamodb"))
    results: Results = {}
    writes: dict[ResourceRef, Write] = {}
    for change in changes:
        ref = change.ref
        try:
            write = _write(copied, change, places[ref], found.get(ref), sources.get(ref), acts)
        except Conflict as error:
            results[ref] = error
            continue
        if write is None:
            results[ref] = ActResult(message="was so already")
        else:
            writes[ref] = write
    for part in _parts(writes):
        results |= _send(part, acts)
    return results


def _place(copied: Replicated, change: Change) -> _Place:
    base = load_plain(change.base)
    if base is not None:
        return _Place(base["table"], base["key"])
    ((table, item),) = load_plain(change.after or b"{}").items()
    return _Place(table, copied.key_of(table, item))


def _items(
    copied: Replicated, acts: LiveActs, places: Mapping[ResourceRef, _Place], client: Any
) -> dict[ResourceRef, Item]:
    """Read the items at the places, strongly consistent."""
    by_table: dict[str, list[Mapping[str, Any]]] = {}
    for place in places.values():
        by_table.setdefault(place.table, []).append(place.key)
    return {
        copied.ref(acts.scope, table, item): item
        for table, keys in by_table.items()
        for item in DynamoStore(client).batch_get(copied.prefix + table, keys)
    }


def _write(
    copied: Replicated,
    change: Change,
    place: _Place,
    found: Item | None,
    source: Item | None,
    acts: LiveActs,
) -> Write | None:
    """Return the write of one copy; None if it is as wanted already. Raises Conflict if copy or source moved on."""
    table = copied.prefix + place.table
    wanted = None
    if change.after is not None:
        wanted = _copy(copied, change, place, source, acts)
        if _is_copy(copied, place, found, change, acts):
            return None
    elif source is not None:
        raise Conflict(f"replicas: {change.ref.key}: its source is there again", fix="plan again")
    elif found is None:
        return None
    base = load_plain(change.base)
    if (None if found is None else state_digest(found)) != (base["state"] if base else None):
        raise Conflict(
            f"replicas: {change.ref.key} was changed in the account since it was looked at",
            fix="plan again",
        )
    condition, names, values = _unchanged(found, place)
    if wanted is None:
        return DeleteWrite(table, to_wire(place.key), condition, names, values)
    return PutWrite(table, to_wire(wanted), condition, names, values)


def _copy(
    copied: Replicated, change: Change, place: _Place, source: Item | None, acts: LiveActs
) -> Item:
    known = None
    if source is not None:
        known = found_source(copied, place.table, source, acts.installation)["content"]
    if source is None or known is None or content_digest(known.encode()) != change.digest:
        raise Conflict(
            f"replicas: {change.ref.key}: its source changed since the plan", fix="plan again"
        )
    kept = {name: value for name, value in source.items() if name not in (MANAGED, REPLICA)}
    mark = {"By": acts.installation, "SourceDigest": change.digest, "At": iso_ms(acts.now())}
    return {**kept, REPLICA: mark}


def _is_copy(
    copied: Replicated, place: _Place, found: Item | None, change: Change, acts: LiveActs
) -> bool:
    mark = found.get(REPLICA) if found is not None else None
    return (
        found is not None
        and isinstance(mark, Mapping)
        and (mark.get("By"), mark.get("SourceDigest")) == (acts.installation, change.digest)
        and content_digest(copied.content(place.table, found)) == change.digest
    )


def _unchanged(found: Item | None, place: _Place) -> tuple[str, dict[str, str], dict[str, Any]]:
    if found is None:
        return "attribute_not_exists(#key)", {"#key": next(iter(place.key))}, {}
    # The key is compared too: it makes the condition fail where the item is gone.
    named = dict(enumerate(sorted(found)))
    return (
        " AND ".join(f"#a{n} = :a{n}" for n in named),
        {f"#a{n}": name for n, name in named.items()},
        {f":a{n}": to_wire_value(found[name]) for n, name in named.items()},
    )


def _parts(writes: Mapping[ResourceRef, Write]) -> list[dict[ResourceRef, Write]]:
    parts: list[dict[ResourceRef, Write]] = []
    size = 0
    for ref, write in writes.items():
        own = transaction_bytes([write])
        if not parts or len(parts[-1]) == MOST_WRITES or size + own > MOST_BYTES:
            parts.append({})
            size = 0
        parts[-1][ref] = write
        size += own
    return parts


def _send(part: Mapping[ResourceRef, Write], acts: LiveActs) -> Results:
    """Write what can be: whatever keeps the rest from being written is taken out, until the rest is."""
    results: Results = {}
    left = dict(part)
    for _ in range(len(part) + 1):
        if not left:
            break
        acts.check()
        refs = list(left)
        try:
            answer = DynamoStore(acts.client("dynamodb")).transact(
                list(left.values()), _token(acts, left)
            )
        except EnvctlError as error:
            return results | dict.fromkeys(refs, error)
        if not isinstance(answer, Cancelled):
            return results | {ref: ActResult() for ref in refs}
        for ref, reason in zip(refs, answer.reasons, strict=True):
            if reason is None:
                continue
            del left[ref]
            if reason.is_conflict:
                results[ref] = Conflict(
                    f"replicas: {ref.key} was changed in the account just now", fix="plan again"
                )
            else:
                text = f"replicas: {ref.key}: {reason.message or reason.code}"
                results[ref] = RefusedByAws(text, reason.code)
    return results


def _token(acts: LiveActs, left: Mapping[ResourceRef, Write]) -> str:
    """Return a token that is the same for the same writes of the same intended record."""
    text = "\n".join([acts.token, *map(str, left)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
