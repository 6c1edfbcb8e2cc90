"""One look at the ledger: every scope's chain, the tables, and what is written meanwhile."""

from collections.abc import Iterator, Sequence

from controller.ledger.chain import ChainEntry
from controller.ledger.heads import Heads
from controller.ledger.records import EntityKey
from controller.ledger.replay import table_digests
from controller.ledger.verify import LOOKS, TablesNow, verify_ledger, verify_scope
from controller.model.ledger_record import Head, LedgerRecord
from controller.model.table import KeyAttribute, TableDefinition
from tests.unit.ledger.ledgers import PREFIX, SCOPE, TABLE, entries, head_of, image, services

SERVICES = TableDefinition(PREFIX + TABLE, KeyAttribute("ServiceName"))


class GrowingChain:
    """A ledger whose index shows ``shown`` records, and ``steps`` more each time it is asked."""

    def __init__(self, records: Sequence[LedgerRecord], shown: int, step: int = 0) -> None:
        """Take the records."""
        self.records, self.shown, self.step = records, shown, step
        self.asked: list[int] = []

    def pages(self, scope: str, after: int) -> Iterator[list[ChainEntry]]:
        """Show what there is."""
        self.asked.append(after)
        found = entries(self.records[after : self.shown])
        for at in range(0, len(found), 5):
            yield found[at : at + 5]
        self.shown += self.step


class Shown(Heads):
    """Heads as they are at one look after the other; the last stays."""

    def __init__(self, *heads: Head) -> None:
        self._heads = list(heads)

    def read(self, scope: str) -> Head | None:
        return self._heads.pop(0) if len(self._heads) > 1 else next(iter(self._heads), None)


RECORDS = services(9)
PAUSES: list[float] = []


def test_an_index_that_lags_is_looked_at_again() -> None:
    chain = GrowingChain(RECORDS, 4, 4)
    found = verify_scope(SCOPE, chain, Shown(head_of(RECORDS)), sleep=PAUSES.append)
    assert found.intact
    assert chain.asked == [0, 4, 8]


def test_an_index_that_stays_behind_is_a_gap() -> None:
    chain = GrowingChain(RECORDS, 8)
    found = verify_scope(SCOPE, chain, Shown(head_of(RECORDS)), sleep=PAUSES.append)
    assert [(one.kind.value, one.sequence, one.last) for one in found.findings] == [("gap", 9, 12)]
    assert len(chain.asked) == LOOKS


def test_a_head_that_moves_while_it_is_read_is_no_finding() -> None:
    found = verify_scope(
        SCOPE,
        GrowingChain(RECORDS, 10),
        Shown(head_of(RECORDS[:8]), head_of(RECORDS)),
        sleep=PAUSES.append,
    )
    assert (found.intact, found.records) == (True, 10)


def test_a_scope_nobody_has_written_is_intact() -> None:
    assert verify_scope(SCOPE, GrowingChain([], 0), Shown(), sleep=PAUSES.append).intact


def held(*gone: str) -> Iterator[tuple[EntityKey, str]]:
    newest = {record.entity_key: record for record in RECORDS}
    items = [
        {**(record.new_value or {}), **record.new_meta}
        for name, record in newest.items()
        if name not in gone
    ]
    return table_digests(SERVICES, [*items, image("new", 1)] if gone else items)


def report(*gone: str) -> list[tuple[str, str]]:
    found = verify_ledger(
        [SCOPE],
        GrowingChain(RECORDS, 12),
        Shown(head_of(RECORDS)),
        sleep=PAUSES.append,
        tables=TablesNow(lambda: held(*gone)),
    )
    assert found.scopes[0].intact
    assert found.intact == (not gone)
    assert found.tables is not None
    return [(one.kind.value, one.where) for one in found.tables]


def test_a_replay_compares_the_tables_too() -> None:
    assert report() == []
    assert report("s1") == [
        ("item unknown", f"{PREFIX}{TABLE}/new"),
        ("item missing", f"{PREFIX}{TABLE}/s1"),
    ]


def test_without_tables_only_chains_are_verified() -> None:
    found = verify_ledger(
        [SCOPE], GrowingChain(RECORDS, 12), Shown(head_of(RECORDS)), sleep=PAUSES.append
    )
    assert (found.intact, found.tables) == (True, None)
