"""Which files of a tree are desired state, and what is refused. The same rules for a folder and for Git.

Read are files ending in ``.yaml`` or ``.yml`` (any case) and ``.envctlignore`` at the top; other folders and files whose name
begins with a dot are skipped.
Refused with a Problem, never followed and never read: submodules, files over ``MAX_BYTES``, names that cannot be
printed, and symbolic links.  Links *inside* the tree are refused too: followed, the same object would be read twice, or a
change to one file would change another; ignored, its author would believe it was read.  The one harmless link is one
without a YAML name that points at a plain file without a YAML name: no reader of desired state ever misses it.

A tree that exceeds a bound of ``controller.model.source_bounds`` has no files to read and one Problem.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from controller.loading.documents import MAX_BYTES
from controller.loading.ignored_files import IGNORE_FILE
from controller.model.printable import printable as escaped
from controller.model.ref import Origin, Problem, ProblemCode
from controller.model.source_bounds import (
    MAX_ENTRIES,
    MAX_FILES,
    MAX_FOLDER_DEPTH,
    MAX_NAME_SHOWN,
    MAX_PATH_BYTES,
    MAX_SOURCE_BYTES,
    first_problems,
    too_large,
)

FoundKind = Literal[
    "file",
    "folder",
    "link",
    "submodule",
    "special",
    "deep",
    "overfull",
    "duplicate",
    "misnamed",
    "misplaced",
]
"""``deep`` is a folder that is not looked into as it ``is_too_deep``; ``overfull`` one with too long a list of names. In Git a
folder may hold a name twice (``duplicate``), and names that no file has (``misnamed``); the key of an object may have parts that
are no names (``misplaced``)."""
ROOT: Final = b"."
"""The path of the source's own folder, where it is said of that that it is ``overfull``."""
_YAML = (b".yaml", b".yml")
_IGNORE: Final = IGNORE_FILE.encode()

_REFUSED: Final[dict[FoundKind, tuple[str, str]]] = {
    "submodule": (
        "is a submodule; submodules are not fetched, so nothing in it would be read",
        "move its files into this repository, or move the submodule out of the source's folder",
    ),
    "deep": (
        f"is deeper than {MAX_FOLDER_DEPTH} folders, or its path is longer than {MAX_PATH_BYTES:,} bytes; it was not looked into",
        "move its files up, or give its folders shorter names",
    ),
    "overfull": (
        f"lists more than {MAX_ENTRIES:,} files and folders; it was not looked into",
        "move what is no desired state out of it, or name another folder as the source",
    ),
    "duplicate": (
        "is in its folder more than once, so which of them counts is unknown",
        "commit the folder again with git, which keeps each name once",
    ),
    "misnamed": (
        "has a name that no file can have",
        "commit the folder again with git, which makes no such name",
    ),
    "misplaced": (
        "is the key of an object, but no path: a part of it is empty, '.' or '..'",
        "copy the object to a key whose parts are names, and delete this one",
    ),
}
_ANOTHER_FOLDER: Final = (
    "name the folder that holds the YAML files as the source, or split it into several"
)


class Found(NamedTuple):
    """One entry of a tree. ``path`` is below the source's root with ``/`` between names, as bytes: it may be no text.

    ``id`` is empty where it is not known yet, ``size`` in bytes, ``target`` what a link holds.
    """

    path: bytes
    kind: FoundKind
    id: str = ""
    size: int = 0
    target: bytes = b""


