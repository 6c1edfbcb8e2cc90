"""How much one source may hold. What exceeds a bound is told as one problem, and costs no more than the bound.

A file has bounds of its own, in ``controller.loading.documents``. These hold for all files of a source together, as a small
repository can name one large file a thousand times. They are some way above the largest fleet that is measured: 100 000
objects in 5 000 files of 34 MB altogether (``benchmarks/``), with 20 Defaults.
"""

from collections.abc import Iterable
from typing import Final

from controller.model.ref import Origin, Problem, ProblemCode, in_file_order

MAX_ENTRIES: Final = 50_000
"""Files, links and folders of any name in the folders that are looked into: ten for each of 5 000 files."""

MAX_FILES: Final = 20_000
"""YAML files: four times those of the largest fleet; enough for 20 000 objects in a file each."""

MAX_SOURCE_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all YAML files, a content counted each time it is named: twice the 34 MB of the largest fleet."""

MAX_DOCUMENTS: Final = 120_000
"""YAML documents, a content's counted each time it is named: 100 000 objects, and a fifth more for Defaults and growth."""

MAX_FOLDER_DEPTH: Final = 64
"""Folders inside each other: as many as levels in a document."""

MAX_PATH_BYTES: Final = 1024
"""Bytes of a file's path below the source's root: four names of the 255 bytes that file systems take."""

MAX_NAME_SHOWN: Final = 200
"""Characters of a path or a link's target that a message repeats."""

MAX_PROBLEMS: Final = 100
"""Problems of one source that are told, warnings beside them as many; the rest is counted. Nobody mends more at once."""

MAX_FINDINGS: Final = 1_000
"""Problems in documents after which no further file is checked: ten times those told, found within a second."""

MAX_PATTERN_CHARACTERS: Final = 200
MAX_PATTERN_REPEATS: Final = 50
MAX_PATTERN_STATES: Final = 200
"""A naming pattern's characters, the count of one repeat, and its single characters with repeats written out.

An engine for so many is made in 2 ms and takes some 200 KB. Names of environments are short: no pattern needs more.
"""

SOURCE_ROOT: Final = "."
"""Where a problem is that is about a source as a whole."""


def too_large(what: str, fix: str) -> Problem:
    """Return the problem of a source that exceeds a bound."""
    return Problem(Origin(SOURCE_ROOT), "", what, fix, code=ProblemCode.UNREADABLE_FILE)


TOO_MANY: Final = too_large(
    f"the source holds more than {MAX_DOCUMENTS:,} documents; none was checked",
    "name the folder that holds the YAML files as the source, or split it into several",
)
UNCHECKED: Final = too_large(
    f"more than {MAX_FINDINGS:,} things are wrong in this source; the rest of it was not checked",
    "mend the others first",
)


def first_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems of a source: the first ``MAX_PROBLEMS``, as many warnings, and how many more there are.

    Files that cannot be read come first, as others may follow from them; then all is in file order.
    Where one is left out that is no warning, what stands for it is none either.
    """
    told: list[Problem] = []
    full: set[bool] = set()
    room = {False: MAX_PROBLEMS, True: MAX_PROBLEMS}
    others = {False: 0, True: 0}
    causes = (ProblemCode.UNREADABLE_FILE, ProblemCode.SYNTAX)
    for problem in sorted(in_file_order(problems), key=lambda problem: problem.code not in causes):
        warning, stands_for_others = problem.warning, problem.code is ProblemCode.MORE
        is_of_source = stands_for_others and problem.origin.path == SOURCE_ROOT
        if not stands_for_others and not room[warning]:
            full.add(warning)
        if is_of_source or warning in full:
            others[warning] += problem.others or 1
        else:
            told.append(problem)
            room[warning] -= not stands_for_others
    rest = [_the_rest(count, warning=warning) for warning, count in others.items() if count]
    return (*told, *rest)


def _the_rest(count: int, *, warning: bool) -> Problem:
    message = f"and {count:,} more {'warnings' if warning else 'problems'} in this source"
    return Problem(
        Origin(SOURCE_ROOT),
        "",
        message,
        "mend the others first",
        warning=warning,
        code=ProblemCode.MORE,
        others=count,
    )
