"""Irregular text: every place where it is not regular, with what to write instead."""

import pytest

from controller.loading.documents import (
    MAX_ALIASED_VALUES,
    MAX_BYTES,
    MAX_DEPTH,
    Irregular,
    parse_documents,
)
from controller.loading.text_problems import find_text_problems
from controller.model.ref import Problem
from controller.model.source_bounds import MAX_PROBLEMS


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    """Return the problems of a text that the fast way refuses."""
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Irregular):
        parse_documents(data)
    problems = find_text_problems("f.yaml", data)
    assert problems
    return problems


def test_a_problem_reads_as_a_person_would_say_it() -> None:
    [problem] = problems_of("a: 1\nspec:\n  bluePort: 40000\n  bluePort: 41000\n")
    assert str(problem) == (
        "f.yaml:4:3: spec.bluePort: duplicate key 'bluePort', first written on line 3, column 3\n"
        "    4 |   bluePort: 41000\n"
        "          ^^^^^^^^\n"
        "  fix: keep one of the two"
    )


SYNTAX = [
    ("a:\n\tb: 1\n", "2:1", "tab cannot indent", "a tab as indentation"),
    ("a: @x\n", "1:4", "cannot begin with '@'", "a reserved character"),
    ("a: `x`\n", "1:4", "cannot begin with '`'", "a reserved character"),
    ("a: %x\n", "1:4", "cannot begin with '%'", "a reserved character"),
    ("a: b: c\n", "1:5", "':' is not expected", "two colons in a line"),
    ("a: 1\n b: 2\n", "2:3", "':' is not expected", "indented under a scalar"),
    ("a: - b\n", "1:4", "list cannot begin here", "a list beside its key"),
    ("a: ? b\n", "1:4", "'?' cannot stand here", "a question mark beside its key"),
    ("a: 'x\nb: 1\n", "1:4", "never closed", "at the opening quote, not at the end of the file"),
    ('a: "x\n---\nb: 1\n', "1:4", "not closed in this document", "at the opening quote"),
    (
        "a: 1\nb\nc: 1\n",
        "2:1",
        "expected ':' after this key",
        "at the key, not where it was noticed",
    ),
    ('a: "\\q"\n', "1:5", "escape is unknown", "a bad escape"),
    ('a: "\\ud800"\n', "1:7", "no character", "half a surrogate pair"),
    ('a: "\\xg"\n', "1:7", "hexadecimal digits", "a bad escape"),
    ("a:\n - x\n b: 1\n", "3:2", "lined up", "a key in a list"),
    ("a: 'it's'\n", "1:8", "the value ends before this", "a quote inside quotes"),
    ("a: [1, 2\nb: 3\n", "2:2", "for what was opened on line 1, column 4", "an open bracket"),
    ("a: {b: 1\nc: 2\n", "2:2", "for what was opened on line 1, column 4", "an open brace"),
    ("a: [}\n", "1:5", "a value is expected", "a wrong bracket"),
    ("a: 1\n...\nb: 2\n", "3:1", "expected '---'", "a second document without its mark"),
    ("a: *\n", "1:5", "a name must follow", "a star alone"),
    ("a: !x!y 1\n", "1:4", "unknown tag", "an undeclared tag"),
    ("%FOO\n---\na: 1\n", "1:5", "directives are not accepted", "an unknown directive"),
    ("%YAML 1.3\n---\na: 1\n", "1:1", "directives are not accepted", "another version"),
    ("%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "2:1", "directives are not accepted", "twice"),
    (
        "a: !<x\n",
        "1:7",
        "not YAML: did not find the expected '>'",
        "an error without a better wording",
    ),
]

IRREGULAR = [
    ("a: 012\n", "1:4", "leading zero", "an ambiguous number"),
    ("a: .nan\n", "1:4", "cannot be stored", "not a number"),
    ("a: -.inf\n", "1:4", "cannot be stored", "infinite"),
    ("a: 99999999999999999999\n", "1:4", "too large", "more than 64 bits"),
    ("1: x\n", "1:1", "a key must be text, found a number", "a number for a key"),
    ("1.5: x\n", "1:1", "a key must be text, found a number", "a number for a key"),
    ("012: x\n", "1:1", "leading zero", "an ambiguous number for a key"),
    ("true: x\n", "1:1", "a key must be text, found true or false", "a boolean for a key"),
    ("~: x\n", "1:1", "a key must be text, found nothing", "null for a key"),
    ("[a]: x\n", "1:1", "a key must be text, found a list", "a list for a key"),
    ("{a: b}: x\n", "1:1", "a key must be text, found a map", "a map for a key"),
    ("<<: {a: b}\n", "1:1", "merge keys", "a merge key"),
    ("&k a: b\n", "1:1", "a key cannot carry an anchor", "an anchor on a key"),
    ("!!str a: b\n", "1:1", "a key cannot carry a tag", "a tag on a key"),
    ("a: !secret x\n", "1:4", "unknown tag '!secret'", "a tag on a scalar"),
    ("a: !!set {x}\n", "1:4", "expected a plain map", "a tag on a map"),
    ("a: !!omap [x]\n", "1:4", "expected a plain list", "a tag on a list"),
    ("a: [!!omap [x]]\n", "1:5", "expected a plain list", "a tag on a list in a list"),
    ("a: ! 12\n", "1:4", "unknown tag '!'", "the tag without a name"),
    ("a: !<tag:%ed%a0%80> 1\n", "1:1", "no text", "a tag that is no Unicode"),
    ("%YAML 1.2\n---\na: 1\n", "1:1", "directives are not accepted", "a directive"),
    ("%TAG !x! tag:x,2000:\n---\na: 1\n", "1:1", "directives are not accepted", "a directive"),
    ("a: *x\n", "1:4", "no anchor 'x'", "an alias to nothing"),
    ("a: &x {b: *x}\n", "1:11", "stands inside what it means", "an alias to its own map"),
    ("a: &x [*x]\n", "1:8", "stands inside what it means", "an alias to its own list"),
    ("a: &x 1\nb: &x 2\n", "2:4", "twice", "an anchor defined twice"),
    ("a: {{ x }}\n", "1:5", "'{{' begins a template", "a template of Helm"),
    ("a: 012345678901\n", "1:4", "is ambiguous", "an account number without quotes"),
    ("", "1:1", "holds nothing", "an empty file"),
    ("\ufeff", "1:1", "holds nothing", "an empty file of some editors"),
    (" \n", "1:1", "holds nothing", "an empty file"),
    ("# text\n", "1:1", "only comments", "a file of comments"),
    ("- a\n", "1:1", "found a list", "a list of objects"),
    ("text\n", "1:1", "found text", "a text"),
    ("'text'\n", "1:1", "found text", "a quoted text"),
    ("''\n", "1:1", "found text", "a quoted nothing"),
]

UNREADABLE = [
    (
        "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n",
        "2:1",
        "a merge conflict",
        "a conflict",
    ),
    (b"a: 1\nb: x\xe4\n", "2:5", "byte 0xe4 is no UTF-8", "Latin-1"),
    ("a: 1\n".encode("utf-16"), "1:1", "UTF-16", "UTF-16 with a mark"),
    ("a: 1\n".encode("utf-16-be"), "1:1", "UTF-16", "UTF-16 without"),
    (b"a: x\0\n", "1:5", "control character NUL", "NUL"),
    (b"a: 1\r\nb: \x1b[31m\r\n", "2:4", "control character U+001B", "an escape sequence"),
    ("a: x\x85y: 1\n", "1:5", "invisible character U+0085", "a line end of mainframes"),
    ("a: 'x\u2028y'\n", "1:6", "invisible character U+2028", "a line end of no editor"),
    ("a: 1\n---\n\ufeffb: 1\n", "3:1", "invisible character U+FEFF", "a byte-order mark inside"),
    ("ä: \ufffe\n", "1:4", "control character U+FFFE", "no character"),
]


@pytest.mark.parametrize(
    ("text", "place", "message", "because"), [*SYNTAX, *IRREGULAR, *UNREADABLE]
)
def test_irregular_text_is_refused_with_place_and_fix(
    text: str | bytes, place: str, message: str, because: str
) -> None:
    problems = problems_of(text)
    wanted = [p for p in problems if message in p.message and str(p.origin).endswith(place)]
    assert wanted, [str(problem) for problem in problems]
    for problem in problems:
        assert problem.fix
        assert problem.excerpt is not None
        assert problem.origin.line > 0


def test_all_problems_of_a_file_are_told_in_their_order() -> None:
    text = "a: 012\nb: {c: 1, c: 2, d: [x, .nan]}\n---\n- x\n---\n&k e: *z\n*k : &k 1\nf: 'open\n"
    told = [(str(p.origin), p.path) for p in problems_of(text)]
    assert told == [
        ("f.yaml:1:4", "a"),
        ("f.yaml:2:11", "b.c"),
        ("f.yaml:2:24", "b.d[1]"),
        ("f.yaml:4:1", ""),
        ("f.yaml:6:1", "e"),
        ("f.yaml:6:7", "e"),
        ("f.yaml:7:1", ""),
        ("f.yaml:7:6", "?"),
        ("f.yaml:8:4", ""),
    ]


def test_a_misspelt_alias_gets_a_suggestion() -> None:
    [problem] = problems_of("a: &web {b: 1}\nc: *wed\n")
    assert problem.fix == "did you mean '*web'?"
    many = "".join(f"a{n}: &web{n} 1\n" for n in range(2000))
    [problem] = problems_of(f"{many}c: *wed\n")
    assert "write '&wed'" in (problem.fix or "")


def test_a_file_with_very_many_problems_is_told_the_first() -> None:
    problems = problems_of("a: 1\n" * 10_000)
    assert len(problems) == MAX_PROBLEMS + 1
    assert "more than 100 problems" in problems[-1].message
    assert len(problems_of("\x01" * 1000)) == MAX_PROBLEMS


def test_a_file_of_too_many_bytes_is_refused_unread() -> None:
    [problem] = problems_of(b"\0" * (MAX_BYTES + 1))
    assert "at most 2 MiB" in problem.message
    assert problem.origin.line == 0


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


HOSTILE = [
    ("[" * 1_000_000, "nested deeper than 64"),
    ("a: " + "{a: " * 500_000, "nested deeper than 64"),
    ("- " * 1_000_000, "nested deeper than 64"),
    ("? " * 1_000_000, "a key must be text"),
    ("\n".join(" " * n + "a:" for n in range(100)), "nested deeper than 64"),
    (bomb(), f"more than {MAX_ALIASED_VALUES} values"),
    ("a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40, "by the alias '*x'"),
    ("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH, "nested deeper than 64"),
    (f"a: &x 1\nb: [{','.join(['*x'] * (MAX_ALIASED_VALUES + 1))}]", "stand for more than"),
    ("a: [" + "x," * 1_000_000 + "]", "too many values"),
    ("{" + "a: 1, " * 100_000 + "}", "duplicate key"),
    ("a: " + "9" * 2_000_000, "too large"),
    ("\x01" * 2_000_000, "control character"),
    ("\n" * 2_000_000 + "\x01", "control character"),
    ("x" * 2_000_000 + ": 1", "not expected"),
    ("".join(f"a{n}: !t 1\n" for n in range(100_000)), "unknown tag"),
    ("".join(f"&a{n} a{n}: *b{n}\n" for n in range(80_000)), "cannot carry an anchor"),
]


@pytest.mark.parametrize(("text", "message"), HOSTILE, ids=[text[:12] for text, _ in HOSTILE])
def test_hostile_text_is_a_problem_like_any_other(text: str, message: str) -> None:
    problems = problems_of(text)
    assert any(message in problem.message for problem in problems), [p.message for p in problems]
    assert len(problems) <= MAX_PROBLEMS + 1
    assert sum(len(str(problem)) for problem in problems) < 100_000
