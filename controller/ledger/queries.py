"""Answers from the audit table: newest first, one query a page, one more read where full records are wanted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from controller.aws.items import WireItem
from controller.aws.tables import BATCH_GET_KEYS, Query, batch_get_wire, query
from controller.ledger.chain import ChainEntry
from controller.ledger.entities import EntityKey
from controller.ledger.large_images import BlobStore
from controller.ledger.ledger_table import (
    ACTOR_INDEX,
    DATE_INDEX,
    ENTITY_INDEX,
    SCOPE_INDEX,
    SUMMARY,
    TRANSACTION_INDEX,
)
from controller.ledger.questions import (
    EVERYTHING,
    Filters,
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Period,
    Question,
    check_limit,
    position_of,
    token_of,
)
from controller.ledger.record_items import record_of_wire
from controller.ledger.records import iso_ms
from controller.ledger.summary import RecordSummary, summary_of_item
from controller.model.ledger_record import LedgerRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WANTED = ("AuditID", *SUMMARY)
_CHAIN_PAGE = 1000
_HISTORY_PAGE = 10
_TIME = {"#time": "ISOTimestamp"}
_BETWEEN = "#time BETWEEN :first AND :last"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an answer. It may be empty with more to come; ``next_token`` None says that nothing does."""

    records: tuple[RecordSummary, ...]
    next_token: str | None


class LedgerReader:
    """Asks one audit table. Indexes follow the table within seconds; full records are strongly consistent."""

    def __init__(
        self, client: "DynamoDBClient", table: str, blobs: BlobStore | None = None
    ) -> None:
        """Take the client, the physical name of the table, and where large images are kept, if anywhere."""
        self._client = client
        self._table = table
        self._blobs = blobs

    def page(
        self,
        question: Question,
        *,
        filters: Filters = EVERYTHING,
        limit: int = 50,
        token: str | None = None,
    ) -> Page:
        """Return one page: at most ``limit`` records of those a single query looks at (of an object with several items, one query each).

        Raises WrongUsage for a limit or token that cannot be, and as any read.
        """
        check_limit(limit)
        position = None if token is None else position_of(question, filters, token)
        match question:
            case OfEntity():
                records, after = self._of_entities(question, filters, limit, position)
            case OfPeriod():
                records, after = self._of_period(question, filters, limit, position)
            case _:
                wanted = _with_filters(self._query(question), filters, limit)
                answer = query(self._client, wanted, position)
                records, after = [*map(summary_of_item, answer.items)], answer.next_key
        return Page(tuple(records), None if after is None else token_of(question, filters, after))

    def all(
        self, question: Question, *, filters: Filters = EVERYTHING, page_size: int = 200
    ) -> Iterator[RecordSummary]:
        """Yield the whole answer, a page at a time as it is asked for. Raises as ``page``."""
        token: str | None = None
        while True:
            page = self.page(question, filters=filters, limit=page_size, token=token)
            yield from page.records
            token = page.next_token
            if token is None:
                return

    def records(self, ids: Iterable[str]) -> Iterator[LedgerRecord]:
        """Yield the full records with these audit ids, in the order asked; those that are none of ours are left out.

        All are held in memory at once. Raises as ``record_of_wire``, and as any read.
        """
        wanted = list(dict.fromkeys(ids))
        found = self._wire(wanted)
        for audit_id in wanted:
            item = found.get(audit_id)
            if item is not None and "Hash" in item:
                yield record_of_wire(item, self._blobs)

    def find(self, text: str, *, limit: int = 100) -> tuple[LedgerRecord, ...]:
        """Return the record with this audit id, else the first ``limit`` records of the transaction of this id; empty if neither is."""
        found = tuple(self.records([text]))
        if found:
            return found
        page = self.page(OfTransaction(text), limit=limit)
        return tuple(self.records(record.audit_id for record in reversed(page.records)))

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterator[LedgerRecord]:
        """Yield the records of one item of a (physical) table, newest first. Raises as any read."""
        question = OfEntity((EntityKey(table, hash_key, range_key),))
        token: str | None = None
        while True:
            page = self.page(question, limit=_HISTORY_PAGE, token=token)
            yield from self.records(record.audit_id for record in page.records)
            token = page.next_token
            if token is None:
                return

    def last_of_items(self, items: Iterable[EntityKey]) -> Mapping[EntityKey, RecordSummary | None]:
        """Return the newest record of each item, None for those without; one query an item. Raises as any read."""
        newest: dict[EntityKey, RecordSummary | None] = {}
        for item in items:
            page = self.page(OfEntity((item,)), limit=1)
            newest[item] = page.records[0] if page.records else None
        return newest

    def pages(self, scope: str, after: int = 0) -> Iterator[Sequence[ChainEntry]]:
        """Yield a scope's records above a sequence, in order, as on the wire: what verification reads. Raises as any read."""
        wanted = Query(
            self._table,
            "#scope = :scope AND #sequence > :after",
            {":scope": scope, ":after": after},
            {"#scope": "Scope", "#sequence": "Sequence"},
            index=SCOPE_INDEX,
            page_size=_CHAIN_PAGE,
            attributes=("AuditID", "Sequence"),
        )
        start: WireItem | None = None
        while True:
            page = query(self._client, wanted, start)
            # One batch at a time: what is checked while it is in the processor's cache is checked twice as fast.
            for first in range(0, len(page.items), BATCH_GET_KEYS):
                lines = page.items[first : first + BATCH_GET_KEYS]
                found = self._wire(line["AuditID"] for line in lines)
                yield [
                    ChainEntry(line["Sequence"], line["AuditID"], found.get(line["AuditID"]))
                    for line in lines
                ]
            start = page.next_key
            if start is None:
                return

    def _wire(self, ids: Iterable[str]) -> dict[str, WireItem]:
        keys = [{"AuditID": one} for one in ids]
        found = batch_get_wire(self._client, self._table, keys)
        return {item["AuditID"]["S"]: item for item in found}

    def _query(self, question: OfActor | OfTransaction | OfScope) -> Query:
        match question:
            case OfActor(actor, period):
                return self._in_time(ACTOR_INDEX, "ActorId", actor, period)
            case OfTransaction(one):
                return self._by_sequence(TRANSACTION_INDEX, "RunId", one)
            case OfScope(scope):
                return self._by_sequence(SCOPE_INDEX, "Scope", scope)

    def _by_sequence(self, index: str, attribute: str, value: str) -> Query:
        return Query(
            self._table,
            "#what = :what",
            {":what": value},
            {"#what": attribute},
            index=index,
            forward=False,
            attributes=_WANTED,
        )

    def _in_time(self, index: str, attribute: str, value: str, period: Period) -> Query:
        first, last = period.bounds()
        return Query(
            self._table,
            f"#what = :what AND {_BETWEEN}",
            {":what": value, ":first": first, ":last": last},
            {"#what": attribute, **_TIME},
            index=index,
            forward=False,
            attributes=_WANTED,
        )

    def _of_period(
        self, question: OfPeriod, filters: Filters, limit: int, position: Any
    ) -> tuple[list[RecordSummary], Any]:
        """Look at one day; the position is the day and where in it to go on."""
        first, last = iso_ms(question.since), iso_ms(question.until)
        day, start = position or (last[:10], None)
        wanted = self._in_time(DATE_INDEX, "Date", day, Period(question.since, question.until))
        answer = query(self._client, _with_filters(wanted, filters, limit), start)
        after: tuple[str, WireItem | None] | None = None
        if answer.next_key is not None:
            after = (day, answer.next_key)
        elif day > first[:10]:
            after = ((date.fromisoformat(day) - timedelta(days=1)).isoformat(), None)
        return _by_moment(map(summary_of_item, answer.items)), after

    def _of_entities(
        self, question: OfEntity, filters: Filters, limit: int, position: Any
    ) -> tuple[list[RecordSummary], Any]:
        """Merge the items' histories; the position is, for each item with more to come, where to go on."""
        starts: dict[str, Any] = (
            {str(one): None for one in question.entities} if position is None else position
        )
        histories = []
        for entity, start in starts.items():
            wanted = self._in_time(ENTITY_INDEX, "EntityId", entity, question.period)
            answer = query(self._client, _with_filters(wanted, filters, limit), start)
            histories.append(
                _History(entity, start, [*map(summary_of_item, answer.items)], answer.next_key)
            )
        return _merge(histories, limit)


