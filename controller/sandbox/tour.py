"""What happens around the guided tour: the Git repository of the examples with its commits, and somebody who changes an item."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import boto3

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

Author = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TourRepository:
    """A repository with a work tree; ``main`` is its branch, ``fleet`` the folder of the desired state."""

    folder: Path

    @property
    def fleet(self) -> Path:
        """The folder of the desired state."""
        return self.folder / "fleet"

    def begin(self) -> None:
        """Commit the examples, and eight Permissions of which more will be heard. Raises WrongUsage without git."""
        if shutil.which("git") is None:
            raise WrongUsage("git is missing", fix="install it, version 2.31 or newer")
        self.folder.mkdir(parents=True)
        shutil.copytree(EXAMPLES, self.fleet)
        documents = "---\n".join(_CONTRACTOR.format(number=number) for number in range(1, 9))
        (self.fleet / CONTRACTORS).write_text(documents, encoding="utf-8")
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


def change_service(service: str, contact: str) -> str:
    """Set whom to ask about a service, straight in the table; return the command somebody might have typed.

    The environment says which AWS it is.
    """
    boto3.Session().client("dynamodb").update_item(
        TableName="InfraConfigServices",
        Key={"ServiceName": {"S": service}},
        UpdateExpression="SET #value.#contact = :contact",
        ExpressionAttributeNames={"#value": "Value", "#contact": "PrimaryContact"},
        ExpressionAttributeValues={":contact": {"S": contact}},
    )
    return (
        "aws dynamodb update-item --table-name InfraConfigServices"
        f' --key \'{{"ServiceName": {{"S": "{service}"}}}}\' --update-expression "SET …PrimaryContact = {contact}"'
    )


def delete_service(service: str) -> str:
    """Delete a service straight from the table; return the command somebody might have typed."""
    boto3.Session().client("dynamodb").delete_item(
        TableName="InfraConfigServices", Key={"ServiceName": {"S": service}}
    )
    return (
        "aws dynamodb delete-item --table-name InfraConfigServices"
        f' --key \'{{"ServiceName": {{"S": "{service}"}}}}\''
    )
