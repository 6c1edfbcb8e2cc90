"""Something wrong inside one document, before its place in the file has been looked up."""

from dataclasses import dataclass
from typing import NamedTuple


class Issue(NamedTuple):
    """What is wrong at a path of a document. ``path`` leads from the document's top; empty means the document.

    ``at_key`` points the caret at the field's name instead of its value. ``hidden`` values are not shown: they may be secrets.
    ``others`` is how many further issues this one stands for, if it stands for issues.
    """

    path: tuple[str | int, ...]
    message: str
    fix: str | None = None
    at_key: bool = False
    warning: bool = False
    hidden: bool = False
    others: int = 0


@dataclass(frozen=True, slots=True)
class PlacedIssue:
    """An issue with the document it is about. ``index`` counts documents of the file from 0."""

    path: str
    index: int
    line: int
    issue: Issue
