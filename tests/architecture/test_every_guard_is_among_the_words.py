"""docs/explanation/what-stops-it.md has every word that holds something back: those of plans are the guards of the code."""

import re

from tests.architecture.repository import ROOT, package_files, text

PAGE = (ROOT / "docs" / "explanation" / "what-stops-it.md").read_text()
GUARD = re.compile(r'(?:guard=|[vV]iolation\(\s*)"(\w+)"|\("\w+", "(max\w+)", "max_\w+"')


def first_cells(heading: str) -> list[str]:
    """Return what stands in backquotes in the first column of the table under a heading row."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [word for cell in cells for word in re.findall(r"`(\w+)`", cell)]


def test_every_guard_of_the_code_is_explained_and_no_other() -> None:
    found = [GUARD.findall(text(path)) for path in package_files()]
    in_code = {one or other for pairs in found for one, other in pairs}

    assert set(first_cells("in a plan")) == in_code


def test_there_are_ten_words() -> None:
    words = first_cells("word")

    assert len(words) == len(set(words)) == 10
