"""docs/reference/costs.md: what it multiplies is what is counted on a sandbox, and what it says it comes to is the product."""

import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.daemon_parts import idle
from benchmarks.daemon_parts.fleet import fleet
from tests.support.cost_page import (
    FLEETS,
    IDLE_READS,
    IDLE_STREAM_READS,
    IDLE_WRITES,
    LOOK_READS,
    LOOK_WRITES,
    bill,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "costs.md"
READS = ("GetItem", "BatchGetItem", "Query", "Scan")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
SECONDS, LOOKED_AT = 300, 4


def tables() -> list[list[list[str]]]:
    """Return the cells of the rows of each table of the page."""
    blocks = re.findall(r"(?:^\|.*\n)+", PAGE.read_text(), re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]
        for block in blocks
    ]


def number(cell: str) -> float:
    """Return the number that a cell begins with."""
    found = re.search(r"[\d,.]+", cell)
    assert found, cell
    return float(found[0].replace(",", ""))


def test_each_line_is_a_product_and_each_month_their_sum() -> None:
    months, *bills = tables()

    assert len(bills) == len(months) == len(FLEETS)
    for month, lines in zip(months, bills, strict=True):
        for _, _, quantity, free, price, dollars in lines:
            product = max(0.0, number(quantity) - number(free)) * number(price)
            assert number(dollars) == pytest.approx(product, abs=0.01)
        total = sum(number(line[-1]) for line in lines)
        assert number(month[4]) == pytest.approx(total, abs=0.6)


def test_a_larger_fleet_costs_more_in_every_line_that_grows() -> None:
    small, medium, large = ([line.dollars for line in bill(size)] for size in FLEETS)

    assert all(a <= b <= c for a, b, c in zip(small, medium, large, strict=True))


@pytest.mark.slow
def test_a_daemon_with_nothing_to_do_asks_no_more_than_is_multiplied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idle, "LOOKS", LOOKED_AT)
    with fleet(2 * LOOKED_AT) as made:
        idle.measure(made, SECONDS)
        calls = Counter(made.aws.controls.calls())

    def counted(service: str, operations: tuple[str, ...]) -> int:
        return sum(calls[f"{service}.{one}"] for one in operations)

    looks = 2 * LOOKED_AT
    reads, writes = counted("dynamodb", READS), counted("dynamodb", WRITES)
    streams = counted("dynamodbstreams", ("GetRecords",))
    assert SECONDS * IDLE_READS / 2 < reads < SECONDS * IDLE_READS + looks * LOOK_READS
    assert SECONDS * IDLE_WRITES / 2 < writes < SECONDS * IDLE_WRITES + looks * LOOK_WRITES
    assert SECONDS * IDLE_STREAM_READS / 2 < streams <= SECONDS * IDLE_STREAM_READS
