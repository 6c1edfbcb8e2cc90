"""Trees and contents of a bare repository, read by object id, without ever naming a file on disk.

A tree is walked folder by folder, not listed by git: so hidden folders are not entered, and the walk ends where a bound is
reached, however often a small repository names the same folder. What git says is read as it comes.
"""

import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO, Final, NamedTuple

from controller.errors import SourceUnavailable
from controller.model.source_bounds import MAX_ENTRIES
from controller.ports import Revision
from controller.sources.git_process import TOO_LONG, GitProcess, last_words
from controller.sources.selection import ROOT, Found, FoundKind, is_hidden, is_too_deep, is_yaml

READ_TIMEOUT_S = 600.0

_LONGEST_TARGET: Final = 4096
# As many ids as surely fit into a pipe: git answers while we still ask, and neither waits for the other.
_BATCH: Final = 256
_MAX_TREE_BYTES: Final = MAX_ENTRIES * 300
"""What a tree of as many entries takes, each with a name of 255 bytes."""
_MAX_LINE: Final = 1_000
_MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""Of a longer commit message the end is not read, so that what it approves there does not count."""
_ID_BYTES: Final = 20
_KINDS: Final[dict[bytes, FoundKind]] = {
    b"40000": "folder",
    b"040000": "folder",
    b"120000": "link",
    b"160000": "submodule",
}
_NO_NAMES: Final = frozenset({b"", b".", b".."})


class BrokenCache(SourceUnavailable):
    """The local copy gave an answer no sound repository gives; a new copy is made once."""


class _Named(NamedTuple):
    """An entry of a tree object."""

    name: bytes
    kind: FoundKind
    id: str


def list_tree(git: GitProcess, tree: str) -> list[Found] | None:
    """Return the entries below ``tree`` (``COMMIT:FOLDER``) but those of hidden folders; None when there is no such folder.

    They are at most ``MAX_ENTRIES`` and one more: of so many, sizes and targets of links are not read.
    """
    entries = _walked(git, tree)
    if entries is None or len(entries) > MAX_ENTRIES:
        return entries
    shown = [entry for entry in entries if not is_hidden(entry.path)]
    links = {entry.id for entry in shown if entry.kind == "link"}
    files = {entry.id for entry in shown if entry.kind == "file" and is_yaml(entry.path)}
    asked, sizes = sorted(files | links), dict[str, int]()
    if asked:
        with git.streaming("cat-file", "--batch-check", timeout_s=READ_TIMEOUT_S) as child:
            for object_id, header, _ in _asked(git, child, asked):
                if len(header) != 3:
                    raise _missing(git, object_id)
                sizes[object_id] = int(header[2])
    short = [link for link in links if sizes[link] <= _LONGEST_TARGET]
    targets = dict(read_blobs(git, short)) if short else {}
    return [
        entry._replace(target=targets.get(entry.id, b"/..."))
        if entry.kind == "link"
        else entry._replace(size=sizes.get(entry.id, 0))
        for entry in entries
    ]


def list_folders(git: GitProcess, tree: str) -> list[str]:
    """Return the names of the folders directly in ``tree``, sorted; none when there is no such tree."""
    with git.streaming("cat-file", "--batch", timeout_s=READ_TIMEOUT_S) as child:
        entries = _tree(git, child, tree) or []
    folders = (entry.name for entry in entries if entry.kind == "folder")
    return sorted(name.decode(errors="backslashreplace") for name in folders)


def read_blobs(git: GitProcess, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield ``(id, content)`` in the order asked, one content in memory at a time, through one git process.

    Raises BrokenCache at the first object that is not there or cannot be read.
    """
    with git.streaming("cat-file", "--batch", timeout_s=READ_TIMEOUT_S) as child:
        for object_id, header, answers in _asked(git, child, list(ids)):
            if len(header) != 3 or header[1] != b"blob":
                raise _missing(git, object_id)
            size = int(header[2])
            content = answers.read(size + 1)
            if len(content) != size + 1:
                raise _missing(git, object_id)
            yield object_id, content[:size]


