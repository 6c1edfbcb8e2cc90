"""What stands in no chain is marked by what heads say: nothing before a chain, nothing beyond its end, none without a head."""

from dataclasses import replace

import pytest

from controller.errors import DamagedState, ScopeFromTheFuture
from controller.ledger.heads import Chained, Heads
from controller.ledger.summaries import summary_of
from controller.model.ledger_record import Head
from tests.unit.ledger.ledgers import SCOPE, head_of, services


class Read(Heads):
    """One head, counted; reading that of another scope raises what it is told to."""

    def __init__(self, head: Head, error: Exception | None = None) -> None:
        self.head, self.error, self.asked = head, error, 0

    def read(self, scope: str) -> Head | None:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.head if scope == self.head.scope else None


RECORDS = services(3)[:3]
LINES = [summary_of(record) for record in RECORDS]


@pytest.mark.parametrize(
    ("scope", "sequence", "held", "because"),
    [
        (SCOPE, 1, True, "the first of the chain"),
        (SCOPE, 3, True, "the last, as its head says"),
        (SCOPE, 4, False, "beyond the head"),
        (SCOPE, 0, False, "no sequence"),
        ("", 1, False, "no scope"),
        ("nowhere", 1, False, "a scope without a head"),
    ],
)
def test_a_record_is_held_up_to_the_head(
    scope: str, sequence: int, held: bool, because: str
) -> None:
    assert Chained(Read(head_of(RECORDS))).holds(scope, sequence) is held, because


@pytest.mark.parametrize("error", [DamagedState("damaged"), ScopeFromTheFuture("newer")])
def test_where_the_head_cannot_be_read_nothing_is_marked(error: Exception) -> None:
    assert Chained(Read(head_of(RECORDS), error)).marked(LINES) == tuple(LINES)


def test_lines_beyond_the_head_lose_their_sequence_and_a_head_is_read_once() -> None:
    read = Read(head_of(RECORDS[:2]))
    marked = Chained(read).marked(LINES)
    assert [line.is_in_no_chain for line in marked] == [False, False, True]
    assert marked[2] == replace(LINES[2], sequence=0)
    assert read.asked == 1
