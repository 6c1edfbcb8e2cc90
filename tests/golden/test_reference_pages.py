"""The reference is made from the code, and is what the code says now."""

from pathlib import Path

import pytest

from controller.errors import ERROR_CLASSES, EXIT_ORDER
from tests.support.reference_pages import MEANINGS, pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_is_current(name: str, rewrite_golden: bool) -> None:
    text = pages()[name]
    if rewrite_golden:
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")

    assert (FOLDER / name).read_text(encoding="utf-8") == text


def test_every_exit_code_has_a_meaning() -> None:
    known = {one.exit_code for one in ERROR_CLASSES.values()}

    assert known | set(EXIT_ORDER) | {0} == set(MEANINGS)


def test_no_page_is_left_of_what_is_gone() -> None:
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.md")}

    assert there == set(pages())
