"""The Git repository of the guided tour: the examples, and who commits what there."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from controller.errors import EnvctlError, WrongUsage
from controller.sandbox.run import EXAMPLES

ADA = ("Ada Author", "ada@acme.example")
BEN = ("Ben Builder", "ben@acme.example")
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Nobody's personal settings of Git, hooks and signatures among them, have a part in the tour."""

CONTRACTORS = "teams/contractors.yaml"
_CONTRACTOR = """apiVersion: envctl/v1
kind: Permission
metadata: {{name: contractor{number}}}
spec: {{permissions: [{{resource: "/config/services/*", access: PUT}}]}}
"""

_SCHEDULES = """apiVersion: envctl/v1
kind: Schedule
metadata: {{name: office-hours}}
spec: {{expression: "{hours}"}}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {{name: office-hours-and-saturday}}
spec: {{expression: "{hours}"}}
"""
OFFICE_HOURS = timedelta(hours=10)

Author = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TourRepository:
    """A repository with a work tree; ``main`` is its branch, ``fleet`` the folder of the desired state."""

    folder: Path

    @property
    def fleet(self) -> Path:
        """The folder of the desired state."""
        return self.folder / "fleet"

    def begin(self, evening: datetime) -> None:
        """Commit the examples, as a day sees them whose office hours end in the ``evening``, and eight Permissions more.

        No calendar freezes anything, and production may be changed. Raises WrongUsage without git.
        """
        if shutil.which("git") is None:
            raise WrongUsage("git is missing", fix="install it, version 2.31 or newer")
        self.folder.mkdir(parents=True)
        shutil.copytree(EXAMPLES, self.fleet)
        documents = "---\n".join(_CONTRACTOR.format(number=number) for number in range(1, 9))
        (self.fleet / CONTRACTORS).write_text(documents, encoding="utf-8")
        morning = evening - OFFICE_HOURS
        hours = f"start: {morning:%-M %-H} * * *; stop: {evening:%-M %-H} * * *"
        (self.fleet / "schedules/schedules.yaml").write_text(
            _SCHEDULES.format(hours=hours), encoding="utf-8"
        )
        self._without("accounts/prod-eu.yaml", "  freeze:", "  mode: observe")
        self._without("accounts/staging-eu.yaml", "  freeze:")
        self._without("staging/environments.yaml", "  schedule: {mode: automatic, expression")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("The fleet as it is", ADA)

    def edit(self, path: str, name: str, before: str, after: str) -> None:
        """Change the first such text in the document of this name in a file of the fleet.

        Raises EnvctlError if that changes nothing: the examples are others than the tour tells of.
        """
        file = self.fleet / path
        found = file.read_text(encoding="utf-8")
        changed = "\n---\n".join(
            document.replace(before, after, 1) if f"name: {name}" in document else document
            for document in found.split("\n---\n")
        )
        if changed == found:
            raise EnvctlError(f"tour: {path} is not as the tour tells it")
        file.write_text(changed, encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a file of the fleet."""
        (self.fleet / path).write_text(text, encoding="utf-8")

    def commit(self, message: str, author: Author) -> None:
        """Commit everything as somebody."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message, author=author)

    def shown(self) -> str:
        """Return what the newest commit changed, as git shows it, without the lines around."""
        text = self.git("show", "--format=%h %an: %s", "--unified=0", "--no-color", "HEAD")
        noise = ("diff --git", "index ", "+++ ", "@@ ", "deleted file")
        lines = [line for line in text.splitlines() if line and not line.startswith(noise)]
        lines = [line.removeprefix("--- a/") for line in lines]
        return "\n".join(lines if len(lines) <= 12 else [*lines[:8], f"… {len(lines) - 8} more"])

    def head(self) -> str:
        """Return the newest commit, in twelve digits."""
        return self.git("rev-parse", "--short=12", "HEAD").strip()

    def _without(self, path: str, *beginnings: str) -> None:
        """Take lines that begin so out of a file of the fleet. Raises EnvctlError where one of them is not there."""
        file = self.fleet / path
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(beginnings)]
        if len(lines) - len(kept) < len(beginnings):
            raise EnvctlError(f"tour: {path} is not as the tour takes it")
        file.write_text("".join(kept), encoding="utf-8")

    def git(self, *arguments: str, author: Author = ADA) -> str:
        """Run git here; return its output. Raises EnvctlError with what it said if it fails."""
        name, mail = author
        who = {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": mail}
        who |= {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail}
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", *arguments],  # noqa: S607 - the git of the PATH is the one the product uses
            cwd=self.folder,
            env={**os.environ, **GIT_ENVIRONMENT, **who},
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise EnvctlError(f"tour: git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout
