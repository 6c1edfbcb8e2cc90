"""Who last touched a document: one pass over the history of its file, ended as soon as every document has its answer.

A commit counts for a document when the file came out of it with exactly the text the document has now, and had it in none of
the commit's parents; for one that is gone, when a parent had it. So other documents of the same file do not count, nor does a
branch whose change was dropped in a merge, nor the merge that only brought a change in: the answer is the author's own commit. A
merge counts where it made the text itself, because both sides had changed the document (git's ``-c``).
"""

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from subprocess import Popen
from typing import IO, Final, NamedTuple

from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace, ResourceRef
from controller.sources.git_objects import line_of
from controller.sources.git_process import GitProcess

HISTORY_TIMEOUT_S = 60.0
"""A longer history leaves the rest unknown: a plan must not wait for the origin of a comment."""
MAX_VERSION_BYTES: Final = 8 * 1024 * 1024
"""Versions of a file that are larger are not looked into: what they made of a document is not known."""
KEPT_VERSIONS: Final = 8
"""So many versions of files are kept at hand: what one commit left the next one found."""

_ABSENT_ID: Final = "0" * 40
_FEW_PATHS: Final = 200
_CHUNK_BYTES: Final = 1 << 16
_TOUCHED: Final = (
    "log", "--no-show-signature", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "-c",
    "--format=tformat:%H%x1f%an <%ae>%x1f%aI%x1f%s",
)  # fmt: skip
_MARKER: Final = re.compile(rb"(?:---|\.\.\.)(?=\s|$)")


class _Touch(NamedTuple):
    authorship: Authorship
    path: bytes
    before: tuple[str, ...]
    """The file's contents in the commit's parents; zeros where it is not there."""
    after: str


class _Document(NamedTuple):
    """A stretch of a file between two document markers, its lines counted from 1."""

    first: int
    last: int
    text: bytes


def documents_of(content: bytes) -> tuple[_Document, ...]:
    """Return the documents of a file as text alone, whatever is wrong with them; comments and white space at their end do not count."""
    found: list[_Document] = []
    lines = content.splitlines()
    starts = [number for number, line in enumerate(lines) if _MARKER.match(line)]
    for start, end in zip((0, *starts), (*starts, len(lines)), strict=True):
        inside = lines[start:end]
        while inside and (not inside[-1].strip() or inside[-1].startswith(b"#")):
            inside.pop()
        if inside and _MARKER.fullmatch(inside[0].strip()):
            inside[0] = b""
        found.append(_Document(start + 1, end, b"\n".join(inside).strip()))
    return tuple(found)


@dataclass(slots=True)
class _Versions:
    """Contents of files, by their ids, through one git process."""

    child: Popen[bytes]
    _known: dict[str, tuple[_Document, ...] | None] = field(default_factory=dict)

    def documents(self, content_id: str) -> tuple[_Document, ...] | None:
        """Return the documents of a version; None if it is too large, or cannot be read."""
        if content_id == _ABSENT_ID:
            return ()
        if content_id not in self._known:
            content = self._read(content_id)
            if len(self._known) >= KEPT_VERSIONS:
                del self._known[next(iter(self._known))]
            self._known[content_id] = None if content is None else documents_of(content)
        return self._known[content_id]

    def _read(self, content_id: str) -> bytes | None:
        stdin, stdout = self.child.stdin, self.child.stdout
        if stdin is None or stdout is None:
            return None
        try:
            stdin.write(f"{content_id}\n".encode())
            stdin.flush()
        except BrokenPipeError:
            return None
        header = stdout.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            return None
        left = int(header[2]) + 1
        parts: list[bytes] = []
        too_large = left > MAX_VERSION_BYTES
        while left and (part := stdout.read(min(left, _CHUNK_BYTES))):
            left -= len(part)
            if not too_large:
                parts.append(part)
        return None if too_large or left else b"".join(parts)[:-1]


