"""Lines of a scope's records, in the order of its chain: what was done there, without the images."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from controller.aws.tables import Query, query_pages
from controller.ledger.archived.archive import Archive
from controller.ledger.archived.lines import chain_lines
from controller.ledger.ledger_table import SCOPE_INDEX, SUMMARY
from controller.ledger.questions import MAX_LIMIT
from controller.ledger.records import iso_ms
from controller.ledger.summaries import (
    OF_CHAIN_LINE,
    ChainLine,
    RecordSummary,
    chain_line_of_item,
    summary_of_item,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LINE: Final = ("AuditID", *SUMMARY)
"""Attributes of a record that its line is made of."""


@dataclass(frozen=True, slots=True)
class ScopeLines:
    """Reads lines of one audit table (physical name), and of the archive beside it, if there is one."""

    client: "DynamoDBClient"
    table: str
    archive: Archive | None

    def beginning(self, scope: str) -> RecordSummary | None:
        """Return the line of a scope's first record, None if there is none. Raises as any read."""
        in_table = next(self.after(scope, 0, page_size=1), None)
        if self.archive is None or scope not in self.archive.reached():
            return in_table
        return self.archive.lines(self.archive.segments(scope)[0])[0]

    def after(
        self, scope: str, sequence: int, *, page_size: int = MAX_LIMIT
    ) -> Iterator[RecordSummary]:
        """Yield the lines of a scope's records in the table above a sequence, in order: a page at a time as they are asked for.

        Raises as any read.
        """
        wanted = Query(
            self.table,
            "#scope = :scope AND #sequence > :after",
            {":scope": scope, ":after": sequence},
            {"#scope": "Scope", "#sequence": "Sequence"},
            index=SCOPE_INDEX,
            page_size=page_size,
            attributes=LINE,
        )
        for items in query_pages(self.client, wanted):
            yield from map(summary_of_item, items)

    def later(self, scope: str, than: datetime | None) -> Iterator[ChainLine]:
        """Yield what changed what in a scope after a moment, all for None, newest first: one query for each thousand.

        Raises as any read.
        """
        moment = iso_ms(than) if than else ""
        # Within a scope the order of time is that of sequences.
        yield from takewhile(lambda line: line.iso_timestamp > moment, self._of_scope(scope))

    def _of_scope(self, scope: str) -> Iterator[ChainLine]:
        """Yield the lines of a scope: of the table, then those of segments that were not in it."""
        in_table = set[str]()
        is_archived = self.archive is not None and scope in self.archive.reached()
        for lines in self._of_scope_in_table(scope):
            yield from lines
            in_table |= {line.audit_id for line in lines} if is_archived else set()
        if self.archive is not None:
            for line in chain_lines(self.archive, scope):
                if line.audit_id not in in_table:
                    yield line

    def _of_scope_in_table(self, scope: str) -> Iterator[list[ChainLine]]:
        wanted = Query(
            self.table,
            "#scope = :scope",
            {":scope": scope},
            {"#scope": "Scope"},
            index=SCOPE_INDEX,
            forward=False,
            page_size=MAX_LIMIT,
            attributes=OF_CHAIN_LINE,
        )
        for items in query_pages(self.client, wanted):
            yield [chain_line_of_item(item, scope) for item in items]
