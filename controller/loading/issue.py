"""Something wrong inside one document, before its place in the file has been looked up."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.model.origin import Origin
from controller.model.problem import Excerpt, Problem, ProblemCode

MAX_ISSUES: Final = 100
"""How many of a sort are told of one document; the rest is counted."""


class Issue(NamedTuple):
    """What is wrong at a path of a document. ``path`` leads from the document's top; empty means the document.

    ``at_key`` points the caret at the field's name instead of its value. ``hidden`` values are not shown: they may be secrets.
    ``others`` is how many further issues this one stands for, if it stands for issues. ``field`` is missing below the path.
    """

    path: tuple[str | int, ...]
    message: str
    fix: str | None = None
    at_key: bool = False
    warning: bool = False
    hidden: bool = False
    others: int = 0
    code: ProblemCode = ProblemCode.INVALID_VALUE
    field: str = ""

    def at(self, origin: Origin, path: str, excerpt: Excerpt | None = None) -> Problem:
        """Return it with its place; ``path`` is how the place is called inside the document."""
        return Problem(
            origin, path, self.message, self.fix, excerpt, self.warning, self.code, self.field
        )


def further(path: tuple[str | int, ...], others: int) -> Issue:
    """Return what stands for so many other issues below a path."""
    return Issue(
        path,
        f"{others:,} more of its fields are wrong",
        "mend the others first",
        others=others,
        code=ProblemCode.MORE,
    )


@dataclass(frozen=True, slots=True)
class PlacedIssue:
    """An issue with the document it is about. ``index`` counts documents of the file from 0."""

    path: str
    index: int
    line: int
    issue: Issue
