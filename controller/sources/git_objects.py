"""Read a tree and its contents out of a bare repository, by object id and without ever naming a file on disk."""

from collections.abc import Iterable, Iterator

from controller.sources.git_cache import BrokenCache
from controller.sources.git_errors import last_words
from controller.sources.git_process import GitProcess
from controller.sources.selection import Found, FoundKind, is_hidden

_KINDS: dict[bytes, FoundKind] = {b"120000": "link", b"160000": "submodule"}
_LONGEST_TARGET = 4096
# As many ids as surely fit into a pipe: git answers while we still ask, and neither waits for the other.
_BATCH = 256
READ_TIMEOUT_S = 600.0


def list_tree(git: GitProcess, tree: str) -> list[Found] | None:
    """Return all entries below ``tree`` (a tree's name, ``COMMIT:FOLDER`` too); None when there is no such tree."""
    done = git.run("ls-tree", "-r", "-z", "-l", tree)
    if done.status != 0:
        return None
    entries = [_entry(line) for line in done.output.split(b"\0") if line]
    links = {
        entry.id
        for entry in entries
        if entry.kind == "link" and entry.size <= _LONGEST_TARGET and not is_hidden(entry.path)
    }
    targets = dict(read_blobs(git, links)) if links else {}
    return [
        entry._replace(target=targets.get(entry.id, b"/...")) if entry.kind == "link" else entry
        for entry in entries
    ]


def list_folders(git: GitProcess, tree: str) -> list[str]:
    """Return the names of the folders directly in ``tree``, sorted; none when there is no such tree."""
    done = git.run("ls-tree", "-z", "-d", "--name-only", tree)
    names = [name.decode(errors="backslashreplace") for name in done.output.split(b"\0") if name]
    return sorted(names) if done.status == 0 else []


def read_blobs(git: GitProcess, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield ``(id, content)`` in the order asked, one content in memory at a time, through one git process.

    Raises BrokenCache at the first object that is not there or cannot be read.
    """
    wanted = list(ids)
    with git.streaming("cat-file", "--batch", timeout_s=READ_TIMEOUT_S) as child:
        if child.stdin is None or child.stdout is None:
            raise BrokenCache("git started without pipes", fix="run again")
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            try:
                child.stdin.write("".join(f"{object_id}\n" for object_id in batch).encode())
                child.stdin.flush()
            except BrokenPipeError:
                raise _missing(git, batch[0]) from None
            for object_id in batch:
                header = child.stdout.readline().split()
                if len(header) != 3 or header[1] != b"blob":
                    raise _missing(git, object_id)
                size = int(header[2])
                content = child.stdout.read(size + 1)
                if len(content) != size + 1:
                    raise _missing(git, object_id)
                yield object_id, content[:size]


def _entry(line: bytes) -> Found:
    about, _, path = line.partition(b"\t")
    mode, _, object_id, size = about.split()
    return Found(
        path, _KINDS.get(mode, "file"), object_id.decode(), 0 if size == b"-" else int(size)
    )


def _missing(git: GitProcess, object_id: str) -> BrokenCache:
    why = last_words(git.run("cat-file", "-e", object_id).errors)
    return BrokenCache(
        f"object {object_id} cannot be read from {git.repository}: git says {why}",
        fix="remove that folder; it is fetched again",
    )
