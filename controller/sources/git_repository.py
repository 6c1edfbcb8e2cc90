"""The bare repository a Git source is read through: fetched into, never checked out, thrown away when broken.

Trees and contents are read by object id, without ever naming a file on disk.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from controller.errors import EnvctlError, SourceUnavailable
from controller.ports import Revision
from controller.sources.git_process import Finished, GitProcess, last_words, remote_error
from controller.sources.location import GitCredential, GitLocation, redact
from controller.sources.selection import Found, FoundKind, is_hidden

LS_REMOTE_TIMEOUT_S = 60.0
FETCH_TIMEOUT_S = 900.0
LOCK_TIMEOUT_S = 960.0
"""Longer than a fetch may take: who waits for another process's fetch finds it done."""

_PAUSE_S = 0.05
_NOT_GIVEN_OUT = ("not our ref", "couldn't find remote ref", "unadvertised object")

_KINDS: dict[bytes, FoundKind] = {b"120000": "link", b"160000": "submodule"}
_LONGEST_TARGET = 4096
# As many ids as surely fit into a pipe: git answers while we still ask, and neither waits for the other.
_BATCH = 256
READ_TIMEOUT_S = 600.0


class BrokenCache(SourceUnavailable):
    """The local copy gave an answer no sound repository gives; a new copy is made once."""


