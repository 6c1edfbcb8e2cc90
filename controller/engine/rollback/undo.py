"""What the tables become when records are taken back: object by object, field by field, as far as nothing changed since."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from controller.aws.items import Item
from controller.engine.desired.stored_objects import stored_objects
from controller.engine.installation.installation import Installation
from controller.engine.rollback.chosen import Chosen
from controller.errors import InvalidDesiredState, Unreachable
from controller.kinds.language.kind import Finding
from controller.ledger.records import EntityKey, entity_of_item
from controller.ledger.redaction import is_digest, redactor
from controller.ledger.summaries import BY_MOMENT
from controller.loading.positions import dotted
from controller.loading.validated import StoredObject, authored_body
from controller.model.canonical import ABSENT, Json, canonical_bytes, parse_canonical
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import ObservedState, ScopeState
from controller.model.ref import Origin, ResourceRef
from controller.model.table import TableDefinition
from controller.planning.three_way import Contested, take_back
from controller.targets.table_items.item_form import MANAGED, load_plain
from controller.targets.tables import Tables

Bodies = Mapping[ResourceRef, bytes | tuple[Finding, ...]]
"""Canonical documents; in place of one that cannot be read from its items, what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """An object that was changed again after what is taken back.

    ``parts`` are what was changed, ``by`` the record of it; None where it was changed past the ledger. ``goes_back`` tells
    whether it was named, and is taken back all the same.
    """

    ref: ResourceRef
    parts: tuple[Contested, ...]
    by: LedgerRecord | None
    goes_back: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """What the tables become: every document, what was changed since, and what cannot be put back.

    ``secret`` are objects whose sensitive values the ledger holds as digests alone.
    """

    bodies: Bodies
    touched: frozenset[ResourceRef]
    changed_since: tuple[ChangedSince, ...] = ()
    secret: tuple[ResourceRef, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Tell whether all of it goes back: nothing stays that changed since, or needs a value that is not known."""
        return not self.secret and all(found.goes_back for found in self.changed_since)


class _Layer(NamedTuple):
    """Records in a row, one row for each item: the first and the last of it."""

    rows: tuple[tuple[LedgerRecord, LedgerRecord], ...]


@dataclass(frozen=True, slots=True)
class Undoing:
    """Works it out for one installation; ``also`` are objects that are taken back although they were changed since."""

    installation: Installation
    chosen: Chosen
    also: frozenset[ResourceRef] = frozenset()

    def undone(self, seen: ObservedState) -> Undone:
        """Return what becomes of what was seen.

        Raises Unreachable where the tables could not be read, InvalidDesiredState for a record's items that are no object, and as
        any read.
        """
        if seen.state not in {ScopeState.OK, ScopeState.OBSERVE}:
            raise Unreachable(f"the tables cannot be read: {seen.reason}", fix="run it again")
        kinds = self.installation.master.kinds
        real = {
            ref: authored_body(ref, stored, kinds, base=True)
            for ref, stored in stored_objects(seen, kinds).items()
        }
        items = self._items(seen)
        found = self._objects(items)
        becomes: dict[ResourceRef, Json] = {}
        contested: dict[ResourceRef, tuple[Contested, ...]] = {}
        entities: dict[ResourceRef, set[EntityKey]] = {}
        for layer in _layers(self.chosen):
            before, after = self._around(items, layer)
            for ref in sorted(before.keys() | after.keys()):
                old, new = before.get(ref), after.get(ref)
                if _told(old) == _told(new):
                    continue
                entities.setdefault(ref, set()).update(self._entities(ref, (old, new)))
                now = becomes[ref] if ref in becomes else self._document(ref, found.get(ref))
                documents = self._document(ref, old), self._document(ref, new), now
                made = take_back(*documents, also_contested=ref in self.also)
                becomes[ref] = made.document
                contested[ref] = (*contested.get(ref, ()), *made.contested)
        bodies, secret = dict(real), []
        for ref, wanted in becomes.items():
            try:
                now, body = self._document(ref, found.get(ref)), real.get(ref)
                last = parse_canonical(body) if isinstance(body, bytes) else ABSENT
                document = _with_secrets(wanted, now, last)
            except _SecretLost:
                secret.append(ref)
                continue
            if document is ABSENT:
                bodies.pop(ref, None)
            else:
                bodies[ref] = canonical_bytes(document)
        since = (
            ChangedSince(ref, parts, self._newest(entities[ref]), ref in self.also)
            for ref, parts in sorted(contested.items())
            if parts
        )
        return Undone(bodies, frozenset(becomes), tuple(since), tuple(secret))

    def _items(self, seen: ObservedState) -> "_Items":
        """Return what was seen as items, with digests in place of sensitive values, as records have them."""
        master = self.installation.master
        kinds = master.kinds.values()
        redact = redactor(kinds, self.installation.id)
        items = _Items(
            {table.name: table for kind in kinds for table in kind.tables},
            master.settings.resource_prefix,
        )
        for found in seen.objects.values():
            attributes, meta = load_plain(found.attributes), load_plain(found.base)
            for table, item in attributes.items():
                items.put(table, redact(table, {**item, **meta.get(table, {})}))
        return items

    def _around(
        self, items: "_Items", layer: _Layer
    ) -> tuple[Mapping[ResourceRef, StoredObject], Mapping[ResourceRef, StoredObject]]:
        """Return the objects before the records of a layer, and right after them."""
        before, after = items.copy(), items.copy()
        for first, last in layer.rows:
            if _took_over(first):
                before.put_image(first, first.new_value, first.new_meta)
            else:
                before.put_image(first, first.old_value, first.old_meta)
            after.put_image(last, last.new_value, last.new_meta)
        return self._objects(before), self._objects(after)

    def _objects(self, items: "_Items") -> Mapping[ResourceRef, StoredObject]:
        kinds = self.installation.master.kinds
        seen = Tables(
            items,
            kinds.values(),
            installation=self.installation.id,
            prefix=items.prefix,
            history=_NoHistory(),
        ).observe()
        return stored_objects(seen, kinds)

    def _entities(
        self, ref: ResourceRef, versions: Iterable[StoredObject | None]
    ) -> Iterator[EntityKey]:
        """Yield the items that an object consists of in any of its versions."""
        master = self.installation.master
        tables = {table.name: table for table in master.kinds[ref.kind].tables}
        for stored in versions:
            if stored is not None:
                for table, item in load_plain(stored.attributes).items():
                    physical = tables[table].prefixed(master.settings.resource_prefix)
                    yield entity_of_item(physical, item)

    def _document(self, ref: ResourceRef, stored: StoredObject | None) -> Json:
        if stored is None:
            return ABSENT
        body = authored_body(ref, stored, self.installation.master.kinds, base=True)
        if isinstance(body, bytes):
            return parse_canonical(body)
        origin = Origin(f"{self.chosen.name}: {ref}")
        raise InvalidDesiredState([found.at(origin, dotted(found.path)) for found in body])

    def _newest(self, entities: Iterable[EntityKey]) -> LedgerRecord | None:
        """Return the newest record of the items, by time, unless it is among those that are taken back."""
        ledger = self.installation.ledger
        newest = [record for entity in entities for record in islice(ledger.of_item(*entity), 1)]
        last = max(newest, key=BY_MOMENT, default=None)
        taken_back = {record.audit_id for record in self.chosen.records}
        return None if last is None or last.audit_id in taken_back else last


class _NoHistory:
    """The ledger is not asked: what has no mark in these versions is in none of them."""

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterable[LedgerRecord]:
        """Return nothing."""
        return ()


@dataclass(slots=True)
class _Items:
    """Items of all tables as one version has them; read like tables of DynamoDB."""

    tables: Mapping[str, TableDefinition]
    prefix: str
    items: dict[EntityKey, Item] = field(default_factory=dict)

    def put(self, table: str, item: Item) -> None:
        self.items[entity_of_item(self.tables[table].prefixed(self.prefix), item)] = item

    def put_image(
        self, record: LedgerRecord, value: Mapping[str, Any] | None, meta: Mapping[str, Any]
    ) -> None:
        if value is None:
            self.items.pop(_entity(record), None)
        else:
            self.items[_entity(record)] = {**value, **meta}

    def copy(self) -> "_Items":
        return _Items(self.tables, self.prefix, dict(self.items))

    def scan(self, table: str, segments: int = 1) -> Iterator[Item]:
        """Yield every item of a physical table; each is the reader's own."""
        for entity, item in self.items.items():
            if entity.table == table:
                yield dict(item)


def _layers(chosen: Chosen) -> Iterator[_Layer]:
    """Yield what is taken back as layers, the newest first.

    Where something else changed an item between two records they are taken back one after the other, unless all that
    happened since is.
    """
    rows: dict[EntityKey, list[tuple[LedgerRecord, LedgerRecord]]] = {}
    for record in chosen.records:
        of_item = rows.setdefault(_entity(record), [])
        if of_item and (chosen.is_all_since or of_item[-1][1].after == record.before):
            of_item[-1] = of_item[-1][0], record
        else:
            of_item.append((record, record))
    for back in range(1, max(map(len, rows.values()), default=0) + 1):
        yield _Layer(tuple(of_item[-back] for of_item in rows.values() if len(of_item) >= back))


def _took_over(record: LedgerRecord) -> bool:
    """Tell whether a record took over what was there. That is as far back as it goes: nobody's item is not deleted as if we had made it."""
    was_ours = MANAGED in record.old_meta or MANAGED not in record.new_meta
    return record.old_value is not None and not was_ours


def _entity(record: LedgerRecord) -> EntityKey:
    return EntityKey(record.entity_type, record.entity_key, record.entity_range)


class _SecretLost(Exception):
    """A sensitive value of before is known as a digest alone."""


def _with_secrets(document: Json, digested: Json, real: Json) -> Json:
    """Return a document with what stands for sensitive values replaced by what they are now. Raises _SecretLost."""
    if is_digest(document):
        if document != digested:
            raise _SecretLost
        return real
    if isinstance(document, dict):
        return {
            name: _with_secrets(value, _member(digested, name), _member(real, name))
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [
            _with_secrets(value, _member(digested, place), _member(real, place))
            for place, value in enumerate(document)
        ]
    return document


def _member(value: Json, name: str | int) -> Json:
    if isinstance(value, dict):
        return value.get(name, ABSENT)
    if isinstance(value, list) and isinstance(name, int) and name < len(value):
        return value[name]
    return ABSENT


def _told(stored: StoredObject | None) -> tuple[bytes, Mapping[str, Any]] | None:
    return None if stored is None else (stored.attributes, stored.extra)
