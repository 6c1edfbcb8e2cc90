"""Lines for auditors: no cell is a formula, no line is two, and what is no record of ours is told."""

import csv
import io
import json

import pytest

from controller.errors import DamagedState
from controller.ledger.records import record_wire
from controller.views.audit.export import csv_lines, proof_lines
from tests.unit.ledger.ledgers import answered, image, records_of, write

(RECORD,) = records_of([[write("a", None, image("a", 1, user="=cmd()"), cause="=1\n+2")]])
WIRE = answered(record_wire(RECORD))


def test_a_cell_is_no_formula_and_a_record_is_a_line() -> None:
    headings, line = csv_lines([WIRE])
    (row,) = csv.reader(io.StringIO(line))
    cells = dict(zip(next(csv.reader(io.StringIO(headings))), row, strict=True))

    assert cells["cause"].startswith("'=1")
    assert cells["hash"] == RECORD.hash
    assert cells["object"] == "t-InfraConfigServices/a"
    assert line.count("\n") == 1


def test_a_proof_is_the_record_as_it_was_hashed() -> None:
    (line,) = proof_lines([WIRE])
    assert json.loads(line)["Hash"] == {"S": RECORD.hash}
    assert list(json.loads(line)) == sorted(WIRE)


def test_what_is_no_record_is_told() -> None:
    with pytest.raises(DamagedState, match="record ? is damaged".replace("?", r"\?")):
        list(csv_lines([{"Hash": {"S": "x"}}]))
