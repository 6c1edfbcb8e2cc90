"""Which files of a tree are desired state, and what is refused. The same rules for a folder and for Git.

Read are files ending in ``.yaml`` or ``.yml`` (any case); folders and files whose name begins with a dot are skipped.
Refused with a Problem, never followed and never read: submodules, files over ``MAX_BYTES``, names that cannot be
printed, and symbolic links.  Links *inside* the tree are refused too: followed, the same object would be read twice, or a
change to one file would change another; ignored, its author would believe it was read.  The one harmless link is one
without a YAML name that points at a plain file without a YAML name: no reader of desired state ever misses it.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from controller.loading.documents import MAX_BYTES
from controller.model.printable import printable as escaped
from controller.model.ref import Origin, Problem, ProblemCode, in_file_order

FoundKind = Literal["file", "link", "submodule", "special"]
_YAML = (b".yaml", b".yml")


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


def is_hidden(path: bytes) -> bool:
    """True when a folder or the file itself has a name that begins with a dot."""
    return path.startswith(b".") or b"/." in path


def select(entries: Iterable[Found]) -> Selection:
    """Sort a tree into files to read and problems, both in file order."""
    selection = Selection()
    problems: list[Problem] = []
    links: list[Found] = []
    plain: set[bytes] = set()
    for entry in entries:
        if is_hidden(entry.path):
            continue
        if entry.kind == "link":
            links.append(entry)
        elif entry.kind == "submodule":
            what = "is a submodule; submodules are not fetched, so nothing in it would be read"
            fix = "move its files into this repository, or move the submodule out of the source's folder"
            problems.append(_problem(entry, what, fix))
        elif not entry.path.lower().endswith(_YAML):
            plain.add(entry.path)
        elif problem := _refused(entry):
            problems.append(problem)
        else:
            selection.files[entry.path.decode()] = entry
    for link in links:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
        outside = target == b".." or target.startswith((b"/", b"../"))
        if not outside and not link.path.lower().endswith(_YAML) and target in plain:
            continue
        where = "leads out of the source" if outside else "stays in the source"
        what = f"is a symbolic link to '{printable(link.target)}', which {where}; links are never followed"
        fix = "put the file itself here; what several objects share belongs in a Defaults document"
        problems.append(_problem(link, what, fix))
    selection.files = dict(sorted(selection.files.items()))
    selection.problems = in_file_order(problems)
    return selection


def printable(path: bytes) -> str:
    """Return ``path`` as text safe to print: what is no printable UTF-8 is shown as an escape."""
    return escaped(path.decode(errors="backslashreplace"))


def _refused(entry: Found) -> Problem | None:
    name = printable(entry.path)
    if name != entry.path.decode(errors="replace"):
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
