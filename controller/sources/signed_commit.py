"""Whether a commit was signed by a key that the settings list: what it holds is then its signer's word, whoever may push.

The commit is read as it is and judged by ``ssh_signature``. Git's own ``verify-commit`` would ask the key rings and settings of this user
for signatures of other forms.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from controller.errors import UntrustedRevision
from controller.sources.git_process import GitProcess
from controller.sources.ssh_signature import signer_of

NAMESPACE: Final = "git"
"""What Git signs commits for."""
_MOST_BYTES: Final = 1024 * 1024
"""A longer commit is not looked into."""
_HEADER: Final = b"gpgsig "


class _Parted(NamedTuple):
    """A commit without its signature, and that."""

    payload: bytes
    signature: bytes


def check_signed(git: GitProcess, commit: str, keys: Sequence[str], source: str) -> str:
    """Return whose key signed a commit. Raises UntrustedRevision where none of ``keys`` did (``NAME TYPE KEY`` each)."""
    read = git.run("cat-file", "commit", commit, most_bytes=_MOST_BYTES)
    parted = None if read.status else _part(read.output)
    name = "" if parted is None else signer_of(*parted, keys, NAMESPACE)
    if not name:
        said = "is not signed by SSH" if parted is None else "is signed by none of the listed keys"
        raise UntrustedRevision(
            f"{source}: commit {commit[:7]} {said}, so nothing is planned from it",
            fix="let one of source.git.signers commit on top of it with git commit --allow-empty -S, and push that",
            facts={"revision": commit},
        )
    return name


def _part(commit: bytes) -> _Parted | None:
    """Part a commit as Git did when it was signed; None where there is not exactly one signature."""
    head, blank, message = commit.partition(b"\n\n")
    kept: list[bytes] = []
    signature: list[bytes] = []
    in_signature, found = False, 0
    for line in head.split(b"\n"):
        # A header goes on in lines that begin with a space.
        in_signature = line.startswith(_HEADER) or (in_signature and line.startswith(b" "))
        if in_signature:
            found += line.startswith(_HEADER)
            signature.append(line.removeprefix(_HEADER).removeprefix(b" "))
        else:
            kept.append(line)
    if found != 1:
        return None
    return _Parted(b"\n".join(kept) + blank + message, b"\n".join(signature) + b"\n")
