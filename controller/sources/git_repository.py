"""The bare repository a Git source is read through: fetched into, never checked out, thrown away when broken.

Git does what a repository's settings say, so a repository is used only where nobody else could have written it, and its settings
are ours before git reads them.
"""

import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from controller.errors import EnvctlError, SourceUnavailable
from controller.sources.git_objects import BrokenCache
from controller.sources.git_process import (
    TOO_LONG,
    Finished,
    GitProcess,
    last_words,
    remote_error,
)
from controller.sources.location import Credential, GitCredential, GitLocation, redact

LS_REMOTE_TIMEOUT_S = 60.0
FETCH_TIMEOUT_S = 900.0
LOCK_TIMEOUT_S = 960.0
"""Longer than a fetch may take: who waits for another process's fetch finds it done."""

_PAUSE_S = 0.05
_NOT_GIVEN_OUT = ("not our ref", "couldn't find remote ref", "unadvertised object")
_REFS_BYTES = 64 * 1024 * 1024
"""How much a server may say of its refs: some 800 000 of them."""
_REFS_MEMORY = 128 * 1024 * 1024
_FETCH_MEMORY = 2 * 1024 * 1024 * 1024
"""What git may take for itself while it asks, and while it fetches: a server may go on for ever."""
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
"""All that the repository's own settings say; git reads them before anything else."""
_LEADS_ELSEWHERE = ("commondir", "config.worktree", "info/grafts", "objects/info/alternates")
"""Files by which a repository takes settings, history or objects from elsewhere; ours has none."""


class GitCache:
    """One bare repository per URL in ``cache_dir``, shared by all processes of this user.

    History is fetched in full, with contents: authorship needs the commits behind the newest, and later fetches then
    bring only what is new. Who writes holds a file lock; readers need none, because objects never change.
    """

    def __init__(
        self, location: GitLocation, cache_dir: Path, credential: Credential | None
    ) -> None:
        digest = hashlib.sha256(location.url.encode()).hexdigest()[:32]
        self._folders = (cache_dir, cache_dir / "git")
        self.repository = self._folders[-1] / f"{digest}.git"
        self._location = location
        self._credential = credential
        self._own_ref = f"refs/envctl/{hashlib.sha256(location.ref.encode()).hexdigest()[:16]}"
        self.local = GitProcess(self.repository, {})

    def ls_remote(self, *patterns: str) -> dict[str, str]:
        """Ask the server once which object each ref matching ``patterns`` is; all refs when there is none.

        The key ``ref: HEAD`` says which branch HEAD is. Needs no repository here, so it never waits for a fetch.
        """
        self._make_safe()
        credential = self._current()
        done = self._remote(credential).run(
            *("ls-remote", "--symref", "--", self._location.url, *patterns),
            timeout_s=LS_REMOTE_TIMEOUT_S,
            most_bytes=_REFS_BYTES,
            most_memory=_REFS_MEMORY,
        )
        if done.status != 0:
            raise self._failed(done, credential, SourceUnavailable)
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
        self._make_safe()
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
        credential = self._current()
        with self._locked():
            self._prepare()
            done = self._remote(credential).run(
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
                most_memory=_FETCH_MEMORY,
            )
        if done.status == 0:
            return True
        if any(words in done.errors for words in _NOT_GIVEN_OUT):
            return False
        raise self._failed(done, credential, BrokenCache)

    def rebuild(self) -> None:
        """Put an empty repository in the place of the broken one."""
        with self._locked():
            aside = self.repository.with_name(f"{self.repository.name}.broken-{os.getpid()}")
            with contextlib.suppress(FileNotFoundError):
                self.repository.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            self._prepare()

    def _current(self) -> GitCredential | None:
        return None if self._credential is None else self._credential()

    def _remote(self, credential: GitCredential | None) -> GitProcess:
        url = self._location.url
        return GitProcess(
            self.repository,
            {} if credential is None else credential.config_for(url),
            user_config=url.startswith("file:"),
            key="" if credential is None else credential.key_for(url),
        )

    def _failed(
        self,
        done: Finished,
        credential: GitCredential | None,
        otherwise: type[SourceUnavailable],
    ) -> EnvctlError:
        name = str(self._location)
        errors = redact(done.errors, credential)
        if done.status == TOO_LONG:
            return SourceUnavailable(
                f"{name}: the server {errors}, more than is read",
                fix="name a repository with fewer branches and tags",
            )
        # An answer about our own copy is no answer of the server's.
        ours = str(self.repository) in errors
        known = None if ours else remote_error(name, errors)
        return known or (BrokenCache if ours else otherwise)(
            f"{name}: git could not read it: {last_words(errors)}",
            fix="try git ls-remote with the same URL by hand",
        )

    def _prepare(self) -> None:
        self._make_safe()
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
        fresh.chmod(0o700)
        # In one step: nobody ever sees half a repository.
        fresh.rename(self.repository)
        self._make_safe()

    def _make_safe(self) -> None:
        """Make sure that git obeys nothing here that is not ours, before it looks.

        Raises SourceUnavailable where somebody else could have written, BrokenCache where our settings cannot be put.
        """
        make_private(*self._folders)
        if not os.path.lexists(self.repository):
            return
        check_private(self.repository)
        try:
            for name in _LEADS_ELSEWHERE:
                (self.repository / name).unlink(missing_ok=True)
            config = self.repository / "config"
            if config.is_symlink() or not config.is_file() or config.read_bytes() != _CONFIG:
                fresh = config.with_name(f"config.new-{os.getpid()}")
                fresh.unlink(missing_ok=True)
                fresh.write_bytes(_CONFIG)
                fresh.replace(config)
        except OSError as error:
            raise BrokenCache(
                f"{self.repository}: its settings cannot be written: {error.strerror}",
                fix="remove that folder; it is fetched again",
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        make_private(*self._folders)
        try:
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(f"{self.repository}.lock", flags, 0o600)
        except OSError as error:
            raise unusable(self.repository.parent, error) from error
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


def make_private(*folders: Path) -> None:
    """Make folders, for this user alone, unless they are there. Raises SourceUnavailable where one cannot be used or trusted."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise unusable(folder, error) from error
        check_private(folder)


def check_private(folder: Path) -> None:
    """Raise SourceUnavailable unless ``folder`` is a folder of this user, not a link to one, that nobody else may write to."""
    try:
        status = os.lstat(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    path = shlex.quote(str(folder))
    remove = f"rm -rf {path} (what is in it is fetched again)"
    if not stat.S_ISDIR(status.st_mode):
        raise _foreign(folder, "is a link or a file, no folder", f"rm {path}")
    if status.st_uid != os.geteuid():
        raise _foreign(folder, f"belongs to another user, with the id {status.st_uid}", remove)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _foreign(
            folder,
            f"can be written to by others (mode {stat.S_IMODE(status.st_mode):04o})",
            f"{remove}; if nobody else wrote to it, chmod -R go-w {path}",
        )


def unusable(folder: Path, error: OSError) -> SourceUnavailable:
    """Return the error for a cache folder that the system does not let us use."""
    return SourceUnavailable(
        f"{folder}: the cache folder cannot be used: {error.strerror}",
        fix="make it writable for this user, or name another in the settings",
    )


def _foreign(folder: Path, why: str, fix: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{folder}: this cache folder {why}; git would do what it says, so it is not used", fix=fix
    )
