"""The config tables at a moment of the past: read as they are, then undone what the ledger says was changed since."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from controller.engine.desired.named_object import object_named
from controller.engine.installation.installation import Installation, Master
from controller.engine.queries.recorded_kinds import kind_named
from controller.errors import WrongUsage
from controller.gc_tuning import relaxed_gc
from controller.kinds.language.kind import Kind
from controller.ledger.past_state import Doubt, Image, PastItem, earliest_changes, undo
from controller.ledger.records import EntityKey, entity_of_item, split_image
from controller.ledger.redaction import redactor
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.loading.validated import StoredObject, authored_body
from controller.model.canonical import parse_canonical
from controller.model.observed import CONFIG_SCOPE, Mark
from controller.model.ref import Origin, ResourceRef
from controller.model.table import TableDefinition
from controller.planning.fields import comparable
from controller.targets.table_items.item_form import MANAGED, dump_plain, mark_of

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastObject:
    """One object as it was."""

    ref: ResourceRef
    kind: Kind[Any]
    items: Mapping[str, Image]
    """Full images by the logical names of their tables, sensitive values as their digests."""
    mark: Mark | None
    is_gone: bool
    is_as_now: bool
    doubts: tuple[Doubt, ...]

    @property
    def origin(self) -> Origin:
        """Of the document that asked for it; empty where nobody knows."""
        return Origin("") if self.mark is None else Origin(self.mark.path, self.mark.line)

    @property
    def document(self) -> Document | None:
        """``metadata`` and ``spec`` as somebody would have written them; None where the items are in no shape of the kind."""
        extra = self.mark.extra if self.mark is not None else {}
        held = {table: split_image(image)[0] for table, image in self.items.items()}
        plain = parse_canonical(dump_plain(held))
        own = comparable(plain, self.kind.shared, extra.get("owned", ()))
        stored = StoredObject(dump_plain(own), extra, self.origin)
        body = authored_body(self.ref, stored, {self.kind.name: self.kind})
        return parse_canonical(body) if isinstance(body, bytes) else None


@relaxed_gc()
def past_state(
    installation: Installation,
    at: datetime,
    kind_name: str | None = None,
    what: str | None = None,
) -> tuple[PastObject, ...]:
    """Return all objects of the tables, those of one kind, or the one of a name, as they were, sorted; all are held in memory.

    Raises WrongUsage for a moment to come, for a kind that does not exist, and for a name that none or several had, and as
    any read.
    """
    master = installation.master
    if at > master.process.clock():
        raise WrongUsage(f"{at} is yet to come", fix="name a moment of the past: 2h, yesterday")
    kinds = list(master.kinds.values())
    if kind_name is not None:
        kinds = [kind_named(kind_name, master)]
    tables = {
        table.name: table.prefixed(master.settings.resource_prefix)
        for kind in kinds
        for table in kind.tables
    }
    # Before the records: what is written meanwhile is undone, too.
    now = _items_now(installation, tables)
    ledger, physical = installation.ledger, frozenset(table.name for table in tables.values())
    scopes = [CONFIG_SCOPE, *(STREAM_PREFIX + name for name in tables)]
    lines = (line for scope in scopes for line in ledger.lines.later(scope, at))
    earliest = chain.from_iterable(earliest_changes(lines, physical).values())
    found = undo(now, ledger.whole(earliest), at)
    logical = {table.name: name for name, table in tables.items()}
    objects = tuple(_objects(found, logical, {kind.name: kind for kind in kinds}, master))
    if what is None:
        return objects
    refs = [made.ref for made in objects]
    ref = object_named(what, refs, "without a name all there were are shown")
    return tuple(made for made in objects if made.ref == ref)


def _items_now(
    installation: Installation, tables: Mapping[str, TableDefinition]
) -> dict[EntityKey, Image]:
    master = installation.master
    redact = redactor(master.kinds.values(), installation.id)
    return {
        entity_of_item(table, item): redact(name, dict(item))
        for name, table in tables.items()
        for item in master.store.scan(table.name)
    }


def _objects(
    found: Iterable[PastItem],
    logical: Mapping[str, str],
    wanted: Mapping[str, Kind[Any]],
    master: Master,
) -> Iterator[PastObject]:
    """Yield objects, made of their items; of tables that other kinds share only what is of a kind that is wanted."""
    owners: dict[str, list[str]] = {}
    for owner in master.kinds.values():
        for definition in owner.tables:
            owners.setdefault(definition.name, []).append(owner.name)
    grouped: dict[ResourceRef, dict[str, PastItem]] = {}
    for past in found:
        table = logical[past.entity.table]
        of_table = owners[table]
        named = past.image.get("Kind") if len(of_table) > 1 else of_table[0]
        kind = wanted.get(named) if isinstance(named, str) else None
        if kind is not None:
            key = kind.identify(past.image)
            grouped.setdefault(ResourceRef(kind.name, key), {})[table] = past
    for ref in sorted(grouped):
        yield _object(ref, wanted[ref.kind], grouped[ref])


def _object(ref: ResourceRef, kind: Kind[Any], items: Mapping[str, PastItem]) -> PastObject:
    marks = [mark_of(past.image.get(MANAGED)) for past in items.values()]
    doubts = {past.doubt for past in items.values() if past.doubt is not None}
    return PastObject(
        ref=ref,
        kind=kind,
        items={table: past.image for table, past in items.items()},
        mark=next((mark for mark in marks if mark is not None), None),
        is_gone=all(past.now is None for past in items.values()),
        is_as_now=all(past.now == past.image for past in items.values()),
        doubts=tuple(sorted(doubts)),
    )


def doubtful(objects: Sequence[PastObject]) -> int:
    """Count the objects that may have been otherwise."""
    return sum(bool(found.doubts) for found in objects)
