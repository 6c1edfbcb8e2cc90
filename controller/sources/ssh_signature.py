"""Whose key signed something: ``ssh-keygen`` judges by keys that are given, and by no file of this user or of a repository."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from controller.errors import WrongUsage

BEGINNING: Final = b"-----BEGIN SSH SIGNATURE-----"
MOST_BYTES: Final = 16 * 1024
"""A longer signature is none: the longest of a key that is listed takes less than half of it."""
_TIMEOUT_S: Final = 20.0


def signer_of(data: bytes, signature: bytes, keys: Iterable[str], namespace: str) -> str:
    """Return the name of whose key signed ``data`` for a ``namespace`` (``git``); empty where none of the keys did.

    ``keys`` are each ``NAME TYPE KEY``. Raises WrongUsage where ``ssh-keygen`` is not installed.
    """
    if len(signature) > MOST_BYTES or not signature.lstrip().startswith(BEGINNING):
        return ""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise WrongUsage(
            "ssh-keygen is not installed, which tells who signed",
            fix="install OpenSSH 8.1 or newer, or take the keys out of the settings",
        )
    lines = [name_and_key.split(" ", 1) for name_and_key in keys]
    allowed = "".join(f'{name} namespaces="{namespace}" {key}\n' for name, key in lines)
    # Neither is a secret, but nobody else is to exchange them meanwhile.
    with TemporaryDirectory(prefix="envctl-signature-") as folder:
        signed, listed = Path(folder, "signature"), Path(folder, "allowed")
        signed.write_bytes(signature)
        listed.write_text(allowed, encoding="ascii")
        files = ("-s", str(signed), "-f", str(listed))
        found = _run(program, "find-principals", *files)
        name = (found or b"").decode(errors="replace").partition("\n")[0]
        if not name:
            return ""
        good = _run(program, "verify", *files, "-I", name, "-n", namespace, data=data)
        return "" if good is None else name


def _run(program: str, action: str, *arguments: str, data: bytes = b"") -> bytes | None:
    """Return what it said, None where it refused or did not end."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [program, "-Y", action, *arguments],
            input=data,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
