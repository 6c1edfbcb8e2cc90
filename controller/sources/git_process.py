"""Start ``git`` so that it can do nothing but what we ask, and tell what its errors mean: the one place that knows GitPython.

Every child gets an environment without the caller's ``GIT_*`` variables, ignores hooks, asks nobody anything, speaks https,
ssh and file alone, and follows no redirect.  The credential is in that environment, which only this user can read.
"""

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from controller.errors import AccessDenied, EnvctlError, SourceUnavailable, WrongUsage
from controller.model.waits import WAITS
from controller.sources.location import GIT_PROTOCOLS

LOCAL_TIMEOUT_S = 120.0
LOCAL_BYTES: Final = 64 * 1024 * 1024
"""How much of git's output is read where nothing else is said."""
TIMED_OUT: Final = -1
TOO_LONG: Final = -2
ERRORS_BYTES: Final = 8 * 1024
"""How much of git's errors is kept: the end, where it says why it gave up. A server may send any amount before."""
_GRACE_S = 2.0
_CHUNK_BYTES: Final = 1 << 16
_HARMLESS_FLAWS = (
    "badTimezone", "gitmodulesBlob", "gitmodulesLarge", "gitmodulesName", "gitmodulesParse", "gitmodulesPath",
    "gitmodulesUpdate", "gitmodulesUrl", "missingEmail", "missingNameBeforeEmail", "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail", "missingTaggerEntry", "zeroPaddedDate", "zeroPaddedFilemode",
)  # fmt: skip
"""What old programs left in many a history. Submodules are never looked into, whatever is said of them."""

