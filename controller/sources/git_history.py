"""Who last touched a file, and what people know a commit by.

It is found in one pass over the history, ended as soon as every file has its answer. A commit counts for a file when the file
came out of it with exactly the content it has now.  So a branch whose change was dropped in a merge does not count, and neither
does the merge that only brought a change in: the answer is the author's own commit.  A merge counts where it made the content
itself, because both sides had changed the file (git's ``-c``).
"""

import os
import time
from collections.abc import Iterator, Mapping
from typing import IO, Final, NamedTuple

from controller.model.ref import Authorship
from controller.ports import Revision
from controller.sources.git_objects import BrokenCache
from controller.sources.git_process import TOO_LONG, GitProcess, last_words

HISTORY_TIMEOUT_S = 120.0
"""A longer history leaves the rest unknown: a plan must not wait for the origin of a comment."""

_MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""Of a longer commit message the end is not read, so that what it approves there does not count."""
_ABSENT_ID = "0" * 40
_FEW_PATHS = 200
_CHUNK_BYTES = 1 << 16
_MAX_TOKEN_BYTES: Final = 1024 * 1024
"""A subject or a path that is longer ends the search: the rest is unknown."""
_TOUCHED = (
    "log", "--no-show-signature", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "-c",
)  # fmt: skip


class _Touch(NamedTuple):
    authorship: Authorship
    path: bytes
    object_id: str
    """The file's content after the commit; zeros when the commit removed the file."""


def read_revision(git: GitProcess, commit: str, branch: str) -> Revision:
    """Return what people know a commit by. Raises BrokenCache when it is not there."""
    form = "--format=format:%an <%ae>%x00%aI%x00%B"
    asked = ("log", "-1", "-z", "--no-show-signature", form, commit, "--")
    done = git.run(*asked, most_bytes=_MAX_MESSAGE_BYTES)
    parts = done.output.decode(errors="replace").split("\0")
    if done.status not in (0, TOO_LONG) or len(parts) < 3:
        raise BrokenCache(
            f"commit {commit} cannot be read from {git.repository}: git says {last_words(done.errors)}",
            fix="remove that folder; it is fetched again",
        )
    label = f"{branch}@{commit[:7]}" if branch else commit[:7]
    return Revision(commit, label, _line(parts[0]), parts[2], parts[1])


def last_touches(
    git: GitProcess,
    commit: str,
    wanted: Mapping[bytes, str | None],
    below: str,
) -> dict[bytes, Authorship]:
    """Return the authorship of the ``wanted`` paths that the history of ``commit`` reaches.

    ``wanted`` gives each path's present blob id, None for a file that is gone: then the commit that removed it is meant.
    """
    # The commits before which a shallow history ends: they seem to have made every file and say nothing.
    shallow = git.repository / "shallow"
    cut_off = frozenset(shallow.read_text().split() if shallow.exists() else ())
    left = {path: object_id or _ABSENT_ID for path, object_id in wanted.items()}
    found: dict[bytes, Authorship] = {}
    names = [path.decode(errors="surrogateescape") for path in left]
    limits = names if len(names) <= _FEW_PATHS else [below] if below else []
    form = "--format=tformat:%H%x1f%an <%ae>%x1f%aI%x1f%s"
    until = time.monotonic() + HISTORY_TIMEOUT_S
    with git.streaming(
        *_TOUCHED, form, commit, "--", *limits, timeout_s=HISTORY_TIMEOUT_S
    ) as child:
        for touch in _touches(_tokens(child.stdout)):
            if left.get(touch.path) == touch.object_id and touch.authorship.commit not in cut_off:
                found[touch.path] = touch.authorship
                del left[touch.path]
            if not left or time.monotonic() > until:
                break
    return found


def _tokens(stream: IO[bytes] | None) -> Iterator[bytes]:
    rest = b""
    while stream is not None and (chunk := os.read(stream.fileno(), _CHUNK_BYTES)):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
        if len(rest) > _MAX_TOKEN_BYTES:
            return
    yield rest


def _touches(tokens: Iterator[bytes]) -> Iterator[_Touch]:
    """Read ``git log --raw -z``: a commit's line, then per file a line that begins with a colon, then the file's path."""
    authorship = Authorship()
    for token in tokens:
        words = token.lstrip(b"\n")
        if words.startswith(b":"):
            # ``::mode mode mode id id id status``: as many colons as parents, then parents + 1 modes and parents + 1 ids.
            parents = len(words) - len(words.lstrip(b":"))
            new_id = words.split()[2 * parents + 1].decode()
            yield _Touch(authorship, next(tokens, b""), new_id)
        elif words:
            parts = (*words.decode(errors="replace").split("\x1f", 3), "", "", "")
            authorship = Authorship(parts[0], _line(parts[1]), parts[2], _line(parts[3]))


def _line(text: str) -> str:
    """Return text of a commit as one line that cannot steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
