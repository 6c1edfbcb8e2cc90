"""What people read may be reworded at any time: nothing may depend on it. Programs decide by class, code, enum or facts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.repository import package_files, tree

WORDS = frozenset({"message", "reason", "text", "why", "because"})
"""Attributes of our own objects that hold what people read."""
DECIDING = frozenset(
    {
        *("startswith", "endswith", "partition", "rpartition", "split", "rsplit", "splitlines"),
        *("find", "index", "count"),
    }
)
PATTERNS = frozenset({"match", "fullmatch", "search", "findall", "finditer", "split", "sub"})
UNCHANGED = frozenset({"lower", "casefold", "strip", "lstrip", "rstrip"})
"""Methods that leave words what they are."""
RENDERS_A_FIX = frozenset(
    {
        Path("controller/model/ref.py"),
        Path("controller/views/audit/maintenance.py"),
    }
)
"""The only files that put the words ``fix:`` before a fix."""
NOT_OURS = {
    (
        "controller/aws/errors.py",
        "str(error)",
    ): "botocore's words, from which a password is taken out",
    (
        "controller/kinds/parts/naming_pattern.py",
        "str(error).strip()",
    ): "pydantic's words, which have no code",
}
"""Where what is taken apart was said by another program, and why."""


def _holds_words(node: ast.expr, tainted: frozenset[str]) -> bool:
    """Tell whether an expression is what people read of an error or another object of ours."""
    match node:
        case ast.Name(id=name):
            return name in tainted
        case ast.Attribute(attr=name):
            return name in WORDS
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id=name)]):
            return name.endswith(("error", "refusal", "why", "problem"))
        case ast.Call(func=ast.Attribute(value=value, attr=method)):
            return method in UNCHANGED and _holds_words(value, tainted)
        case ast.BoolOp(values=values):
            return any(_holds_words(value, tainted) for value in values)
        case ast.Subscript(value=value) | ast.NamedExpr(value=value):
            return _holds_words(value, tainted)
    return False


def _names_of_words(function: ast.AST) -> frozenset[str]:
    """Return the names that a function gives to words before it asks something of them."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ):
                pairs = [(name, value)]
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = [
                    (target.id, value)
                    for target, value in zip(names, values, strict=False)
                    if isinstance(target, ast.Name)
                ]
            case _:
                continue
        found |= {name for name, value in pairs if _holds_words(value, frozenset())}
    return frozenset(found)


def _asks(node: ast.AST, tainted: frozenset[str]) -> ast.expr | None:
    """Return the words that an expression takes apart or looks for something in; None if it does not."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if (
            method in DECIDING and _holds_words(value, tainted)
        ):
            return value
        case ast.Call(func=ast.Attribute(attr=method), args=arguments) if method in PATTERNS:
            return next((one for one in arguments if _holds_words(one, tainted)), None)
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[right]) if _holds_words(
            right, tainted
        ):
            return right
        case ast.Compare(
            left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(str())]
        ):
            return left if _holds_words(left, tainted) else None
    return None


def words_decided_by(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of each place that decides something by what people read."""
    functions = [n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)]
    seen = set()
    for function in functions:
        tainted = _names_of_words(function)
        for node in ast.walk(function):
            words = _asks(node, tainted)
            if words is not None and (node.lineno, node.col_offset) not in seen:  # type: ignore[attr-defined]
                seen.add((node.lineno, node.col_offset))  # type: ignore[attr-defined]
                yield words.lineno, ast.unparse(words)


def _docstrings(module: ast.Module) -> set[ast.AST]:
    return {node.value for node in ast.walk(module) if isinstance(node, ast.Expr)}


def fixes_by_hand(module: ast.Module) -> Iterator[int]:
    """Yield the lines whose strings put ``fix:`` into a text."""
    prose = _docstrings(module)
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str(text)) if "fix: " in text and node not in prose:
                yield node.lineno


def categories_by_name(module: ast.Module) -> Iterator[int]:
    """Yield the lines that compare a category with a string."""
    for node in ast.walk(module):
        match node:
            case ast.Compare(left=ast.Attribute(attr="category"), comparators=[right]) if any(
                isinstance(part, ast.Constant) and isinstance(part.value, str)
                for part in ast.walk(right)
            ):
                yield node.lineno


def test_no_behaviour_depends_on_what_people_read() -> None:
    found = [
        f"{path}:{line}: {words}"
        for path in package_files()
        for line, words in words_decided_by(tree(path))
        if (str(path), words) not in NOT_OURS
    ]

    assert found == []


def test_a_fix_is_put_into_words_where_errors_are() -> None:
    found = [
        f"{path}:{line}"
        for path in package_files()
        if path not in RENDERS_A_FIX
        for line in fixes_by_hand(tree(path))
    ]

    assert found == []


def test_a_category_is_compared_as_the_enum_it_is() -> None:
    found = [f"{p}:{line}" for p in package_files() for line in categories_by_name(tree(p))]

    assert found == []


def test_every_exception_is_still_needed() -> None:
    places = {
        (str(path), words) for path in package_files() for _, words in words_decided_by(tree(path))
    }

    assert set(NOT_OURS) - places == set()


@pytest.mark.parametrize(
    "body",
    [
        'return "not found" not in str(error).lower()',
        'return str(error).partition("\\n")[0]',
        'return why.reason.startswith(f"{target}: ")',
        "return _MISSING.match(problem.message)",
        'decision, reason = one.due, one.due.reason or ""\n    return reason.startswith("A")',
        'return note.text.split("; ")',
        'return re.search("missing", issue.message)',
        'return issue.message.endswith(" is missing")',
        'return rule.why == "ended"',
    ],
)
def test_it_is_found(body: str) -> None:
    assert list(words_decided_by(ast.parse(f"def decided():\n    {body}\n")))


@pytest.mark.parametrize(
    "body",
    [
        'return f"{issue.path}: {issue.message}"',
        "return decision.reason.code in ON_THE_WAY",
        'return note.message.replace("a", "b")',
        "return digest.startswith(expected)",
    ],
)
def test_showing_words_is_not_deciding_by_them(body: str) -> None:
    assert not list(words_decided_by(ast.parse(f"def decided():\n    {body}\n")))
