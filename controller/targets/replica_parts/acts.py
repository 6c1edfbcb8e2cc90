"""Writing copies: many at once, each on condition that it is still as it was observed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from controller.aws.items import Item, WireItem, to_wire
from controller.aws.tables import DynamoStore
from controller.aws.transactions import (
    Cancelled,
    DeleteWrite,
    PutWrite,
    in_parts,
    transaction_bytes,
)
from controller.errors import Conflict, EnvctlError, RefusedByAws, StaleEpoch
from controller.ledger.records import iso_ms
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.ports import ActResult, LiveActs
from controller.targets.replica_parts.replicated import (
    REPLICA,
    Replicated,
    content_digest,
    state_digest,
    what_is_copied,
)
from controller.targets.table_items.item_form import MANAGED, load_plain
from controller.targets.table_items.writes import as_found

MOST_WRITES: Final = 100
MOST_BYTES: Final = 3_500_000
"""Below what DynamoDB takes in one transaction."""

Results = dict[ResourceRef, ActResult | EnvctlError]
Write = PutWrite | DeleteWrite


def copy_all(changes: Sequence[Change], acts: LiveActs) -> Results:
    """Bring copies to what the changes say. A copy that was changed meanwhile is a Conflict, and holds up no other.

    Copies are read again, then their sources, so that a copy is never written from something older than it is.
    """
    copying = _Copying(acts, what_is_copied(acts))
    places = {change.ref: copying.place(change) for change in changes}
    found = copying.items(places.values(), acts.client("dynamodb"))
    sources = copying.items(places.values(), acts.master("dynamodb"))
    results: Results = {}
    writes: dict[ResourceRef, Write] = {}
    for change in changes:
        ref = change.ref
        try:
            write = copying.write(change, places[ref], found.get(ref), sources.get(ref))
        except (Conflict, RefusedByAws) as error:
            results[ref] = error
            continue
        if write is None:
            results[ref] = ActResult(message="was so already")
        else:
            writes[ref] = write
    for part in in_parts(
        writes.items(), lambda entry: transaction_bytes([entry[1]]), MOST_WRITES, MOST_BYTES
    ):
        results |= _send(dict(part), acts)
    return results


class _Place(NamedTuple):
    """Where a change is made: logical table and key."""

    table: str
    key: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Copying:
    """Makes the writes of one scope."""

    acts: LiveActs
    copied: Replicated

    def place(self, change: Change) -> _Place:
        base = load_plain(change.base)
        if base is not None:
            return _Place(base["table"], base["key"])
        ((table, item),) = load_plain(change.after or b"{}").items()
        return _Place(table, self.copied.key_of(table, item))

    def items(self, places: Iterable[_Place], client: Any) -> dict[ResourceRef, Item]:
        """Read the items at the places, strongly consistent."""
        by_table: dict[str, list[Mapping[str, Any]]] = {}
        for place in places:
            by_table.setdefault(place.table, []).append(place.key)
        return {
            self.copied.ref(self.acts.scope, table, item): item
            for table, keys in by_table.items()
            for item in DynamoStore(client).batch_get(self.copied.prefix + table, keys)
        }

    def write(
        self, change: Change, place: _Place, found: Item | None, source: Item | None
    ) -> Write | None:
        """Return the write of one copy; None if it is as wanted already. Raises Conflict if copy or source moved on."""
        table, name = self.copied.prefix + place.table, f"replicas: {change.ref.key}"
        wanted = None
        if change.after is not None:
            wanted = self._copy(change, place, source)
            if found is not None and self._is_copy(found, place, change):
                return None
        elif source is not None:
            raise Conflict(f"{name}: its source is there again", fix="plan again")
        elif found is None:
            return None
        base = load_plain(change.base)
        if (None if found is None else state_digest(found)) != (base["state"] if base else None):
            text = f"{name} was changed in the account since it was looked at"
            raise Conflict(text, fix="plan again")
        condition, names, values = _unchanged(name, found, place)
        if wanted is None:
            return DeleteWrite(table, to_wire(place.key), condition, names, values)
        return PutWrite(table, to_wire(wanted), condition, names, values)

    def _copy(self, change: Change, place: _Place, source: Item | None) -> Item:
        content = b"" if source is None else self.copied.content(place.table, source)
        if source is None or content_digest(content) != change.digest:
            text = f"replicas: {change.ref.key}: its source changed since the plan"
            raise Conflict(text, fix="plan again")
        kept = {name: value for name, value in source.items() if name not in (MANAGED, REPLICA)}
        by, at = self.acts.installation, iso_ms(self.acts.now())
        return {**kept, REPLICA: {"By": by, "SourceDigest": change.digest, "At": at}}

    def _is_copy(self, found: Item, place: _Place, change: Change) -> bool:
        mark = found.get(REPLICA)
        return (
            isinstance(mark, Mapping)
            and (mark.get("By"), mark.get("SourceDigest"))
            == (self.acts.installation, change.digest)
            and content_digest(self.copied.content(place.table, found)) == change.digest
        )


def _unchanged(
    name: str, found: Item | None, place: _Place
) -> tuple[str, dict[str, str], WireItem]:
    if found is None:
        return "attribute_not_exists(#key)", {"#key": next(iter(place.key))}, {}
    return as_found(name, found)


def _send(part: Mapping[ResourceRef, Write], acts: LiveActs) -> Results:
    """Write what can be: whatever keeps the rest from being written is taken out, until the rest is."""
    results: Results = {}
    left = dict(part)
    for _ in range(len(part) + 1):
        if not left:
            break
        refs = list(left)
        try:
            acts.check()
            answer = DynamoStore(acts.client("dynamodb")).transact(
                list(left.values()), _token(acts, left)
            )
        except StaleEpoch:
            raise
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
