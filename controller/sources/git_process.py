"""Start ``git`` so that it can do nothing but what we ask: the one place that knows GitPython.

Every child gets an environment without the caller's ``GIT_*`` variables, ignores hooks, asks nobody anything, speaks https,
ssh and file alone, and follows no redirect.  The credential is in that environment, which only this user can read.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.errors import WrongUsage
from controller.sources.location import GIT_PROTOCOLS

LOCAL_TIMEOUT_S = 120.0
_GRACE_S = 2.0

_KEPT = frozenset({"GIT_EXEC_PATH", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"})
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "credential.helper": "",
    "credential.interactive": "false",
    # An unpacked object lands file by file, commits first: killed half way, a commit would stand without its files.
    "fetch.unpackLimit": "1",
    "fetch.recurseSubmodules": "false",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "i18n.logOutputEncoding": "UTF-8",
    "protocol.allow": "never",
    **{f"protocol.{protocol}.allow": "always" for protocol in GIT_PROTOCOLS},
    "transfer.bundleURI": "false",
}
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": ":".join(GIT_PROTOCOLS),
    "GIT_ASKPASS": "",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    # The user's ssh configuration, agent and known hosts count; questions do not.
    "GIT_SSH_COMMAND": (
        "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
    ),
    "GIT_SSH_VARIANT": "ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS": "",
}
_NO_USER_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left. ``status`` is its exit status, -1 if it was ended because its time was over."""

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

    def run(
        self, *arguments: str, timeout_s: float = LOCAL_TIMEOUT_S, text: bytes = b""
    ) -> Finished:
        """Run ``git ARGUMENTS`` to its end, with ``text`` as its input."""
        with self._started(arguments) as child:
            try:
                output, errors = child.communicate(text, timeout=timeout_s)
            except subprocess.TimeoutExpired:
                return Finished(-1, b"", f"gave no answer within {timeout_s:g} s")
            return Finished(child.returncode, output, errors.decode(errors="replace"))

    @contextlib.contextmanager
    def streaming(
        self, *arguments: str, timeout_s: float = LOCAL_TIMEOUT_S
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """Start ``git ARGUMENTS`` with its pipes open; leaving the block ends it, as does the end of its time."""
        with self._started(arguments) as child:
            alarm = threading.Timer(timeout_s, _end, [child])
            alarm.daemon = True
            alarm.start()
            try:
                yield child
            finally:
                alarm.cancel()

    @contextlib.contextmanager
    def _started(self, arguments: Sequence[str]) -> "Iterator[subprocess.Popen[bytes]]":
        # Importing GitPython costs a tenth of a second and starts git: only those who read from Git pay for it.
        if shutil.which("git") is None:
            raise WrongUsage(
                "git is not installed",
                fix="install git 2.31 or newer, or name a folder as the source",
            )
        from git.cmd import Git  # noqa: PLC0415

        command = [*_without_inherited(self._environment()), "git", *arguments]
        # GitPython sets the pipes; a session of its own lets us end git together with the helpers it starts.
        handle = Git(str(self.repository.parent)).execute(
            command,
            as_process=True,
            env=self._environment(),
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
        if not self.user_config:
            environment.update(_NO_USER_CONFIG)
        for number, (key, value) in enumerate(settings.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


def _without_inherited(replaced: Mapping[str, str]) -> list[str]:
    """Return the words before ``git`` that take the caller's own git variables away.

    GitPython can add to the environment but not take from it, and inside a hook of another repository some of these
    (``GIT_QUARANTINE_PATH``, ``GIT_OBJECT_DIRECTORY``) would turn our commands against that repository.
    """
    inherited = [
        name
        for name in os.environ  # noqa: TID251 not read: GitPython hands all of it on
        if name.startswith("GIT_") and name not in _KEPT and name not in replaced
    ]
    return (
        ["env", *(word for name in sorted(inherited) for word in ("-u", name))] if inherited else []
    )


def _end(child: "subprocess.Popen[bytes]") -> None:
    # Git removes its lock files when asked to end; killed outright it would leave them for the next run to stumble over.
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, number)
            child.wait(_GRACE_S)
