"""Which files ``.envctlignore`` names, and what of it cannot be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.loading.ignored_files import IGNORE_FILE, MAX_LINES, without_ignored
from controller.model.ref import Origin, Problem

PATHS = ("Chart.yaml", "charts/a.yaml", "deploy/charts/b/c.yaml", "deploy/k8s/d.yml", "e.yaml")


def kept(text: str) -> tuple[str, ...]:
    files = dict.fromkeys((IGNORE_FILE, *PATHS), "id")
    found = without_ignored(files, (), text)
    assert found.problems == ()
    return tuple(found.files)


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("", ()),
        ("# Helm's\n\n", ()),
        ("Chart.yaml", ("Chart.yaml",)),
        ("chart.yaml", ()),
        ("charts/", ("charts/a.yaml", "deploy/charts/b/c.yaml")),
        ("charts/**\n", ("charts/a.yaml", "deploy/charts/b/c.yaml")),
        ("/charts", ("charts/a.yaml",)),
        ("deploy/charts\r\n/e.yaml", ("deploy/charts/b/c.yaml", "e.yaml")),
        ("**/b/c.yaml", ("deploy/charts/b/c.yaml",)),
        ("?.y*ml", ("charts/a.yaml", "deploy/charts/b/c.yaml", "deploy/k8s/d.yml", "e.yaml")),
        ("e.yaml/", ()),
        ("e+yaml", ()),
        ("dep", ()),
    ],
)
def test_what_a_line_names_is_left_out(text: str, ignored: tuple[str, ...]) -> None:
    assert kept(text) == tuple(path for path in PATHS if path not in ignored)


def test_what_was_refused_of_ignored_files_is_not_told() -> None:
    problems = (Problem(Origin("charts/x"), "", "a link"), Problem(Origin("y"), "", "a link"))

    assert without_ignored({}, problems, "charts/").problems == problems[1:]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n!b", 2),
        ("a/**/b", 1),
        ("*", 1),
        ("**/", 1),
        ("\n\n" + "x" * 201, 3),
        ("a\x1bb", 1),
        ("a\n" * (MAX_LINES + 1), MAX_LINES + 1),
    ],
)
def test_lines_that_cannot_be_read_leave_nothing_out(text: str, line: int) -> None:
    found = without_ignored({"a": "id", "b": "id"}, (), text)

    assert tuple(found.files) == ("a", "b")
    assert [problem.origin for problem in found.problems] == [Origin(IGNORE_FILE, line)]
    assert all(problem.fix for problem in found.problems)


@given(st.lists(st.text(alphabet="ab/.*?[](){}+\\^$| é", max_size=12), max_size=5))
def test_whatever_is_written_ignores_or_is_told(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = without_ignored(dict.fromkeys(PATHS, "id"), (), text)

    assert set(found.files) <= set(PATHS)
    assert not found.problems or len(found.files) == len(PATHS)
    if not re.search(r"[^\s#]", text):
        assert len(found.files) == len(PATHS)
