"""Something wrong inside one document, before its place in the file has been looked up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.kinds.language.kind import Finding, IssueCode
from controller.model.ref import Origin

MAX_ISSUES: Final = 100
"""How many of a sort are told of one document; the rest is counted."""


class Issue(NamedTuple):
    """What is wrong at a path of a document. ``path`` leads from the document's top; empty means the document.

    ``at_key`` points the caret at the field's name instead of its value. ``hidden`` values are not shown: they may be secrets.
    ``code`` and ``missing`` are as a rule's ``Finding`` has them. ``others`` is how many further issues this one stands for, if it stands for issues.
    """

    path: tuple[str | int, ...]
    message: str
    fix: str | None = None
    at_key: bool = False
    warning: bool = False
    hidden: bool = False
    others: int = 0
    code: IssueCode | None = None
    missing: str = ""


def issue_of(finding: Finding) -> Issue:
    """Return what a rule found as an issue."""
    return Issue(
        finding.path,
        finding.message,
        finding.fix,
        warning=finding.warning,
        code=finding.code,
        missing=finding.missing,
    )


def further(path: tuple[str | int, ...], others: int) -> Issue:
    """Return what stands for so many other issues below a path."""
    return Issue(
        path, f"{others:,} more of its fields are wrong", "mend the others first", others=others
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