class GitCache:
    """One bare repository per URL in ``cache_dir``, shared by all processes of this user.

    History is fetched in full, with contents: authorship needs the commits behind the newest, and later fetches then
    bring only what is new. Who writes holds a file lock; readers need none, because objects never change.
    """

    def __init__(
        self, location: GitLocation, cache_dir: Path, credential: GitCredential | None
    ) -> None:
        digest = hashlib.sha256(location.url.encode()).hexdigest()[:32]
        self.repository = cache_dir / "git" / f"{digest}.git"
        self._location = location
        self._credential = credential
        self._own_ref = f"refs/envctl/{hashlib.sha256(location.ref.encode()).hexdigest()[:16]}"
        settings = credential.config_for(location.url) if credential else {}
        self._remote = GitProcess(
            self.repository, settings, user_config=location.url.startswith("file:")
        )
        self.local = GitProcess(self.repository, {})

    def ls_remote(self, *patterns: str) -> dict[str, str]:
        """Ask the server once which object each ref matching ``patterns`` is; all refs when there is none.

        The key ``ref: HEAD`` says which branch HEAD is. Needs no repository here, so it never waits for a fetch.
        """
        _make_folder(self.repository.parent)
        asked = ("ls-remote", "--symref", "--", self._location.url, *patterns)
        done = self._remote.run(*asked, timeout_s=LS_REMOTE_TIMEOUT_S)
        if done.status != 0:
            raise self._failed(done, SourceUnavailable)
        answer: dict[str, str] = {}
        for line in done.output.decode(errors="replace").splitlines():
            value, _, ref = line.partition("\t")
            if value.startswith("ref: "):
                answer[f"ref: {ref}"] = value.removeprefix("ref: ")
            else:
                answer[ref] = value
        return answer

    def holds(self, commit: str) -> bool:
        """Tell, without asking the server, whether a commit is here (and then all it refers to is)."""
        return (
            self.repository.is_dir()
            and self.local.run("cat-file", "-e", f"{commit}^{{commit}}").status == 0
        )

    def fetch(self, wanted: str | None) -> bool:
        """Fetch a ref or a commit by its id; False when the server does not give it out.

        None is all branches and tags: the way to a commit that a server does not give out by its id.
        Raises the error the server's answer means, or BrokenCache when it means none we know.
        """
        own = self._own_ref
        specs = [f"+{wanted}:{own}"]
        if wanted is None:
            specs = [f"+refs/heads/*:{own}-heads/*", f"+refs/tags/*:{own}-tags/*"]
        with self._locked():
            self._prepare()
            done = self._remote.run(
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-recurse-submodules",
                "--no-write-fetch-head",
                "--update-shallow",
                "--",
                self._location.url,
                *specs,
                timeout_s=FETCH_TIMEOUT_S,
            )
        if done.status == 0:
            return True
        if any(words in done.errors for words in _NOT_GIVEN_OUT):
            return False
        raise self._failed(done, BrokenCache)

    def rebuild(self) -> None:
        """Put an empty repository in the place of the broken one."""
        with self._locked():
            aside = self.repository.with_name(f"{self.repository.name}.broken-{os.getpid()}")
            with contextlib.suppress(FileNotFoundError):
                self.repository.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            self._prepare()

    def _failed(self, done: Finished, otherwise: type[SourceUnavailable]) -> EnvctlError:
        name = str(self._location)
        errors = redact(done.errors, self._credential)
        # An answer about our own copy is no answer of the server's.
        ours = str(self.repository) in errors
        known = None if ours else remote_error(name, errors)
        return known or (BrokenCache if ours else otherwise)(
            f"{name}: git could not read it: {last_words(errors)}",
            fix="try git ls-remote with the same URL by hand",
        )

    def _prepare(self) -> None:
        if (self.repository / "HEAD").exists():
            return
        shutil.rmtree(self.repository, ignore_errors=True)
        fresh = self.repository.with_name(f"{self.repository.name}.new-{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        done = GitProcess(fresh, {}).run("init", "--bare", "--quiet", "--template=", str(fresh))
        if done.status != 0:
            raise SourceUnavailable(
                f"{self.repository.parent}: no repository can be made here: {last_words(done.errors)}",
                fix="make the cache folder writable for this user",
            )
        # In one step: nobody ever sees half a repository.
        fresh.rename(self.repository)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        _make_folder(self.repository.parent)
        try:
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
            descriptor = os.open(f"{self.repository}.lock", flags, 0o600)
        except OSError as error:
            raise _unusable(self.repository.parent, error) from error
        until = time.monotonic() + LOCK_TIMEOUT_S
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise SourceUnavailable(
                            f"{self._location}: another process has been fetching it for {LOCK_TIMEOUT_S:.0f} s",
                            fix="end that process, or give this one a cache folder of its own",
                        ) from None
                    time.sleep(_PAUSE_S)
            yield
        finally:
            os.close(descriptor)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> SourceUnavailable:
    return SourceUnavailable(
        f"{folder}: the cache folder cannot be used: {error.strerror}",
        fix="make it writable for this user, or name another in the settings",
    )


def list_tree(git: GitProcess, tree: str) -> list[Found] | None:
    """Return all entries below ``tree`` (a tree's name, ``COMMIT:FOLDER`` too); None when there is no such tree."""
    done = git.run("ls-tree", "-r", "-z", "-l", tree)
    if done.status != 0:
        return None
    entries: list[Found] = []
    for line in done.output.split(b"\0"):
        if line:
            about, _, path = line.partition(b"\t")
            mode, _, object_id, size = about.split()
            kind = _KINDS.get(mode, "file")
            entries.append(Found(path, kind, object_id.decode(), 0 if size == b"-" else int(size)))
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


def _missing(git: GitProcess, object_id: str) -> BrokenCache:
    why = last_words(git.run("cat-file", "-e", object_id).errors)
    return BrokenCache(
        f"object {object_id} cannot be read from {git.repository}: git says {why}",
        fix="remove that folder; it is fetched again",
    )


def read_revision(git: GitProcess, commit: str, branch: str) -> Revision:
    """Return what people know a commit by. Raises BrokenCache when it is not there."""
    form = "--format=format:%an <%ae>%x00%aI%x00%cn <%ce>%x00%P%x00%B"
    done = git.run("log", "-1", "-z", "--no-show-signature", form, commit, "--")
    parts = done.output.decode(errors="replace").split("\0")
    if done.status != 0 or len(parts) < 5:
        raise BrokenCache(
            f"commit {commit} cannot be read from {git.repository}: git says {last_words(done.errors)}",
            fix="remove that folder; it is fetched again",
        )
    label = f"{branch}@{commit[:7]}" if branch else commit[:7]
    author = line_of(parts[0])
    merged_by = author if len(parts[3].split()) > 1 else ""
    return Revision(commit, label, author, parts[4], parts[1], line_of(parts[2]), merged_by)


def line_of(text: str) -> str:
    """Return text of a commit as one line that cannot steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
