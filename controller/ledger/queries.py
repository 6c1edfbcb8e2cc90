"""What can be asked of the ledger, and the answers: newest first, one query a page, one more read where full records are wanted.

Old records that were moved are answered from where they are, after those in the table: where these end one row is read, ten seconds
old at most, which says whether there are any.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from controller.aws.items import WireItem, from_wire
from controller.aws.tables import Query, batch_get_wire, query
from controller.errors import WrongUsage
from controller.ledger.archived.archive import NOTHING_ARCHIVED, Archive
from controller.ledger.archived.lines import (
    archived_page,
    find_id,
    lines_below,
    lines_of,
    lines_of_item,
    newest_of_item,
    of_days,
    segments_with,
)
from controller.ledger.chain import ChainEntry, Finding, stray_of
from controller.ledger.chain_pages import ChainPages, Tell
from controller.ledger.large_images import BlobStore
from controller.ledger.ledger_table import (
    ACTOR_INDEX,
    DATE_INDEX,
    ENTITY_INDEX,
    SCOPE_INDEX,
    TRANSACTION_INDEX,
)
from controller.ledger.older_records import OlderRecords
from controller.ledger.questions import (
    EVER,
    MAX_LIMIT,
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Period,
    Question,
    no_position,
    position_of,
    token_of,
)
from controller.ledger.records import MOST_RECORDS, EntityKey, readable_record
from controller.ledger.scope_lines import LINE, ScopeLines
from controller.ledger.summaries import (
    BY_MOMENT,
    ChainLine,
    RecordSummary,
    newest_first,
    summary_of_item,
)
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TABLE: Final = "table"
_ARCHIVE: Final = "archive"
_OLDER: Final = "older"
_HISTORY_PAGE = 10
_Found = tuple[Iterable[RecordSummary], Any]


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
    archive: Archive = NOTHING_ARCHIVED
    """What was moved out of the table."""
    older: OlderRecords | None = None
    """What the old product left in it, where that is to be found by object."""

    def page(self, question: Question, *, limit: int = 50, token: str | None = None) -> Page:
        """Return one page: at most ``limit`` records of those a single query looks at (of an object with several items, one query each).

        Raises WrongUsage for a limit or token that cannot be, and as any read.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise WrongUsage(
                f"a page holds 1 to {MAX_LIMIT} records, not {limit}", fix="choose another limit"
            )
        position = None if token is None else position_of(question, token)
        records, after = self._page(question, limit, position)
        return Page(tuple(records), None if after is None else token_of(question, after))

    def _page(self, question: Question, limit: int, position: Any) -> _Found:
        if isinstance(position, list) and position[:1] == [_OLDER]:
            return self._before_ours(question, limit, position[-1])
        if isinstance(question, OfPeriod):
            lines, after = self._of_period(question, limit, position)
            return lines, self._then(question) if after is None else after
        try:
            where, place = position or (_TABLE, None)
        except ValueError as error:
            # A token of a version that knew of no segments.
            raise no_position() from error
        if where == _TABLE:
            records, after = self._of_table(question, limit, place)
            if after is not None:
                return records, (_TABLE, after)
            return records, (_ARCHIVE, None) if self.archive.reached() else self._then(question)
        if isinstance(question, OfScope):
            below = MOST_RECORDS if place is None else place
            records = list(islice(lines_below(self.archive, question.scope, below), limit))
            after = records[-1].sequence if len(records) == limit else None
        else:
            records, after = archived_page(self.archive, question, limit, place)
        return self._moved(records), self._then(question) if after is None else (_ARCHIVE, after)

    def _then(self, question: Question) -> Any:
        """Return where an answer goes on after our records: nowhere, or among the old product's."""
        asked = question.older if isinstance(question, OfPeriod) else question
        return (_OLDER, 0) if asked and self.older and self.older.may_have(asked) else None

    def _before_ours(self, question: Question, limit: int, place: Any) -> _Found:
        asked = question.older if isinstance(question, OfPeriod) else question
        if self.older is None or not isinstance(asked, OfEntity):
            raise no_position()
        found = self.older.before(self.lines.beginning(CONFIG_SCOPE), asked)
        after = (place or 0) + limit
        return found[after - limit : after], (_OLDER, after) if after < len(found) else None

    def _moved(self, lines: Sequence[RecordSummary]) -> list[RecordSummary]:
        """Return those of the lines of segments that are in the table no more: the others were answered from there."""
        keys = [{"AuditID": line.audit_id} for line in lines]
        left = batch_get_wire(self.client, self.table, keys, attributes=("AuditID",))
        in_table = {item["AuditID"]["S"] for item in left}
        return [line for line in lines if line.audit_id not in in_table]

    def _of_table(
        self, question: OfEntity | OfActor | OfTransaction | OfScope, limit: int, position: Any
    ) -> _Found:
        match question:
            case OfEntity():
                return self._of_entities(question, limit, position)
            case OfActor(actor, period):
                return self._lines(ACTOR_INDEX, "ActorId", actor, limit, position, period)
            case OfTransaction(transaction_id):
                return self._lines(TRANSACTION_INDEX, "RunId", transaction_id, limit, position)
            case OfScope(scope):
                return self._lines(SCOPE_INDEX, "Scope", scope, limit, position)

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
        """Yield the full records with these audit ids that are in the table, in the order asked; those that are none of ours are left out.

        All are held in memory at once. Raises DamagedState for one that cannot be read, and as any read.
        """
        wanted = list(dict.fromkeys(ids))
        found = self._wire(wanted)
        yield from self._readable(found.get(audit_id) for audit_id in wanted)

    def whole(self, lines: Iterable[RecordSummary | ChainLine]) -> Iterator[LedgerRecord]:
        """Yield the full records of lines, in their order, wherever they are. Otherwise as ``records``."""
        wanted = {line.audit_id: line for line in lines}
        found = self._wire(wanted)
        elsewhere: dict[str, set[int]] = {}
        for line in wanted.values():
            if line.audit_id not in found and line.scope and line.sequence:
                elsewhere.setdefault(line.scope, set()).add(line.sequence)
        for scope, sequences in elsewhere.items():
            found |= self._archived_wire(scope, sequences)
        yield from self._readable(found.get(audit_id) for audit_id in wanted)

    def _archived_wire(self, scope: str, sequences: AbstractSet[int]) -> dict[str, WireItem]:
        return {
            entry.audit_id: entry.record
            for segment, mine in segments_with(self.archive, scope, sequences).items()
            for entry in self.archive.some(segment, sorted(mine))
            if entry.record is not None
        }

    def _readable(self, items: Iterable[WireItem | None]) -> Iterator[LedgerRecord]:
        for item in items:
            if item is not None and {"Hash", "Scope", "Sequence"} <= item.keys():
                yield readable_record(item, self.blobs)

    def find(self, text: str, *, limit: int = 100) -> tuple[LedgerRecord, ...]:
        """Return the record with this audit id, else the first ``limit`` records of the transaction of this id; empty if neither is."""
        found = tuple(self._readable(self._wire([text]).values()))
        if found:
            return found
        page = self.page(OfTransaction(text), limit=limit)
        while not page.records and page.next_token is not None:
            page = self.page(OfTransaction(text), limit=limit, token=page.next_token)
        return tuple(self.whole(reversed(page.records))) or self.find_archived(text)

    def find_archived(self, audit_id: str) -> tuple[LedgerRecord, ...]:
        """Return the record with this audit id, if it was moved; empty if it was not. Raises as any read."""
        return tuple(self.whole(find_id(self.archive, audit_id)))

    def stray(self, audit_id: str) -> Finding | None:
        """Return what keeps the item of this id out of every chain; None if there is none, or it stands in one. Raises as any read."""
        item = self._wire([audit_id]).get(audit_id)
        return None if item is None else stray_of(from_wire(item))

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterator[LedgerRecord]:
        """Yield the records of one item of a (physical) table, newest first. Raises as any read."""
        entity = EntityKey(table, hash_key, range_key)
        pages, left = self.lines_in_table(entity), list[RecordSummary]()
        for page in pages:
            # Asked for after the page: what was moved meanwhile is there by then.
            until = newest_of_item(self.archive, entity) if self.archive.reached() else ""
            yield from self.whole(line for line in page if line.iso_timestamp > until)
            left = [line for line in page if line.iso_timestamp <= until]
            if left:
                break
        if self.archive.reached():
            # From here on the table and segments have records of the same time.
            in_table = chain(left, chain.from_iterable(pages))
            lines = _each_once(
                merge(in_table, lines_of_item(self.archive, entity), key=BY_MOMENT, reverse=True)
            )
            while part := list(islice(lines, _HISTORY_PAGE)):
                yield from self.whole(part)

    def lines_in_table(
        self, entity: EntityKey, page_size: int = _HISTORY_PAGE
    ) -> Iterator[list[RecordSummary]]:
        """Yield what the table has of one item, newest first, a page of lines at a time, one at least. Raises as any read."""
        start = None
        while True:
            lines, start = self._lines(ENTITY_INDEX, "EntityId", str(entity), page_size, start)
            yield newest_first(lines)
            if start is None:
                return

    @property
    def lines(self) -> ScopeLines:
        """What reads lines by scope, in the order of the chain."""
        return ScopeLines(self.client, self.table, self.archive)

    def pages(self, scope: str, after: int = 0, table: str = "") -> Iterator[Sequence[ChainEntry]]:
        """Yield a scope's records above a sequence, in order, as on the wire. Raises as any read.

        With ``table`` (its physical name) only records of its items.
        """
        return self.chains().pages(scope, after, table)

    def chains(self, tell: Tell | None = None) -> ChainPages:
        """Return what reads chains; ``tell`` takes what is wrong with segments, which is raised without it."""
        return ChainPages(self.client, self.table, self.archive, tell)

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
        period: Period = EVER,
    ) -> tuple[list[RecordSummary], WireItem | None]:
        """Return a page of an index's lines with this value, newest first, of a period where its order is time; and where to go on."""
        condition, values, names = "#what = :what", {":what": value}, {"#what": attribute}
        if period != EVER:
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
            attributes=LINE,
        )
        answer = query(self.client, wanted, start)
        return list(map(summary_of_item, answer.items)), answer.next_key

    def _of_period(
        self, question: OfPeriod, limit: int, position: Any
    ) -> tuple[list[RecordSummary], Any]:
        """Look at one day: its lines in the table, then those in segments; the position is the day and where in which of them to go on."""
        period = Period(question.since, question.until)
        first, last = period.bounds()
        day, start, told = position or (last[:10], None, None)
        lines: list[RecordSummary] = []
        if told is None:
            lines, next_key = self._lines(DATE_INDEX, "Date", day, limit, start, period)
            if next_key is not None:
                return newest_first(lines), (day, next_key, None)
            told = 0
        archived = lines_of(self.archive, of_days(period), day, day)
        part = archived[told : told + limit - len(lines)]
        told += len(part)
        after: tuple[str, WireItem | None, int | None] | None = None
        if told < len(archived):
            after = (day, None, told)
        elif day > first[:10]:
            after = ((date.fromisoformat(day) - timedelta(days=1)).isoformat(), None, None)
        return newest_first([*lines, *self._moved(part)]), after

    def _of_entities(
        self, question: OfEntity, limit: int, position: Any
    ) -> tuple[list[RecordSummary], Any]:
        """Merge the items' histories; the position is, for each item with more to come, where to go on."""
        starts: dict[str, Any] = position or dict.fromkeys(map(str, question.entities))
        histories = []
        for entity, start in starts.items():
            lines = self._lines(ENTITY_INDEX, "EntityId", entity, limit, start, question.period)
            histories.append(ItemHistory(entity, start, *lines))
        return merge_histories(histories, limit)


def _each_once(lines: Iterable[RecordSummary]) -> Iterator[RecordSummary]:
    seen: set[str] = set()
    for line in lines:
        if line.audit_id not in seen:
            seen.add(line.audit_id)
            yield line


class ItemHistory(NamedTuple):
    """A page of one item's records, as the index has them, newest first."""

    entity: str
    start: WireItem | None
    records: list[RecordSummary]
    next_key: WireItem | None


def merge_histories(
    histories: Sequence[ItemHistory], limit: int
) -> tuple[list[RecordSummary], Any]:
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
