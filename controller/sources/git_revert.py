"""A commit that takes commits back, on a new branch of somebody's clone; no file of theirs is touched, and no branch but the new one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from controller.errors import Conflict, WrongUsage
from controller.sources.git_process import Finished, GitProcess, last_words

_NO_COMMIT: Final = "0" * 40
_CONFLICTED: Final = 1
MAIN: Final = "HEAD"
_NOTHING: Final = "000000"

Becomes = Callable[[bytes | None, bytes | None], bytes | None]
"""What becomes of a file as it is now and as a revert makes it; None is no file."""


class RevertCommit(NamedTuple):
    """The commit that was made, on which branch, which commits it takes back (newest first), and the files it changes.

    ``left`` are files of which something that those commits changed stays.
    """

    commit: str
    branch: str
    reverted: tuple[str, ...]
    paths: tuple[str, ...]
    left: tuple[str, ...] = ()


class _Entry(NamedTuple):
    """What a tree has of a path: zeros where there is nothing."""

    mode: str
    blob: str


class _Changed(NamedTuple):
    """A path of which two trees have something else."""

    path: str
    now: _Entry
    reverted: _Entry


@dataclass(frozen=True, slots=True)
class Clone:
    """A repository of this machine, bare or with files."""

    folder: Path
    _git: GitProcess = field(init=False)

    def __post_init__(self) -> None:
        """Find where its objects are. Nothing is started."""
        inside = self.folder / ".git"
        where = (inside if inside.exists() else self.folder).absolute()
        # The user's own settings say who they are.
        object.__setattr__(self, "_git", GitProcess(where, {}, user_config=True))

    def revert(
        self,
        commits: Sequence[str],
        branch: str,
        message: str,
        becomes: Becomes,
        ref: str = MAIN,
    ) -> RevertCommit:
        """Make one commit on a new branch, beginning at ``ref``, that takes the commits back, as far as ``becomes`` says, file by file.

        Raises WrongUsage for a folder that is no repository, a commit that is not in it, a branch that exists, where nothing is
        taken back; Conflict where later commits changed the same lines.
        """
        start = self._start(ref)
        ordered = self._newest_first(commits, start, ref)
        tree = start
        for commit in ordered:
            tree = self._without(tree, commit)
        reverted, kept = self._tree(tree), self._tree(start)
        if reverted == kept:
            raise WrongUsage(
                f"{self.folder}: these commits were taken back already", fix="nothing is left to do"
            )
        result = self._partly(kept, reverted, becomes)
        if result == kept:
            shared = ", ".join(found.path for found in self._changed(kept, reverted))
            raise WrongUsage(
                f"{self.folder}: what is rolled back comes of what other objects share, in {shared}",
                fix="leave --git out, and edit that by hand",
            )
        made = self._said("commit-tree", result, "-p", start, "-m", message)
        created = self._run("update-ref", f"refs/heads/{branch}", made, _NO_COMMIT)
        if created.status:
            raise WrongUsage(
                f"{self.folder}: branch {branch} cannot be made: {last_words(created.errors)}",
                fix=f"git branch -D {branch} takes an earlier one away",
            )
        paths = tuple(found.path for found in self._changed(kept, result))
        left = tuple(found.path for found in self._changed(result, reverted))
        return RevertCommit(made, branch, ordered, paths, left)

    def _newest_first(self, commits: Sequence[str], start: str, ref: str) -> tuple[str, ...]:
        wanted = set(commits)
        missing = [commit for commit in commits if self._run("cat-file", "-e", commit).status]
        if missing:
            raise WrongUsage(
                f"{self.folder}: commit {missing[0]} is not in it", fix="git fetch, then again"
            )
        listed = self._said("rev-list", "--topo-order", start).split()
        ordered = tuple(commit for commit in listed if commit in wanted)
        if len(ordered) < len(wanted):
            away = min(wanted - set(ordered))
            raise WrongUsage(
                f"{self.folder}: commit {away} is not part of {ref}",
                fix="git fetch, or see whether it was taken back already",
            )
        return ordered

    def _start(self, ref: str) -> str:
        if self._run("rev-parse", "--git-dir").status:
            raise WrongUsage(
                f"{self.folder} is no Git repository", fix="name the folder of a clone"
            )
        for name in (f"refs/remotes/origin/{ref}", f"refs/heads/{ref}", MAIN):
            found = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            if not found.status:
                return found.output.decode().strip()
        raise WrongUsage(f"{self.folder}: it has no commit", fix="name the folder of a clone")

    def _without(self, tree: str, commit: str) -> str:
        """Return the tree without what a commit made."""
        merged = self._run(
            "merge-tree",
            "--write-tree",
            "--name-only",
            f"--merge-base={commit}",
            tree,
            f"{commit}^",
        )
        lines = merged.output.decode(errors="replace").splitlines()
        if merged.status == _CONFLICTED:
            files = ", ".join(dict.fromkeys(lines[1 : lines.index("", 1)] if "" in lines else []))
            raise Conflict(
                f"{self.folder}: commit {commit[:12]} cannot be taken back: {files} changed since",
                fix=f"git revert {commit[:12]} by hand",
            )
        if merged.status or not lines:
            raise WrongUsage(
                f"{self.folder}: git cannot take commit {commit[:12]} back: {last_words(merged.errors)}",
                fix="install git 2.40 or newer; the first commit of a history, or a merge, is taken back by hand",
            )
        return lines[0]

    def _partly(self, start: str, reverted: str, becomes: Becomes) -> str:
        """Return the reverted tree, in which every file is what becomes of it."""
        with TemporaryDirectory() as folder:
            index = replace(self._git, index=Path(folder, "index"))
            self._said("read-tree", reverted, git=index)
            for path, now, then in self._changed(start, reverted):
                ours, theirs = self._content(now), self._content(then)
                wanted = becomes(ours, theirs)
                if wanted == theirs:
                    continue
                if wanted is None:
                    self._said("update-index", "--force-remove", "--", path, git=index)
                    continue
                entry = now
                if wanted != ours:
                    mode = then.mode if now.mode == _NOTHING else now.mode
                    entry = _Entry(mode, self._stored(wanted))
                placed = f"{entry.mode},{entry.blob},{path}"
                self._said("update-index", "--add", "--cacheinfo", placed, git=index)
            return self._said("write-tree", git=index)

    def _changed(self, start: str, reverted: str) -> Iterator[_Changed]:
        told = self._said("diff-tree", "-r", "-z", "--no-renames", start, reverted).split("\0")
        for about, path in zip(told[::2], told[1::2], strict=False):
            now, then, ours, theirs, _ = about.removeprefix(":").split()
            yield _Changed(path, _Entry(now, ours), _Entry(then, theirs))

    def _stored(self, content: bytes) -> str:
        """Write a file's bytes as an object; return its name."""
        with self._git.streaming("hash-object", "-w", "--stdin") as child:
            said, errors = child.communicate(content)
            if child.returncode:
                why = last_words(errors.decode(errors="replace"))
                raise WrongUsage(
                    f"{self.folder}: git hash-object failed: {why}", fix="run it by hand there"
                )
        return said.decode().strip()

    def _content(self, entry: _Entry) -> bytes | None:
        """Return a file's bytes; None for none, and for what is another repository."""
        found = self._run("cat-file", "blob", entry.blob)
        return None if found.status else found.output

    def _tree(self, name: str) -> str:
        return self._said("rev-parse", f"{name}^{{tree}}")

    def _said(self, *arguments: str, git: GitProcess | None = None) -> str:
        ended = (git or self._git).run(*arguments)
        if ended.status:
            raise WrongUsage(
                f"{self.folder}: git {arguments[0]} failed: {last_words(ended.errors)}",
                fix="run it by hand there; git config user.name and user.email say who commits",
            )
        return ended.output.decode(errors="replace").strip()

    def _run(self, *arguments: str) -> Finished:
        return self._git.run(*arguments)
