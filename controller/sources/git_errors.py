"""What git says when a server refuses or does not answer, and what that means for the one who reads it."""

import re
from typing import NamedTuple

from controller.errors import AccessDenied, EnvctlError, SourceUnavailable, WrongUsage


class Symptom(NamedTuple):
    """Words in git's error output, the error they mean, and what to do."""

    words: str
    error: type[EnvctlError]
    what: str
    fix: str


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        r"gave no answer within",
        SourceUnavailable,
        "the server did not answer in time",
        "check the network; it is tried again",
    ),
    Symptom(
        r"host key verification failed",
        AccessDenied,
        "the server's ssh key is not known here",
        "compare its fingerprint and add it to known_hosts (ssh-keyscan HOST)",
    ),
    Symptom(
        r"permission denied \(|too many authentication failures",
        AccessDenied,
        "the server refused our ssh key",
        "give this user a key with read access, through the ssh agent or the ssh configuration",
    ),
    Symptom(
        r"dubious ownership",
        AccessDenied,
        "the repository belongs to another user of this machine",
        "run as its owner, or declare it safe: git config --global --add safe.directory FOLDER",
    ),
    Symptom(
        r"authentication failed|could not read (username|password)|unable to get password|terminal prompts disabled|invalid credentials"
        r"|error: 40[13]\b|access denied|http basic",
        AccessDenied,
        "the server refused our credential, or wants one",
        "give a token that may read the repository, as a reference in the settings",
    ),
    Symptom(
        r"transport '.*' not allowed",
        WrongUsage,
        "this protocol is not allowed",
        "use an https, ssh or file URL",
    ),
    Symptom(
        r"error: 30[0-9]\b|unable to update url base",
        SourceUnavailable,
        "the server sends us to another address, and redirects are not followed",
        "write the repository's new URL",
    ),
    Symptom(
        r"certificate (problem|verif|signer)|server certificate|server verification failed|handshake",
        SourceUnavailable,
        "no trusted connection to the server",
        "give the authority's certificate in GIT_SSL_CAINFO",
    ),
    Symptom(
        r"could not resolve|connection (refused|timed out|reset)|failed to connect|couldn't connect|network is unreachable"
        r"|no route to host|non-properly terminated|recv error|ssl_read|ssl_error_syscall|operation too slow|empty reply|unexpected disconnect|early eof|hung up|kex_exchange"
        r"|error: 5[0-9][0-9]\b|error: 429\b",
        SourceUnavailable,
        "the server is out of reach",
        "check the host's name and the network; it is tried again",
    ),
    Symptom(
        r"repository .*not found|not found|does not appear to be a git repository|does not exist|error: 404\b"
        r"|no such file or directory",
        SourceUnavailable,
        "there is no repository, or the credential may not see it",
        "check the URL, then the credential's rights",
    ),
    Symptom(
        r"mismatched algorithms",
        SourceUnavailable,
        "the repository uses SHA-256 object ids, which are not supported",
        "use a repository with SHA-1 object ids",
    ),
)


def remote_error(name: str, errors: str) -> EnvctlError | None:
    """Return the error that git's (already redacted) output means, None when it is none of the known ones."""
    for symptom in SYMPTOMS:
        if re.search(symptom.words, errors, re.IGNORECASE):
            return symptom.error(
                f"{name}: {symptom.what}",
                detail=f"  git says: {last_words(errors)}",
                fix=symptom.fix,
            )
    return None


def last_words(errors: str, limit: int = 300) -> str:
    """Return the lines of git's output that say most, in one line of at most ``limit`` characters."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines
    text = "; ".join(telling[:3])
    return "".join(c if c.isprintable() else "?" for c in text)[:limit] or "nothing"
