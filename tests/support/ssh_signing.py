"""Keys of SSH made for a test, and what they sign."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.git_repository import Repository


@dataclass(frozen=True)
class SigningKey:
    """A key pair in a folder; ``name`` is whose it is."""

    name: str
    path: Path

    @classmethod
    def of(cls, name: str, folder: Path) -> "SigningKey":
        """Make one."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)],
            check=True,
            capture_output=True,
        )
        return cls(name, path)

    @property
    def listed(self) -> str:
        """As settings list it: NAME TYPE KEY."""
        kind, key, *_ = self.path.with_suffix(".pub").read_text().split()
        return f"{self.name} {kind} {key}"

    def sign(self, data: bytes, namespace: str) -> bytes:
        """Return a signature of data."""
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", str(self.path), "-n", namespace],
            input=data,
            check=True,
            capture_output=True,
        )
        return done.stdout

    def commit(self, repository: Repository, message: str = "signed") -> str:
        """Make an empty signed commit on top of a repository's branch; its id."""
        signing = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.path}")
        repository.git(*signing, "commit", "--quiet", "--allow-empty", "-S", "-m", message)
        return repository.head
