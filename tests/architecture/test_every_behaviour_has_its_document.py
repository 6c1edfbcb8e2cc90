"""docs/explanation/held-to-documents.md names for what AWS does otherwise its document, who plays it, the test, and what is unproven."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from controller.sandbox.state import Delays, SandboxSettings
from tests.architecture.repository import ROOT

PAGE = ROOT / "docs" / "explanation" / "held-to-documents.md"
SANDBOX = ROOT / "controller" / "sandbox"
COLUMNS = ["behaviour", "AWS's document", "in the sandbox", "test", "unproven"]
TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")
SWITCHES = {one.name for of in (Delays, SandboxSettings) for one in fields(of)}


def rows() -> Iterator[list[str]]:
    """Yield the cells of the rows of the tables of behaviours."""
    of_behaviours = False
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            of_behaviours = False
        elif cells == COLUMNS:
            of_behaviours = True
        elif of_behaviours and set(cells[0]) != {"-"}:
            yield cells


@pytest.mark.parametrize("cells", [*rows()], ids=lambda cells: cells[0][:40])
def test_a_behaviour_names_all_of_it(cells: list[str]) -> None:
    assert len(cells) == len(COLUMNS)
    assert all(cells)
    _, _, played, test, _ = cells
    ((file, name),) = TEST.findall(test)
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test
    for word in re.findall(r"`([^`]+)`", played):
        assert (SANDBOX / word).is_file() if word.endswith(".py") else word in SWITCHES, word


def test_every_file_of_the_sandbox_that_holds_to_a_document_is_on_the_page() -> None:
    named = set(re.findall(r"`((?:refusals|additions)/[a-z_]+\.py)`", PAGE.read_text()))
    there = {
        f"{path.parent.name}/{path.name}"
        for folder in ("refusals", "additions")
        for path in (SANDBOX / folder).glob("*.py")
        if path.name != "__init__.py"
    }
    assert there - named == set(), "name each in the row of the behaviour that it plays"
    assert named - there == set(), "what the page names is not there"