@dataclass(slots=True)
class Selection:
    """The files to read, by printable path, and what was refused."""

    files: dict[str, Found] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was found in the source: that is an error, not an empty fleet."""
        return not self.problems and self.files.keys() <= {IGNORE_FILE}


def is_hidden(path: bytes) -> bool:
    """True when a folder or the file itself has a name that begins with a dot, and is not the one that says what is ignored."""
    return path != _IGNORE and (path.startswith(b".") or b"/." in path)


def is_yaml(path: bytes) -> bool:
    """True when a file of that path is desired state, or says which are not."""
    return path.lower().endswith(_YAML) or path == _IGNORE


def is_too_deep(folder: bytes) -> bool:
    """True when a folder is one that is not looked into."""
    return len(folder) > MAX_PATH_BYTES or folder.count(b"/") >= MAX_FOLDER_DEPTH


def select(entries: Iterable[Found]) -> Selection:
    """Sort a tree into files to read and problems, both in file order.

    ``entries`` may be without what is below hidden folders. No more than ``MAX_ENTRIES`` and one are taken of them.
    """
    selection = Selection()
    problems: list[Problem] = []
    links: list[Found] = []
    plain: set[bytes] = set()
    for count, entry in enumerate(entries, 1):
        if count > MAX_ENTRIES:
            return _nothing(f"holds more than {MAX_ENTRIES:,} files and folders")
        is_shown = entry.path == ROOT or entry.kind == "misplaced" or not is_hidden(entry.path)
        if entry.kind == "folder" or not is_shown:
            continue
        if entry.kind == "link":
            links.append(entry)
        elif entry.kind in _REFUSED:
            problems.append(_problem(entry, *_REFUSED[entry.kind]))
        elif not is_yaml(entry.path):
            plain.add(entry.path)
        elif problem := _refused(entry):
            problems.append(problem)
        else:
            selection.files[entry.path.decode()] = entry
    if len(selection.files) > MAX_FILES:
        return _nothing(
            f"holds {len(selection.files):,} YAML files, expected at most {MAX_FILES:,}"
        )
    size = sum(entry.size for entry in selection.files.values())
    if size > MAX_SOURCE_BYTES:
        limit = f"expected at most {MAX_SOURCE_BYTES:,}"
        return _nothing(f"holds YAML files of {size:,} bytes altogether, {limit}")
    problems += [problem for link in links if (problem := _refused_link(link, plain))]
    selection.files = dict(sorted(selection.files.items()))
    selection.problems = first_problems(problems) if problems else ()
    return selection


def _nothing(why: str) -> Selection:
    return Selection({}, (too_large(f"the source {why}; nothing of it was read", _ANOTHER_FOLDER),))


def printable(path: bytes) -> str:
    """Return ``path`` as text safe to print: what is no printable UTF-8 is shown as an escape, what is long is cut."""
    shown = escaped(path[: 4 * MAX_NAME_SHOWN].decode(errors="backslashreplace"))
    return shown if len(shown) <= MAX_NAME_SHOWN else f"{shown[: MAX_NAME_SHOWN - 1]}…"


def _refused_link(link: Found, plain: set[bytes]) -> Problem | None:
    target = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
    outside = target == b".." or target.startswith((b"/", b"../"))
    if not outside and not is_yaml(link.path) and target in plain:
        return None
    where = "leads out of the source" if outside else "stays in the source"
    what = (
        f"is a symbolic link to '{printable(link.target)}', which {where}; links are never followed"
    )
    fix = "put the file itself here; what several objects share belongs in a Defaults document"
    return _problem(link, what, fix)


def _refused(entry: Found) -> Problem | None:
    if len(entry.path) > MAX_PATH_BYTES:
        return _problem(
            entry,
            f"the file's path has {len(entry.path):,} bytes, expected at most {MAX_PATH_BYTES:,}; it was not read",
            "give the file or its folders shorter names",
        )
    text = entry.path.decode(errors="replace")
    if not text.isprintable() or text.encode(errors="replace") != entry.path:
        return _problem(
            entry,
            "the file's name is not printable UTF-8 text",
            "rename the file or the folder it is in; letters, digits, '-', '_' and '.' are safe everywhere",
        )
    if entry.kind == "special":
        what = "is neither a file nor a folder"
        return _problem(entry, what, "remove it, or rename it if it is no desired state")
    if entry.size > MAX_BYTES:
        return _problem(
            entry,
            f"the file has {entry.size} bytes, expected at most {MAX_BYTES}; it was not read",
            "split it into files of one or a few objects each",
        )
    return None


def _problem(entry: Found, what: str, fix: str) -> Problem:
    return Problem(Origin(printable(entry.path)), "", what, fix, code=ProblemCode.UNREADABLE_FILE)
