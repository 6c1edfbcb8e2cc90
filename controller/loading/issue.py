"""Something wrong inside one document, before its place in the file has been looked up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from controller.kinds.language.kind import Finding
from controller.model.ref import Origin, ProblemCode

MAX_ISSUES: Final = 100
"""How many of a sort are told of one document; the rest is counted."""


def unknown_kind(
    path: tuple[str | int, ...], kind: object, fix: str | None = None, *, at_key: bool = False
) -> Finding:
    """Say that there is no kind of that name."""
    message = f"there is no kind {kind!r}"
    return Finding(path, message, fix, at_key=at_key, code=ProblemCode.UNKNOWN_KIND)


def further(path: tuple[str | int, ...], others: int) -> Finding:
    """Return what stands for so many other issues below a path."""
    return Finding(
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
    issue: Finding


def placed(issues: Iterable[Finding], origin: Origin, index: int) -> Iterator[PlacedIssue]:
    """Yield issues of one document with its place: the origin of the document, and which of its file it is."""
    for issue in issues:
        yield PlacedIssue(origin.path, index, origin.line, issue)
