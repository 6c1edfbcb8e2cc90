"""What can be asked of the ledger, and the answers: newest first, one query a page, one more read where full records are wanted."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from controller.aws.items import WireItem, from_wire
from controller.aws.tables import BATCH_GET_KEYS, Query, batch_get_wire, query, query_pages
from controller.errors import WrongUsage
from controller.ledger.chain import ChainEntry, Finding, stray_of
from controller.ledger.large_images import BlobStore
from controller.ledger.ledger_table import (
    ACTOR_INDEX,
    DATE_INDEX,
    ENTITY_INDEX,
    SCOPE_INDEX,
    SUMMARY,
    TRANSACTION_INDEX,
)
from controller.ledger.records import EntityKey, iso_ms, readable_record
from controller.ledger.summaries import (
    OF_CHAIN_LINE,
    ChainLine,
    RecordSummary,
    chain_line_of_item,
    newest_first,
    summary_of_item,
)
from controller.model.ledger_record import LedgerRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to ``until``, both aware and included; None for no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def bounds(self) -> tuple[str, str]:
        """Return both as records spell moments; without a bound, something below or above all of them."""
        first = iso_ms(self.since) if self.since else "0"
        return first, iso_ms(self.until) if self.until else "9999"


EVER = Period()


@dataclass(frozen=True, slots=True)
class OfEntity:
    """The changes of the items of one object, or of a single item."""

    entities: tuple[EntityKey, ...]
    period: Period = EVER


@dataclass(frozen=True, slots=True)
class OfActor:
    """What somebody changed, by the name in ``Audit.User``."""

    actor: str
    period: Period = EVER


@dataclass(frozen=True, slots=True)
class OfTransaction:
    """What one transaction id stands for: one run of an apply."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class OfScope:
    """Everything of one scope."""

    scope: str


@dataclass(frozen=True, slots=True)
class OfPeriod:
    """Everything between two moments, other programs' records too. Both aware; each UTC day is a page at least."""

    since: datetime
    until: datetime


Question = OfEntity | OfActor | OfTransaction | OfScope | OfPeriod


def token_of(question: Question, position: Any) -> str:
    """Return an opaque text for a position (plain JSON), good for the same question alone."""
    return urlsafe_b64encode(orjson.dumps([_fingerprint(question), position])).decode().rstrip("=")


def position_of(question: Question, token: str) -> Any:
    """Read back the position. Raises WrongUsage for a token that is none, or that belongs to another question."""
    try:
        fingerprint, position = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError):
        fingerprint = position = None
    if fingerprint != _fingerprint(question):
        raise WrongUsage(
            "the page token does not belong to this question",
            fix="repeat the question without it, then follow the tokens of its own answers",
        )
    return position


def _fingerprint(question: Question) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]