@dataclass(slots=True)
class _Wanted:
    """One document and the content its file has now."""

    place: DocumentPlace
    now: str
    _text: bytes | None = None

    def came_of(self, touch: _Touch, versions: _Versions) -> bool:
        """Tell whether the commit made the document what it is, or, of one that is gone, took it away."""
        if not self.place.line and self.place.ref is None:
            return touch.after == self.now
        after = self._is_as_now(touch.after, versions)
        return after is True and all(
            self._is_as_now(before, versions) is False for before in touch.before
        )

    def _is_as_now(self, content_id: str, versions: _Versions) -> bool | None:
        """Tell whether a version has the document as it is now; None if that cannot be told."""
        if content_id == self.now:
            return True
        gone = not self.place.line
        if content_id == _ABSENT_ID:
            return gone
        found = versions.documents(content_id)
        if found is None:
            return None
        if gone:
            ref = self.place.ref
            return ref is not None and not any(_is_of(ref, document.text) for document in found)
        if self._text is None:
            line = self.place.line
            here = versions.documents(self.now)
            texts = (d.text for d in here or () if d.first <= line <= d.last)
            self._text = next(texts, b"")
        return any(document.text == self._text for document in found) if self._text else None


def _is_of(ref: ResourceRef, text: bytes) -> bool:
    """Tell whether a document's text is that of an object, by its kind and name as they are written most often."""
    name, *others = reversed(ref.key.split("/"))
    return all(
        re.search(form, text)
        for form in (
            rb"\bkind[\"']?\s*:\s*[\"']?" + re.escape(ref.kind.encode()) + rb"\b",
            rb"[nN]ame[\"']?\s*:\s*[\"']?" + re.escape(name.encode()) + rb"(?![\w.-])",
            *(rb"(?<![\w.-])" + re.escape(other.encode()) + rb"(?![\w.-])" for other in others),
        )
    )


def last_touches(
    git: GitProcess,
    commit: str,
    wanted: Mapping[DocumentPlace, tuple[bytes, str | None]],
    below: str,
) -> dict[DocumentPlace, Authorship]:
    """Return who last touched the documents ``wanted``, as far as the history of ``commit`` reaches.

    ``wanted`` gives the path each has in the repository, and the id of that file's present content, None for a file that is gone.
    """
    # The commits before which a shallow history ends: they seem to have made every file and say nothing.
    shallow = git.repository / "shallow"
    cut_off = frozenset(shallow.read_text().split() if shallow.exists() else ())
    left: defaultdict[bytes, list[_Wanted]] = defaultdict(list)
    for place, (path, now) in wanted.items():
        left[path].append(_Wanted(place, now or _ABSENT_ID))
    found: dict[DocumentPlace, Authorship] = {}
    names = [path.decode(errors="surrogateescape") for path in left]
    limits = names if len(names) <= _FEW_PATHS else [below] if below else []
    until = time.monotonic() + HISTORY_TIMEOUT_S
    with (
        git.streaming(*_TOUCHED, commit, "--", *limits, timeout_s=HISTORY_TIMEOUT_S) as log,
        git.streaming("cat-file", "--batch", timeout_s=HISTORY_TIMEOUT_S) as child,
    ):
        versions = _Versions(child)
        for touch in _touches(_tokens(log.stdout)):
            if touch.path in left and touch.authorship.commit not in cut_off:
                here = left[touch.path]
                made = [document for document in here if document.came_of(touch, versions)]
                found |= {document.place: touch.authorship for document in made}
                left[touch.path] = [document for document in here if document not in made]
                if not left[touch.path]:
                    del left[touch.path]
            if not left or time.monotonic() > until:
                break
    return found


def _tokens(stream: IO[bytes] | None) -> Iterator[bytes]:
    rest = b""
    while stream is not None and (chunk := os.read(stream.fileno(), _CHUNK_BYTES)):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
        if len(rest) > MAX_VERSION_BYTES:
            # No subject or path is so long: the rest is unknown.
            return
    yield rest


def _touches(tokens: Iterator[bytes]) -> Iterator[_Touch]:
    """Read ``git log --raw -z``: a commit's line, then per file a line that begins with a colon, then the file's path."""
    authorship = UNKNOWN_AUTHORSHIP
    for token in tokens:
        words = token.lstrip(b"\n")
        if words.startswith(b":"):
            # ``::mode mode mode id id id status``: as many colons as parents, then parents + 1 modes and parents + 1 ids.
            parents = len(words) - len(words.lstrip(b":"))
            *before, after = (
                found.decode() for found in words.split()[parents + 1 : 2 * parents + 2]
            )
            yield _Touch(authorship, next(tokens, b""), tuple(before), after)
        elif words:
            parts = (*words.decode(errors="replace").split("\x1f", 3), "", "", "")
            authorship = Authorship(parts[0], line_of(parts[1]), parts[2], line_of(parts[3]))
