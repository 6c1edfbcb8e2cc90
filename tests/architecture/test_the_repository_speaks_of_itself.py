"""A clone is all a reader has: no machine's paths, no registry's addresses, no papers from elsewhere."""

import re

from tests.architecture.repository import files, lines_matching

ADDRESSES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("deb", "debian"),
        ("proxy", "golang"),
    )
)
PATHS = tuple(
    "/".join(("", *parts, ""))
    for parts in (("work", "main"), ("work", "shared"), ("root",), ("opt", "wheels"))
)
PAPERS = tuple(
    f"{name}.md"
    for name in ("domain", "design", "substrate", "measurements", "experience", "style", "common")
)


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    words = "|".join(re.escape(word) for word in (*ADDRESSES, *PATHS, "/tmp/" + "bash"))

    assert list(lines_matching(files(), words)) == []


def test_no_file_cites_a_paper_that_is_not_here() -> None:
    here = {path.name for path in files()}
    words = "|".join(rf"\b{re.escape(paper)}\b" for paper in PAPERS if paper not in here)

    assert list(lines_matching(files(), words)) == []
