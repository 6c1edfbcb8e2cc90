"""The bare repository a Git source is read through: fetched into, never checked out, thrown away when broken."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from controller.errors import EnvctlError, SourceUnavailable
from controller.sources.git_credential import GitCredential, redact
from controller.sources.git_errors import last_words, remote_error
from controller.sources.git_process import Finished, GitProcess
from controller.sources.location import GitLocation

LS_REMOTE_TIMEOUT_S = 60.0
FETCH_TIMEOUT_S = 900.0
LOCK_TIMEOUT_S = 960.0
"""Longer than a fetch may take: who waits for another process's fetch finds it done."""

_PAUSE_S = 0.05
_NOT_GIVEN_OUT = ("not our ref", "couldn't find remote ref", "unadvertised object")


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
        self._made_folder()
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

    def fetch(self, wanted: str) -> bool:
        """Fetch a ref or a commit by its id; False when the server does not give it out.

        Raises the error the server's answer means, or BrokenCache when it means none we know.
        """
        return self._fetch(f"+{wanted}:{self._own_ref}")

    def fetch_all(self) -> None:
        """Fetch all branches and tags: the way to a commit that a server does not give out by its id."""
        self._fetch(
            f"+refs/heads/*:{self._own_ref}-heads/*", f"+refs/tags/*:{self._own_ref}-tags/*"
        )

    def rebuild(self) -> None:
        """Put an empty repository in the place of the broken one."""
        with self._locked():
            aside = self.repository.with_name(f"{self.repository.name}.broken-{os.getpid()}")
            with contextlib.suppress(FileNotFoundError):
                self.repository.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
            self._prepare()

    def shallow_commits(self) -> frozenset[str]:
        """Return the commits at which the server's history was cut off; empty when it is whole."""
        try:
            return frozenset((self.repository / "shallow").read_text().split())
        except FileNotFoundError:
            return frozenset()

    def _fetch(self, *specs: str) -> bool:
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

    def _made_folder(self) -> Path:
        folder = self.repository.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unusable(folder, error) from error
        return folder

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        folder = self._made_folder()
        try:
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
            descriptor = os.open(f"{self.repository}.lock", flags, 0o600)
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            self._wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _wait_for(self, descriptor: int) -> None:
        until = time.monotonic() + LOCK_TIMEOUT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    raise SourceUnavailable(
                        f"{self._location}: another process has been fetching it for {LOCK_TIMEOUT_S:.0f} s",
                        fix="end that process, or give this one a cache folder of its own",
                    ) from None
                time.sleep(_PAUSE_S)


def _unusable(folder: Path, error: OSError) -> SourceUnavailable:
    return SourceUnavailable(
        f"{folder}: the cache folder cannot be used: {error.strerror}",
        fix="make it writable for this user, or name another in the settings",
    )
