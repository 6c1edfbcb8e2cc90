"""A commit that takes commits back, on a new branch of somebody's clone; no file of theirs is touched, and no branch but the new one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from controller.errors import Conflict, WrongUsage
from controller.sources.git_process import Finished, GitProcess, last_words

_NO_COMMIT: Final = "0" * 40
_CONFLICTED: Final = 1
MAIN: Final = "HEAD"


class RevertCommit(NamedTuple):
    """The commit that was made, on which branch, which commits it takes back (newest first), and the files it changes."""

    commit: str
    branch: str
    reverted: tuple[str, ...]
    paths: tuple[str, ...]


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
        self, commits: Sequence[str], branch: str, message: str, ref: str = MAIN
    ) -> RevertCommit:
        """Make one commit on a new branch, beginning at ``ref``, that takes the commits back, as git revert would.

        Raises WrongUsage for a folder that is no repository, a commit that is not in it, a branch that exists; Conflict where
        later commits changed the same lines.
        """
        start = self._start(ref)
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
        tree = start
        for commit in ordered:
            tree = self._without(tree, commit)
        if self._said("rev-parse", f"{start}^{{tree}}") == self._tree(tree):
            raise WrongUsage(
                f"{self.folder}: these commits were taken back already", fix="nothing is left to do"
            )
        made = self._said("commit-tree", self._tree(tree), "-p", start, "-m", message)
        created = self._run("update-ref", f"refs/heads/{branch}", made, _NO_COMMIT)
        if created.status:
            raise WrongUsage(
                f"{self.folder}: branch {branch} cannot be made: {last_words(created.errors)}",
                fix=f"git branch -D {branch} takes an earlier one away",
            )
        changed = self._said("diff-tree", "-r", "--name-only", "-z", start, made)
        paths = tuple(filter(None, changed.split("\0")))
        return RevertCommit(made, branch, ordered, paths)

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

    def _tree(self, name: str) -> str:
        return self._said("rev-parse", f"{name}^{{tree}}")

    def _said(self, *arguments: str) -> str:
        ended = self._run(*arguments)
        if ended.status:
            raise WrongUsage(
                f"{self.folder}: git {arguments[0]} failed: {last_words(ended.errors)}",
                fix="run it by hand there; git config user.name and user.email say who commits",
            )
        return ended.output.decode(errors="replace").strip()

    def _run(self, *arguments: str) -> Finished:
        return self._git.run(*arguments)
