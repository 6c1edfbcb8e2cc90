"""What segments answer of a question: which of them may hold what was asked, read newest first and no more than a page takes."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from controller.aws.items import WireItem, from_wire
from controller.ledger.archived.archive import Archive
from controller.ledger.archived.segments import Contents, Segment
from controller.ledger.questions import OfActor, OfEntity, OfTransaction, Period
from controller.ledger.records import EntityKey, who_changed
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.ledger.summaries import (
    OF_CHAIN_LINE,
    ChainLine,
    RecordSummary,
    chain_line_of_item,
    newest_first,
)
from controller.model.observed import CONFIG_SCOPE

MOST_MONTHS: Final = 12
"""So many months without anything that was asked for are passed over in one page."""
_FIRST_DAY, _LAST_DAY = "-01", "-31"


class Search(NamedTuple):
    """What is looked for: in which scopes, in which segments by what is said of them (None: in all), and which lines."""

    scopes: Callable[[str], bool]
    holds: Callable[[Contents], bool] | None
    wants: Callable[[RecordSummary], bool]
    period: Period = Period()


def search_of(question: OfEntity | OfActor | OfTransaction) -> Search:
    """Return what a question looks for."""
    match question:
        case OfEntity(entities, period):
            texts = frozenset(map(str, entities))
            return Search(
                lambda scope: any(_may_be_in(scope, entity) for entity in entities),
                lambda contents: not texts.isdisjoint(contents.entities),
                lambda line: str(line.entity) in texts,
                period,
            )
        case OfActor(actor, period):
            return Search(
                _anywhere,
                lambda contents: actor in contents.actors,
                lambda line: who_changed(line.actor, line.changed_by) == actor,
                period,
            )
        case OfTransaction(transaction):
            return Search(
                _anywhere,
                lambda contents: transaction in contents.transactions,
                lambda line: line.transaction_id == transaction,
            )


def archived_page(
    archive: Archive, question: OfEntity | OfActor | OfTransaction, limit: int, position: Any
) -> tuple[list[RecordSummary], Any]:
    """Return a page of what segments hold of a question, newest first; the position is a month, and how many lines of it were told.

    Reads what is said of the segments of one month, and those that hold something; where that is nothing, of up to twelve months.
    """
    search = search_of(question)
    months = months_of(archive, search)
    month, told = position or (None, 0)
    looked = 0
    for at, here in enumerate(months):
        if month is not None and here > month:
            continue
        found = lines_of(archive, search, here + _FIRST_DAY, here + _LAST_DAY)
        skipped = told if here == month else 0
        looked += 1
        rest = [here, skipped + limit] if len(found) > skipped + limit else None
        older = [months[at + 1], 0] if at + 1 < len(months) else None
        if found[skipped:] or looked == MOST_MONTHS:
            return found[skipped : skipped + limit], rest or older
    return [], None


def months_of(archive: Archive, search: Search) -> list[str]:
    """Return the months (``2026-08``) in which segments may hold what is looked for, the newest first."""
    first, last = (bound[:7] for bound in search.period.bounds())
    months: set[str] = set()
    for scope in filter(search.scopes, archive.reached()):
        for segment in archive.segments(scope):
            month, until = segment.since[:7], segment.until[:7]
            while month <= until:
                months.add(month)
                month = _next_month(month)
    return sorted((month for month in months if first <= month <= last), reverse=True)


def lines_of(archive: Archive, search: Search, since: str, until: str) -> list[RecordSummary]:
    """Return the lines looked for of some days, both included, newest first. Reads no segment that cannot hold one."""
    first, last = search.period.bounds()
    found: list[RecordSummary] = []
    for scope in filter(search.scopes, archive.reached()):
        for segment in archive.segments(scope):
            if segment.since > until or segment.until < since:
                continue
            if search.holds is not None and not search.holds(archive.contents(segment)):
                continue
            found += (
                line
                for line in archive.lines(segment)
                if since <= line.iso_timestamp[:10] <= until
                and first <= line.iso_timestamp <= last
                and search.wants(line)
            )
    return newest_first(found)


def of_days(period: Period) -> Search:
    """Return what looks for everything of a period."""
    return Search(_anywhere, None, lambda _line: True, period)


def lines_of_item(archive: Archive, entity: EntityKey) -> Iterator[RecordSummary]:
    """Yield the lines of one item, newest first, a month at a time as they are asked for."""
    search = search_of(OfEntity((entity,)))
    for month in months_of(archive, search):
        yield from lines_of(archive, search, month + _FIRST_DAY, month + _LAST_DAY)


def newest_of_item(archive: Archive, entity: EntityKey) -> str:
    """Return a moment after which no segment holds a record of an item; empty if none does."""
    reached = archive.reached().items()
    return max((to.at for scope, to in reached if _may_be_in(scope, entity)), default="")


def lines_below(archive: Archive, scope: str, below: int) -> Iterator[RecordSummary]:
    """Yield the lines of a scope under a sequence, newest first, a segment at a time as they are asked for."""
    for segment in reversed(archive.segments(scope) if scope in archive.reached() else ()):
        if segment.first < below:
            yield from (line for line in reversed(archive.lines(segment)) if line.sequence < below)


def chain_lines(archive: Archive, scope: str) -> Iterator[ChainLine]:
    """Yield the little that tells the records of a scope apart, newest first; of a segment no more is parsed than is asked for."""
    for segment in reversed(archive.segments(scope) if scope in archive.reached() else ()):
        for entry in archive.some(segment, range(segment.last, segment.first - 1, -1)):
            record = entry.record or {}
            told: WireItem = {name: record[name] for name in OF_CHAIN_LINE if name in record}
            yield chain_line_of_item(from_wire(told), scope)


def find_id(archive: Archive, audit_id: str) -> Iterator[RecordSummary]:
    """Yield the lines with an audit id: one at most, unless somebody wrote it twice. Reads what is said of each segment until it is found."""
    search = Search(
        _anywhere,
        lambda contents: contents.may_have_id(audit_id),
        lambda line: line.audit_id == audit_id,
    )
    for month in months_of(archive, search):
        found = lines_of(archive, search, month + _FIRST_DAY, month + _LAST_DAY)
        yield from found
        if found:
            return


def segments_with(
    archive: Archive, scope: str, sequences: Iterable[int]
) -> dict[Segment, frozenset[int]]:
    """Return which segments hold records of a scope, and which of those asked for."""
    wanted = sorted(set(sequences))
    found: dict[Segment, frozenset[int]] = {}
    for segment in archive.segments(scope) if wanted and scope in archive.reached() else ():
        mine = frozenset(one for one in wanted if segment.first <= one <= segment.last)
        if mine:
            found[segment] = mine
    return found


def _anywhere(_scope: str) -> bool:
    return True


def _may_be_in(scope: str, entity: EntityKey) -> bool:
    """Tell whether a scope's chain may tell of an item: config of all, a table's stream of its items, an account of its objects."""
    if scope.startswith(STREAM_PREFIX):
        return entity.table.endswith(scope.removeprefix(STREAM_PREFIX))
    return scope == CONFIG_SCOPE or entity.hash_key.startswith(f"{scope}/")


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"
