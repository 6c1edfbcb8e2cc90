"""Filters of system calls as systemd makes them of a unit's lines, by libseccomp; which calls its sets have, ``systemd-analyze`` says.

See systemd.exec(5): SystemCallFilter, RestrictAddressFamilies, RestrictNamespaces, RestrictRealtime, RestrictSUIDSGID, LockPersonality,
MemoryDenyWriteExecute.
"""

import ctypes
import errno
import os
import socket
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Final

_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000
_NOT, _LESS, _EQUAL, _MORE, _MASKED = 1, 2, 4, 6, 7
_WRITE, _EXECUTE, _SHARED_EXECUTE = 2, 4, 0o100000
_NAMESPACES: Final = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)  # fmt: skip
_CURRENT: Final = 0xFFFFFFFF
_ORDINARY: Final = (0, 3, 5)
_LAST_FAMILY: Final = 50
Compared = tuple[int, int, int, int]
"""Number of an argument, how it is compared, with what, and with what else."""


class _Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))  # fmt: skip


@cache
def _library() -> ctypes.CDLL:
    """Return libseccomp. Raises OSError where there is none."""
    found = ctypes.CDLL("libseccomp.so.2")
    found.seccomp_init.restype = ctypes.c_void_p
    return found


class Filter:
    """One filter: what happens to calls that no rule names, and rules. Several hold at once, the strictest first."""

    def __init__(self, otherwise: int) -> None:
        """Begin without rules; other architectures than this one are killed."""
        self._filter = ctypes.c_void_p(_library().seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action: int, call: str, *compared: Compared) -> None:
        """Add one; a call this machine's architecture does not have is left out."""
        number = _library().seccomp_syscall_resolve_name(call.encode())
        array = (_Comparison * len(compared))(*(_Comparison(*one) for one in compared))
        answer = _library().seccomp_rule_add_array(
            self._filter, ctypes.c_uint32(action), number, len(compared), array
        )
        assert answer in {0, -errno.EDOM, -errno.EINVAL} or number < 0, (call, answer)

    def load(self) -> None:
        """Have it hold for this process, for good."""
        answer = _library().seccomp_load(self._filter)
        if answer != 0:
            raise OSError(-answer, "seccomp_load")


def filters(words: Callable[[str], list[str]]) -> list[Filter]:
    """Return the filters of a unit, whose words of a line are asked for by key. Raises OSError without systemd-analyze."""
    refused = _REFUSE | getattr(errno, words("SystemCallErrorNumber")[0])
    listed = Filter(refused)
    for call in _listed(words("SystemCallFilter")):
        listed.rule(_ALLOW, call)
    more = Filter(_ALLOW)
    refuse_eperm = _REFUSE | errno.EPERM
    if words("RestrictNamespaces") == ["yes"]:
        for name in ("unshare", "setns"):
            more.rule(refuse_eperm, name)
        more.rule(_REFUSE | errno.ENOSYS, "clone3")
        for flag in _NAMESPACES:
            more.rule(refuse_eperm, "clone", (0, _MASKED, flag, flag))
    if words("MemoryDenyWriteExecute") == ["yes"]:
        both = _WRITE | _EXECUTE
        more.rule(refuse_eperm, "mmap", (2, _MASKED, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            more.rule(refuse_eperm, name, (2, _MASKED, _EXECUTE, _EXECUTE))
        more.rule(refuse_eperm, "shmat", (2, _MASKED, _SHARED_EXECUTE, _SHARED_EXECUTE))
    if words("LockPersonality") == ["yes"]:
        more.rule(refuse_eperm, "personality", (0, _NOT, _CURRENT, 0))
    if words("RestrictSUIDSGID") == ["yes"]:
        for bit in (stat.S_ISUID, stat.S_ISGID):
            for name, number in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2)):  # fmt: skip
                more.rule(refuse_eperm, name, (number, _MASKED, bit, bit))
    return [listed, more, _families(words("RestrictAddressFamilies")), *_realtime(words)]


def _families(named: Sequence[str]) -> Filter:
    """Allow sockets of the families named alone."""
    allowed = {int(getattr(socket, name)) for name in named}
    made = Filter(_ALLOW)
    for family in range(_LAST_FAMILY):
        if family not in allowed:
            made.rule(_REFUSE | errno.EAFNOSUPPORT, "socket", (0, _EQUAL, family, 0))
    made.rule(_REFUSE | errno.EAFNOSUPPORT, "socket", (0, _MORE, _LAST_FAMILY - 1, 0))
    return made


def _realtime(words: Callable[[str], list[str]]) -> Iterator[Filter]:
    if words("RestrictRealtime") == ["yes"]:
        made = Filter(_ALLOW)
        for policy in set(range(8)) - {*_ORDINARY}:
            made.rule(_REFUSE | errno.EPERM, "sched_setscheduler", (1, _EQUAL, policy, 0))
        yield made


def _listed(words: Iterable[str]) -> set[str]:
    """Return the calls of a SystemCallFilter: the sets named, those after ~ taken out, and what every program needs."""
    taken_out, found = False, _of_set("@default") | {"execve"}
    for word in words:
        taken_out = taken_out or word.startswith("~")
        calls = _of_set(word.removeprefix("~"))
        found = found - calls if taken_out else found | calls
    return found | _of_set("@default") | {"execve"}


def _of_set(name: str) -> set[str]:
    # It would tell the daemon's socket how it ended.
    around = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
    asked = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], env=around, check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = [line.strip() for line in asked.stdout.splitlines()[1:]]
    found = set[str]()
    for line in lines:
        if line.startswith("@"):
            found |= _of_set(line)
        elif line and not line.startswith("#"):
            found.add(line)
    return found