_WANTED = ("AuditID", *SUMMARY)
_CHAIN_PAGE = 1000
_HISTORY_PAGE = 10
MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an answer. It may be empty with more to come; ``next_token`` None says that nothing does."""

    records: tuple[RecordSummary, ...]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class LedgerReader:
    """Asks one audit table (physical name). Indexes follow the table within seconds; full records are strongly consistent."""

    client: "DynamoDBClient"
    table: str
    blobs: BlobStore | None = None
    """Where large images are kept, if anywhere."""

    def page(self, question: Question, *, limit: int = 50, token: str | None = None) -> Page:
        """Return one page: at most ``limit`` records of those a single query looks at (of an object with several items, one query each).

        Raises WrongUsage for a limit or token that cannot be, and as any read.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise WrongUsage(
                f"a page holds 1 to {MAX_LIMIT} records, not {limit}", fix="choose another limit"
            )
        position = None if token is None else position_of(question, token)
        records: Iterable[RecordSummary]
        match question:
            case OfEntity():
                records, after = self._of_entities(question, limit, position)
            case OfPeriod():
                records, after = self._of_period(question, limit, position)
            case OfActor(actor, period):
                records, after = self._lines(ACTOR_INDEX, "ActorId", actor, limit, position, period)
            case OfTransaction(transaction_id):
                records, after = self._lines(
                    TRANSACTION_INDEX, "RunId", transaction_id, limit, position
                )
            case OfScope(scope):
                records, after = self._lines(SCOPE_INDEX, "Scope", scope, limit, position)
        return Page(tuple(records), None if after is None else token_of(question, after))

    def all(self, question: Question, *, page_size: int = 200) -> Iterator[RecordSummary]:
        """Yield the whole answer, a page at a time as it is asked for. Raises as ``page``."""
        token: str | None = None
        while True:
            page = self.page(question, limit=page_size, token=token)
            yield from page.records
            token = page.next_token
            if token is None:
                return

    def records(self, ids: Iterable[str]) -> Iterator[LedgerRecord]:
        """Yield the full records with these audit ids, in the order asked; those that are none of ours are left out.

        All are held in memory at once. Raises DamagedState for one that cannot be read, and as any read.
        """
        wanted = list(dict.fromkeys(ids))
        found = self._wire(wanted)
        for audit_id in wanted:
            item = found.get(audit_id)
            if item is None or not {"Hash", "Scope", "Sequence"} <= item.keys():
                continue
            yield readable_record(item, self.blobs)

    def find(self, text: str, *, limit: int = 100) -> tuple[LedgerRecord, ...]:
        """Return the record with this audit id, else the first ``limit`` records of the transaction of this id; empty if neither is."""
        found = tuple(self.records([text]))
        if found:
            return found
        page = self.page(OfTransaction(text), limit=limit)
        return tuple(self.records(record.audit_id for record in reversed(page.records)))

    def stray(self, audit_id: str) -> Finding | None:
        """Return what keeps the item of this id out of every chain; None if there is none, or it stands in one. Raises as any read."""
        item = self._wire([audit_id]).get(audit_id)
        return None if item is None else stray_of(from_wire(item))

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterator[LedgerRecord]:
        """Yield the records of one item of a (physical) table, newest first. Raises as any read."""
        entity, start = str(EntityKey(table, hash_key, range_key)), None
        while True:
            lines, start = self._lines(ENTITY_INDEX, "EntityId", entity, _HISTORY_PAGE, start)
            yield from self.records(record.audit_id for record in newest_first(lines))
            if start is None:
                return

    def beginning(self, scope: str) -> RecordSummary | None:
        """Return the line of a scope's first record, None if there is none. Raises as any read."""
        names, values = {"#what": "Scope"}, {":what": scope}
        wanted = Query(
            self.table,
            "#what = :what",
            values,
            names,
            index=SCOPE_INDEX,
            page_size=1,
            attributes=_WANTED,
        )
        return next(map(summary_of_item, query(self.client, wanted).items), None)

    def after(self, scope: str, sequence: int) -> Iterator[RecordSummary]:
        """Yield the lines of a scope's records above a sequence, in order: a page at a time as they are asked for. Raises as any read."""
        wanted = Query(
            self.table,
            "#scope = :scope AND #sequence > :after",
            {":scope": scope, ":after": sequence},
            {"#scope": "Scope", "#sequence": "Sequence"},
            index=SCOPE_INDEX,
            page_size=_CHAIN_PAGE,
            attributes=_WANTED,
        )
        for items in query_pages(self.client, wanted):
            yield from map(summary_of_item, items)

    def later(self, scope: str, than: datetime | None) -> Iterator[ChainLine]:
        """Yield what changed what in a scope after a moment, all for None, newest first: one query for each thousand.

        Raises as any read.
        """
        moment = iso_ms(than) if than else ""
        names, values = {"#scope": "Scope"}, {":scope": scope}
        wanted = Query(
            self.table,
            "#scope = :scope",
            values,
            names,
            index=SCOPE_INDEX,
            forward=False,
            page_size=MAX_LIMIT,
            attributes=OF_CHAIN_LINE,
        )
        for items in query_pages(self.client, wanted):
            for line in map(chain_line_of_item, items):
                # Within a scope the order of time is that of sequences.
                if line.iso_timestamp <= moment:
                    return
                yield line

    def pages(self, scope: str, after: int = 0, table: str = "") -> Iterator[Sequence[ChainEntry]]:
        """Yield a scope's records above a sequence, in order, as on the wire: what verification reads. Raises as any read.

        With ``table`` (its physical name) only records of its items.
        """
        wanted = Query(
            self.table,
            "#scope = :scope AND #sequence > :after",
            {":scope": scope, ":after": after},
            {"#scope": "Scope", "#sequence": "Sequence"},
            index=SCOPE_INDEX,
            page_size=_CHAIN_PAGE,
            attributes=("AuditID", "Sequence", *(("EntityId",) if table else ())),
        )
        of_table = f"{table}/" if table else ""
        for items in query_pages(self.client, wanted):
            # One batch at a time: what is checked while it is in the processor's cache is checked twice as fast.
            wanted_lines = [
                line for line in items if str(line.get("EntityId", "")).startswith(of_table)
            ]
            for first in range(0, len(wanted_lines), BATCH_GET_KEYS):
                lines = wanted_lines[first : first + BATCH_GET_KEYS]
                found = self._wire(line["AuditID"] for line in lines)
                yield [
                    ChainEntry(line["Sequence"], line["AuditID"], found.get(line["AuditID"]))
                    for line in lines
                ]

    def _wire(self, ids: Iterable[str]) -> dict[str, WireItem]:
        keys = [{"AuditID": audit_id} for audit_id in ids]
        found = batch_get_wire(self.client, self.table, keys)
        return {item["AuditID"]["S"]: item for item in found}

    def _lines(
        self,
        index: str,
        attribute: str,
        value: str,
        limit: int,
        start: WireItem | None,
        period: Period | None = None,
    ) -> tuple[list[RecordSummary], WireItem | None]:
        """Return a page of an index's lines with this value, newest first, of a period where its order is time; and where to go on."""
        condition, values, names = "#what = :what", {":what": value}, {"#what": attribute}
        if period is not None:
            condition += " AND #time BETWEEN :first AND :last"
            values[":first"], values[":last"] = period.bounds()
            names["#time"] = "ISOTimestamp"
        wanted = Query(
            self.table,
            condition,
            values,
            names,
            index=index,
            forward=False,
            page_size=limit,
            attributes=_WANTED,
        )
        answer = query(self.client, wanted, start)
        return list(map(summary_of_item, answer.items)), answer.next_key

    def _of_period(
        self, question: OfPeriod, limit: int, position: Any
    ) -> tuple[list[RecordSummary], Any]:
        """Look at one day; the position is the day and where in it to go on."""
        period = Period(question.since, question.until)
        first, last = period.bounds()
        day, start = position or (last[:10], None)
        lines, next_key = self._lines(DATE_INDEX, "Date", day, limit, start, period)
        after: tuple[str, WireItem | None] | None = None
        if next_key is not None:
            after = (day, next_key)
        elif day > first[:10]:
            after = ((date.fromisoformat(day) - timedelta(days=1)).isoformat(), None)
        return newest_first(lines), after

    def _of_entities(
        self, question: OfEntity, limit: int, position: Any
    ) -> tuple[list[RecordSummary], Any]:
        """Merge the items' histories; the position is, for each item with more to come, where to go on."""
        starts: dict[str, Any] = position or dict.fromkeys(map(str, question.entities))
        histories = []
        for entity, start in starts.items():
            lines = self._lines(ENTITY_INDEX, "EntityId", entity, limit, start, question.period)
            histories.append(_History(entity, start, *lines))
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
        (history.next_key["ISOTimestamp"]["S"] for history in histories if history.next_key),
        default="",
    )
    taken = sorted(
        (
            record
            for history in histories
            for record in history.records
            if record.iso_timestamp >= seen_until
        ),
        key=attrgetter("iso_timestamp"),
        reverse=True,
    )[:limit]
    ids = {record.audit_id for record in taken}
    position: dict[str, WireItem | None] = {}
    for history in histories:
        mine = [record for record in history.records if record.audit_id in ids]
        if len(mine) < len(history.records):
            position[history.entity] = history.start
            if mine:
                position[history.entity] = {
                    "AuditID": {"S": mine[-1].audit_id},
                    "EntityId": {"S": history.entity},
                    "ISOTimestamp": {"S": mine[-1].iso_timestamp},
                }
        elif history.next_key is not None:
            position[history.entity] = history.next_key
    return newest_first(taken), position or None