_KEPT = frozenset({"GIT_EXEC_PATH", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"})
_SETTINGS = {
    "core.alternateRefsCommand": "",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "credential.helper": "",
    "credential.interactive": "false",
    # Trees with a name twice, or with names that lead elsewhere, do not get in.
    "fetch.fsckObjects": "true",
    **{f"fetch.fsck.{flaw}": "ignore" for flaw in _HARMLESS_FLAWS},
    # An unpacked object lands file by file, commits first: killed half way, a commit would stand without its files.
    "fetch.unpackLimit": "1",
    "fetch.recurseSubmodules": "false",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "i18n.logOutputEncoding": "UTF-8",
    "init.defaultObjectFormat": "sha1",
    "init.defaultRefFormat": "files",
    "protocol.allow": "never",
    **{f"protocol.{protocol}.allow": "always" for protocol in GIT_PROTOCOLS},
    "transfer.bundleURI": "false",
}
_SSH: Final = (
    "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": ":".join(GIT_PROTOCOLS),
    "GIT_ASKPASS": "",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    # The user's ssh configuration, agent and known hosts count; questions do not.
    "GIT_SSH_COMMAND": _SSH,
    "GIT_SSH_VARIANT": "ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "",
}
_NO_USER_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left, of its errors the end. ``status`` is its exit status; ``TIMED_OUT`` or ``TOO_LONG`` if it was ended
    because its time was over, or because it said more than is read: ``output`` is the beginning then.
    """

    status: int
    output: bytes
    errors: str


@dataclass(frozen=True, slots=True)
class GitProcess:
    """Runs git on one bare repository. ``settings`` are added to ours: the credential of the server, if there is one.

    ``user_config`` lets the user's and the machine's own settings count, which alone can declare a foreign repository
    of this machine safe; used for commands that talk to a ``file`` URL, never for the network.
    """

    repository: Path
    settings: Mapping[str, str]
    user_config: bool = False
    key: str = field(default="", repr=False)
    """Private key that ssh is to use, and no other; empty for those of the user."""
    index: Path | None = None
    """The index that commands use in place of the repository's own."""

    def run(
        self,
        *arguments: str,
        timeout_s: float = LOCAL_TIMEOUT_S,
        most_bytes: int = LOCAL_BYTES,
        most_memory: int | None = None,
    ) -> Finished:
        """Run ``git ARGUMENTS`` to its end, or until it has said ``most_bytes``.

        With ``most_memory`` neither git nor any of its helpers takes more than so many bytes.
        """
        limit = () if most_memory is None else ("sh", "-c", _LIMITED, str(most_memory // 1024))
        key = contextlib.nullcontext[Mapping[str, str]]({}) if not self.key else _only_key(self.key)
        WAITS[threading.get_ident()] = f"git {arguments[0]}"
        try:
            with key as ssh, self._started(arguments, limit, ssh) as child:
                return _finished(child, timeout_s, most_bytes)
        finally:
            WAITS.pop(threading.get_ident(), None)

    @contextlib.contextmanager
    def streaming(
        self, *arguments: str, timeout_s: float = LOCAL_TIMEOUT_S
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """Start ``git ARGUMENTS`` with its pipes open; leaving the block ends it, as does the end of its time."""
        with self._started(arguments, (), {}) as child:
            alarm = threading.Timer(timeout_s, _end, [child])
            alarm.daemon = True
            alarm.start()
            try:
                yield child
            finally:
                alarm.cancel()

    @contextlib.contextmanager
    def _started(
        self, arguments: Sequence[str], limit: Sequence[str], more: Mapping[str, str]
    ) -> "Iterator[subprocess.Popen[bytes]]":
        # Importing GitPython costs a tenth of a second and starts git: only those who read from Git pay for it.
        if shutil.which("git") is None:
            raise WrongUsage(
                "git is not installed",
                fix="install git 2.31 or newer, or name a folder as the source",
            )
        from git.cmd import Git  # noqa: PLC0415

        environment = {**self._environment(), **more}
        # GitPython can add to the environment but not take from it, and inside a hook of another repository some of these
        # (``GIT_QUARANTINE_PATH``, ``GIT_OBJECT_DIRECTORY``) would turn our commands against that repository.
        inherited = sorted(
            name
            for name in os.environ  # noqa: TID251 not read: GitPython hands all of it on
            if name.startswith("GIT_") and name not in _KEPT and name not in environment
        )
        without = ["env", *(word for name in inherited for word in ("-u", name))]
        # GitPython sets the pipes; a session of its own lets us end git together with the helpers it starts.
        handle = Git(str(self.repository.parent)).execute(
            [*(without if inherited else ()), *limit, "git", *arguments],
            as_process=True,
            env=environment,
            istream=subprocess.PIPE,
            start_new_session=True,
        )
        child = handle.proc
        if child is None:
            raise WrongUsage("git did not start", fix="run git --version by hand")
        try:
            yield child
        finally:
            _end(child)
            for pipe in (child.stdin, child.stdout, child.stderr):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            child.wait()

    def _environment(self) -> dict[str, str]:
        settings = {**_SETTINGS, **self.settings}
        environment = {
            **_ENVIRONMENT,
            "GIT_DIR": str(self.repository),
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        if self.index is not None:
            environment["GIT_INDEX_FILE"] = str(self.index)
        if not self.user_config:
            environment.update(_NO_USER_CONFIG)
        for number, (key, value) in enumerate(settings.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


@contextlib.contextmanager
def _only_key(key: str) -> Iterator[Mapping[str, str]]:
    """Give the variable by which ssh uses this key alone.

    The key is in memory, where ssh finds it as a file of this process: it is on no disk, whatever ends us.
    Raises WrongUsage where the system has no such memory.
    """
    if not hasattr(os, "memfd_create"):
        raise WrongUsage(
            "git: a key by reference needs Linux",
            fix="take source.git.credentials out of the settings, and let the ssh agent hold the key",
        )
    descriptor = os.memfd_create("envctl-key")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, f"{key.strip()}\n".encode())
        path = f"/proc/{os.getpid()}/fd/{descriptor}"
        yield {
            "GIT_SSH_COMMAND": f"{_SSH} -o IdentitiesOnly=yes -o IdentityAgent=none -i {path}",
        }
    finally:
        os.close(descriptor)


# The name of the script is the limit; not every system knows one, and then there is none.
_LIMITED: Final = 'ulimit -d "$0" 2>/dev/null; exec "$@"'


def _finished(child: "subprocess.Popen[bytes]", timeout_s: float, most_bytes: int) -> Finished:
    """Read what a process says until it has ended, its time is over, or it has said too much."""
    output, errors = bytearray(), bytearray()
    until, was_cut = time.monotonic() + timeout_s, False
    if child.stdin is not None:
        child.stdin.close()
    with selectors.DefaultSelector() as pipes:
        for pipe, kept in ((child.stdout, output), (child.stderr, errors)):
            if pipe is not None:
                pipes.register(pipe, selectors.EVENT_READ, kept)
        while pipes.get_map():
            ready = pipes.select(max(until - time.monotonic(), 0))
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK_BYTES)
                key.data.extend(chunk)
                if not chunk:
                    pipes.unregister(key.fileobj)
            if not ready or time.monotonic() > until:
                return Finished(TIMED_OUT, b"", f"gave no answer within {timeout_s:g} s")
            if len(output) > most_bytes:
                return Finished(
                    TOO_LONG, bytes(output[:most_bytes]), f"said more than {most_bytes:,} bytes"
                )
            was_cut = was_cut or len(errors) > ERRORS_BYTES
            del errors[:-ERRORS_BYTES]
    try:
        status = child.wait(max(until - time.monotonic(), _GRACE_S))
    except subprocess.TimeoutExpired:
        return Finished(TIMED_OUT, b"", f"gave no answer within {timeout_s:g} s")
    # The first word may be the end of a longer one: of a credential, that nobody would know again.
    told = errors.partition(b" ")[2] if was_cut else errors
    return Finished(status, bytes(output), told.decode(errors="replace"))


def _end(child: "subprocess.Popen[bytes]") -> None:
    # Git removes its lock files when asked to end; killed outright it would leave them for the next run to stumble over.
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, number)
            child.wait(_GRACE_S)


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
        r"out of memory, \w+ failed",
        SourceUnavailable,
        "the server said more than is read",
        "name a repository with fewer branches and tags",
    ),
    Symptom(
        r"fsck error in packed object|object .{1,80}: (duplicateEntries|fullPathname|hasDot)",
        SourceUnavailable,
        "the repository holds objects that no sound one has",
        "see what git fsck says of it, and commit those folders again",
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
    end = errors[-ERRORS_BYTES:]
    for symptom in SYMPTOMS:
        if re.search(symptom.words, end, re.IGNORECASE):
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
