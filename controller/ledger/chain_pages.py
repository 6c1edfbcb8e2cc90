"""A scope's records in the order of their chain: those in segments, then those in the table, while records are moved from there to here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.aws.items import Item, WireItem, canonical_wire
from controller.aws.tables import BATCH_GET_KEYS, Query, batch_get_wire, query_pages
from controller.errors import DamagedState
from controller.ledger.archived.archive import Archive, ArchivedTo
from controller.ledger.archived.segments import Segment, contents_of, missing
from controller.ledger.chain import LATER, ChainEntry, Finding, FindingKind
from controller.ledger.ledger_table import SCOPE_INDEX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CHAIN_PAGE: Final = 1000
Tell = Callable[[Finding], None]
"""Takes what is wrong with a segment."""


class _TablePage(NamedTuple):
    """Records of the table above a sequence. ``is_whole``: none is missing between it and the last of them."""

    entries: list[ChainEntry]
    is_whole: bool
    last: int


@dataclass(frozen=True, slots=True)
class ChainPages:
    """Reads the chains of one audit table (physical name), and of the archive beside it.

    With ``tell`` what is wrong with segments is told, and reading goes on without them; else it is raised.
    """

    client: "DynamoDBClient"
    table: str
    archive: Archive
    tell: Tell | None = None

    def pages(self, scope: str, after: int = 0, table: str = "") -> Iterator[Sequence[ChainEntry]]:
        """Yield a scope's records above a sequence, in order, as on the wire. Raises DamagedState for a segment, and as any read.

        With ``table`` (its physical name) only records of its items. Of two records with one sequence that are not the same
        both are in it.
        """
        of_table = f"{table}/" if table else ""
        while True:
            archived = self._archived_to(scope)
            if archived is not None and after < archived.sequence:
                for page in self._archived(scope, after, archived):
                    yield [entry for entry in page if _entity(entry).startswith(of_table)]
                after = archived.sequence
            for found in self._of_table(scope, after, of_table=of_table):
                if not found.is_whole and self._has_moved(scope, after):
                    break
                yield found.entries
                after = max(after, found.last)
            else:
                return

    def _archived_to(self, scope: str) -> ArchivedTo | None:
        return self.archive.reached().get(scope)

    def _has_moved(self, scope: str, after: int) -> bool:
        """Tell whether what is missing in the table was moved since it was asked how far segments go."""
        archived = self._archived_to(scope)
        return archived is not None and archived.sequence > after

    def _archived(self, scope: str, after: int, archived: ArchivedTo) -> Iterator[list[ChainEntry]]:
        """Yield the records of each segment, and what the table has there that is not the same."""
        to = archived.sequence
        while after < to:
            segment = next((s for s in self.archive.present(scope) if s.last > after), None)
            until = min(segment.first - 1, to) if segment else to
            if after < until:
                what = f"{self.archive.store.name}/ledger/{scope}: #{after + 1:,} to #{until:,}"
                self._wrong(scope, after + 1, until, missing(what))
                yield [
                    entry for page in self._of_table(scope, after, until) for entry in page.entries
                ]
                after = until
            if segment is not None and after < to:
                yield self._of_segment(self.archive, segment, after, archived)
                after = segment.last

    def _of_segment(
        self, archive: Archive, segment: Segment, after: int, archived: ArchivedTo
    ) -> list[ChainEntry]:
        held: list[ChainEntry] = []
        try:
            held = archive.entries(segment)
            if self.tell is not None:
                self._check(archive, segment, held, archived)
        except DamagedState as error:
            self._wrong(segment.scope, segment.first, segment.last, error)
        by_sequence = {entry.sequence: entry.record for entry in held}
        # A run that was ended in the middle has left some in the table, too.
        left = [
            entry
            for page in self._of_table(segment.scope, segment.first - 1, segment.last)
            for entry in page.entries
            if entry.record is not None
            and _content(by_sequence.get(entry.sequence)) != _content(entry.record)
        ]
        return [entry for entry in (*held, *left) if entry.sequence > after]

    def _check(
        self,
        archive: Archive,
        segment: Segment,
        held: Sequence[ChainEntry],
        archived: ArchivedTo,
    ) -> None:
        """Compare a segment with what is said of it beside it, and with the row. Raises DamagedState."""
        place = archive.place(segment)
        contents = archive.contents(segment)
        records = [entry.record for entry in held if entry.record is not None]
        try:
            found = contents_of(contents.installation, records, archive.stored(segment.key))
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedState(f"ledger: {place} holds what is no record", fix=_FIX) from error
        if found != contents:
            raise DamagedState(
                f"ledger: {place} is not what {segment.contents_key.rpartition('/')[2]} beside it says",
                fix=_FIX,
            )
        if segment.last == archived.sequence and contents.last_hash != archived.hash:
            raise DamagedState(
                f"ledger: {place} ends with another record than row archives of EnvctlState says",
                fix=_FIX,
            )

    def _wrong(self, scope: str, first: int, last: int, error: DamagedState) -> None:
        if self.tell is None:
            raise error
        what = error.message.removeprefix("ledger: ")
        self.tell(Finding(first, last, FindingKind.SEGMENT, scope, what, error.fix))

    def _of_table(
        self, scope: str, after: int, until: int | None = None, of_table: str = ""
    ) -> Iterator[_TablePage]:
        bounds = " BETWEEN :first AND :last" if until is not None else " >= :first"
        wanted = Query(
            self.table,
            f"#scope = :scope AND #sequence{bounds}",
            {":scope": scope, ":first": after + 1}
            | ({":last": until} if until is not None else {}),
            {"#scope": "Scope", "#sequence": "Sequence"},
            index=SCOPE_INDEX,
            page_size=_CHAIN_PAGE,
            attributes=("AuditID", "Sequence", *(("EntityId",) if of_table else ())),
        )
        for items in query_pages(self.client, wanted):
            # One batch at a time: what is checked while it is in the processor's cache is checked twice as fast.
            for first in range(0, len(items), BATCH_GET_KEYS):
                found = self._read(items[first : first + BATCH_GET_KEYS], after, of_table)
                yield found
                after = found.last

    def _read(self, lines: Sequence[Item], after: int, of_table: str) -> _TablePage:
        mine = [line for line in lines if str(line.get("EntityId", "")).startswith(of_table)]
        keys = [{"AuditID": line["AuditID"]} for line in mine]
        read = batch_get_wire(self.client, self.table, keys)
        found = {item["AuditID"]["S"]: item for item in read}
        entries = [
            ChainEntry(line["Sequence"], line["AuditID"], found.get(line["AuditID"]))
            for line in mine
        ]
        # Sequences that others write may be anything.
        last = int(lines[-1]["Sequence"])
        return _TablePage(entries, last == after + len(lines) and len(found) == len(mine), last)


_FIX: Final = "find who wrote it (CloudTrail: PutObject, UpdateItem); what the object was is in the bucket's older versions"


def _entity(entry: ChainEntry) -> str:
    found = (entry.record or {}).get("EntityId", {}).get("S", "")
    return found if isinstance(found, str) else ""


def _content(record: WireItem | None) -> bytes:
    """Return what was hashed of a record, and its hash; nothing of what is no record."""
    kept = {name: value for name, value in (record or {}).items() if name not in LATER}
    try:
        return canonical_wire(kept)
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return b""
