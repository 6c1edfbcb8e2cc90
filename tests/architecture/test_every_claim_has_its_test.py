"""docs/explanation/threat-model.md says what nobody can do: each line names a test that shows it, and that test is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "threat-model.md"
TEST = re.compile(r"`(?P<file>tests/[a-z0-9_/]+\.py)::(?P<name>test_[a-z0-9_]+)`")
PARTIES = (
    "Author", "Reviewer and merger", "Operator", "Reader", "CI", "Child account", "Other programs", "Git server",
)  # fmt: skip


def claims() -> Iterator[tuple[str, list[str]]]:
    """Yield the cells of each row of the tables whose last column is a test, with the heading it is under."""
    heading, of_claims = "", False
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            heading, of_claims = line.lstrip("# "), False
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if cells[-1] == "test":
                of_claims = True
            elif of_claims and set(cells[0]) != {"-"}:
                yield heading, cells


def named() -> list[tuple[str, str]]:
    return sorted({(found["file"], found["name"]) for found in TEST.finditer(PAGE.read_text())})


@pytest.mark.parametrize(("file", "name"), named())
def test_the_test_that_is_named_is_there(file: str, name: str) -> None:
    assert (ROOT / file).is_file(), file
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_claim_names_one() -> None:
    found = list(claims())
    assert [cells[0] for _, cells in found if not TEST.search(cells[-1])] == []
    assert [len(cells) for _, cells in found if len(cells) != 3] == []


def test_nobody_is_left_out() -> None:
    headings = {heading for heading, _ in claims()}
    missing = [party for party in PARTIES if not any(said.startswith(party) for said in headings)]
    assert missing == []
