"""A file or class called after its kind of code, not after its idea, ends up holding everything."""

import ast
import re

from tests.architecture.repository import files, python_files, tree

EMPTY_WORDS = ("util", "utils", "helper", "helpers", "common", "base", "manager", "misc")


def test_no_file_or_folder_has_an_empty_name() -> None:
    found = [
        str(path)
        for path in files()
        if any(part.split(".")[0].strip("_").lower() in EMPTY_WORDS for part in path.parts)
    ]

    assert found == []


def test_no_class_ends_in_an_empty_word() -> None:
    empty = re.compile(rf"({'|'.join(word.title() for word in EMPTY_WORDS)})$")
    found = [
        f"{path}:{node.lineno}: class {node.name}"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and empty.search(node.name)
    ]

    assert found == []


def test_every_package_of_the_controller_is_a_real_one() -> None:
    folders = {path.parent for path in python_files() if path.parts[0] == "controller"}
    packages = {path.parent for path in python_files() if path.name == "__init__.py"}

    assert sorted(map(str, folders - packages)) == []