class _History(NamedTuple):
    """A page of one item's records, as the index has them, newest first."""

    entity: str
    start: WireItem | None
    records: list[RecordSummary]
    next_key: WireItem | None


def _merge(histories: Sequence[_History], limit: int) -> tuple[list[RecordSummary], Any]:
    """Return the newest records of all, as far down as nothing is unseen, and where each history goes on.

    The sort is stable, so that what is taken of a history is its beginning, also where moments are equal.
    """
    # Below this moment some history may hold records that were not read yet.
    seen_until = max(
        (one.next_key["ISOTimestamp"]["S"] for one in histories if one.next_key), default=""
    )
    taken = sorted(
        (r for one in histories for r in one.records if r.iso_timestamp >= seen_until),
        key=lambda record: record.iso_timestamp,
        reverse=True,
    )[:limit]
    ids = {record.audit_id for record in taken}
    position: dict[str, WireItem | None] = {}
    for history in histories:
        mine = [record for record in history.records if record.audit_id in ids]
        if len(mine) < len(history.records):
            position[history.entity] = _key_of(mine[-1], history) if mine else history.start
        elif history.next_key is not None:
            position[history.entity] = history.next_key
    return _by_moment(taken), position or None


def _key_of(record: RecordSummary, history: _History) -> WireItem:
    return {
        "AuditID": {"S": record.audit_id},
        "EntityId": {"S": history.entity},
        "ISOTimestamp": {"S": record.iso_timestamp},
    }


def _by_moment(records: Iterable[RecordSummary]) -> list[RecordSummary]:
    """Return lines newest first; those of one moment, which an index holds in no order, by sequence."""
    return sorted(records, key=lambda one: (one.iso_timestamp, one.sequence), reverse=True)


def _with_filters(wanted: Query, filters: Filters, limit: int) -> Query:
    terms, names, values = [], dict(wanted.names), dict(wanted.values)
    for attribute, allowed in (("ChangeType", filters.change_types), ("Cause", filters.causes)):
        if not allowed:
            continue
        places = {f":{attribute}{n}": one for n, one in enumerate(sorted(allowed))}
        names[f"#{attribute}"] = attribute
        values.update(places)
        terms.append(f"#{attribute} IN ({', '.join(places)})")
    return replace(wanted, names=names, values=values, filter=" AND ".join(terms), page_size=limit)
