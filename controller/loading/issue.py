"""Something wrong inside one document, before its place in the file has been looked up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.kinds.language.kind import Finding
from controller.model.ref import Excerpt, Origin, Problem, ProblemCode

MAX_ISSUES: Final = 100
"""How many of a sort are told of one document; the rest is counted."""


class Issue(NamedTuple):
    """What is wrong at a path of a document. ``path`` leads from the document's top; empty means the document.

    ``at_key`` points the caret at the field's name instead of its value. ``hidden`` values are not shown: they may be secrets.
    ``code`` and ``field`` are as a rule's ``Finding`` has them. ``others`` is how many further issues this one stands for, if it stands for issues.
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


def issue_of(finding: Finding) -> Issue:
    """Return what a rule found as an issue."""
    return Issue(
        finding.path,
        finding.message,
        finding.fix,
        warning=finding.warning,
        code=finding.code,
        field=finding.field,
    )


def missing(path: tuple[str | int, ...], field: str, fix: str) -> Issue:
    """Say that the part at ``path`` has to have a field."""
    return Issue(path, f"{field} is missing", fix, code=ProblemCode.MISSING, field=field)


def unknown_kind(
    path: tuple[str | int, ...], kind: object, fix: str | None = None, *, at_key: bool = False
) -> Issue:
    """Say that there is no kind of that name."""
    message = f"there is no kind {kind!r}"
    return Issue(path, message, fix, at_key=at_key, code=ProblemCode.UNKNOWN_KIND)


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


def placed(issues: Iterable[Issue], origin: Origin, index: int) -> Iterator[PlacedIssue]:
    """Yield issues of one document with its place: the origin of the document, and which of its file it is."""
    for issue in issues:
        yield PlacedIssue(origin.path, index, origin.line, issue)