def _asked(
    git: GitProcess, child: "subprocess.Popen[bytes]", wanted: list[str]
) -> Iterator[tuple[str, list[bytes], IO[bytes]]]:
    """Ask for objects; yield each id with the words of the answer's first line, and where what follows it is to be read from."""
    asking, answers = child.stdin, child.stdout
    if asking is None or answers is None:
        raise BrokenCache("git started without pipes", fix="run again")
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        try:
            asking.write("".join(f"{object_id}\n" for object_id in batch).encode())
            asking.flush()
        except BrokenPipeError:
            raise _missing(git, batch[0]) from None
        for object_id in batch:
            yield object_id, answers.readline().split(), answers


def _walked(git: GitProcess, tree: str) -> list[Found] | None:
    """Return entries without size and target, level by level; a tree is read once, and its entries count each time."""
    known: dict[str, list[_Named] | None] = {}
    found: list[Found] = []
    folders = [(b"", tree)]
    with git.streaming("cat-file", "--batch", timeout_s=READ_TIMEOUT_S) as child:
        for folder, tree_id in folders:
            if tree_id not in known:
                known[tree_id] = _tree(git, child, tree_id)
            entries = known[tree_id]
            if entries is None:
                if folder:
                    raise _missing(git, tree_id)
                return None
            for name, kind, object_id in entries:
                path = folder + b"/" + name if folder else name
                if kind == "overfull":
                    return [*found, Found(folder or ROOT, kind)]
                is_entered = kind == "folder" and not is_hidden(name)
                if is_entered and is_too_deep(path):
                    found.append(Found(path, "deep", object_id))
                    continue
                if is_entered:
                    folders.append((path, object_id))
                found.append(Found(path, kind, object_id))
                if len(found) > MAX_ENTRIES:
                    return found
    return found


def _tree(git: GitProcess, child: "subprocess.Popen[bytes]", name: str) -> list[_Named] | None:
    """Return what a tree holds; None when nothing of that name is one. One that is too large has one entry, ``overfull``.

    Raises BrokenCache when it cannot be read.
    """
    ((_, header, answers),) = _asked(git, child, [name])
    # A name that is not there is repeated, with its spaces.
    if len(header) != 3 or header[1] != b"tree" or not header[2].isdigit():
        if not header:
            raise _missing(git, name)
        return None
    size = int(header[2])
    if size > _MAX_TREE_BYTES:
        return [_Named(b"", "overfull", "")]
    content = answers.read(size + 1)
    if len(content) != size + 1:
        raise _missing(git, name)
    content, place, entries = content[:size], 0, list[_Named]()
    # For each entry its mode, a space, its name, a zero byte and the 20 bytes of its id.
    while place < size:
        end = content.find(b"\0", place) % (size + 1)
        mode, _, called = content[place:end].partition(b" ")
        place = end + 1 + _ID_BYTES
        kind = _KINDS.get(mode, "file")
        if called in _NO_NAMES or b"/" in called or place > size:
            kind = "misnamed"
        entries.append(_Named(called, kind, content[end + 1 : place].hex()))
    times = Counter(entry.name for entry in entries)
    return [
        entry._replace(kind="duplicate") if times[entry.name] > 1 else entry for entry in entries
    ]


def _missing(git: GitProcess, object_id: str) -> BrokenCache:
    why = last_words(git.run("cat-file", "-e", object_id).errors)
    return BrokenCache(
        f"object {object_id} cannot be read from {git.repository}: git says {why}",
        fix="remove that folder; it is fetched again",
    )


def read_revision(git: GitProcess, commit: str, branch: str) -> Revision:
    """Return what people know a commit by. Raises BrokenCache when it is not there."""
    form = "--format=format:%an <%ae>%x00%aI%x00%cn <%ce>%x00%P%x00%B"
    asked = ("log", "-1", "-z", "--no-show-signature", form, commit, "--")
    done = git.run(*asked, most_bytes=_MAX_MESSAGE_BYTES)
    parts = done.output.decode(errors="replace").split("\0")
    if done.status not in {0, TOO_LONG} or len(parts) < 5:
        raise BrokenCache(
            f"commit {commit} cannot be read from {git.repository}: git says {last_words(done.errors)}",
            fix="remove that folder; it is fetched again",
        )
    label = f"{branch}@{commit[:7]}" if branch else commit[:7]
    author = line_of(parts[0])
    parents = tuple(parts[3].split())
    merged_by = author if len(parents) > 1 else ""
    return Revision(
        commit, label, author, parts[4], parts[1], line_of(parts[2]), merged_by, parents
    )


def line_of(text: str) -> str:
    """Return text of a commit as one line, of some length at most, that cannot steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text[:_MAX_LINE]).strip()
