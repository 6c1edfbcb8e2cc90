"""An error that nobody classed is an error that nobody acts on."""

import ast

from controller import errors
from controller.errors import ERROR_CLASSES, EnvctlError, Interrupted
from tests.architecture.repository import package_files, tree


def test_every_error_class_has_a_row() -> None:
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, EnvctlError)
    }

    assert {cls.__name__ for cls in defined - set(ERROR_CLASSES)} == set()


def test_an_error_defined_elsewhere_narrows_a_classed_one() -> None:
    """A narrower error takes the row of what it narrows; the root's row means "our bug"."""
    rootless = [
        f"{path}:{node.lineno}: {node.name}"
        for path in package_files()
        if path.name != "errors.py" or path.parent.name != "controller"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        if any(isinstance(base, ast.Name) and base.id == "EnvctlError" for base in node.bases)
    ]

    assert rootless == []


def test_each_row_says_who_acts_and_what_the_process_answers() -> None:
    vague = [
        cls.__name__
        for cls, consequence in ERROR_CLASSES.items()
        if not (consequence.who_acts and consequence.condition and 0 < consequence.exit_code < 128)
        # Shells have their own number for what a signal ended.
        and cls is not Interrupted
    ]

    assert vague == []
