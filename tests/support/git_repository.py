"""Real Git repositories for tests, made with the ``git`` command."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repository:
    """A repository with a work tree, whose branch is ``main``."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Repository":
        """Make an empty one."""
        folder.mkdir(parents=True)
        repository = cls(folder)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    @property
    def url(self) -> str:
        """What to fetch it from."""
        return f"file://{self.folder}"

    @property
    def head(self) -> str:
        """The id of the newest commit."""
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run git here; its output without the last line end."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            check=True,
            capture_output=True,
        )
        return done.stdout.decode(errors="surrogateescape").rstrip("\n")

    def commit(
        self,
        files: Mapping[str, str | bytes | None],
        message: str = "change",
        author: str = "Ada Author",
    ) -> str:
        """Write files (None removes one) and commit; the commit's id."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        email = f"{author.split(maxsplit=1)[0].lower()}@example.com"
        self.git(
            "commit", "--quiet", "--allow-empty", f"--author={author} <{email}>", "-m", message
        )
        return self.head


def git_calls(notes: Path) -> list[str]:
    """Return the Git command of each call noted: the first argument that is no option, and what ``-c`` takes is none."""
    commands = []
    for line in notes.read_text(errors="replace").splitlines():
        words = [word for word in line.split("\0") if word]
        known = ("ls-remote", "fetch", "cat-file", "ls-tree", "log", "show", "init", "rev-parse")
        commands.append(next((word for word in words if word in known), " ".join(words)[:60]))
    return commands


def recorded_git(folder: Path) -> tuple[Path, Path]:
    """Make a ``git`` that notes its arguments and then is git; its folder (for PATH) and the file of notes."""
    folder.mkdir()
    notes, program = folder / "notes", folder / "git"
    # One NUL after each argument, one line feed after each call.
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\0' \"$@\" >> '{notes}'\necho >> '{notes}'\nexec {shutil.which('git')} \"$@\"\n"
    )
    program.chmod(0o755)
    notes.touch()
    return folder, notes
