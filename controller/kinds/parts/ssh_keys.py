"""Public keys of SSH that the settings list, each with whose it is: ``ada ssh-ed25519 AAAA…``."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from controller.kinds.language.documented import Names
from controller.kinds.language.spec import unfit

# A name without the patterns and lists that ssh-keygen knows there, and a key without options: no authority of certificates.
_KEY: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9@._+-]{0,127}"
    r" (?:sk-)?(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\.com)?"
    r" [A-Za-z0-9+/]{32,4096}={0,2}"
)


def _are_keys(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        if not _KEY.fullmatch(text):
            raise unfit(
                f"{text[:80]!r} is no public key of SSH with a name before it",
                "write NAME TYPE KEY, as ada ssh-ed25519 AAAA…: a name, a space, and the first two words of a .pub file",
            )
    return texts


SshKeys = Annotated[Names, AfterValidator(_are_keys)]
