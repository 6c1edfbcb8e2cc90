"""Runs a program as deploy/envctl.service has systemd run one, where there is no systemd to ask: the same unit, by the kernel's own calls.

``python -m tests.support.locked_in FOLDER PROGRAM …`` as root of a Linux with libseccomp; FOLDER is what may be written, in the place
of StateDirectory and CacheDirectory. Taken over are the file system, the user, capabilities, address families, system calls, and bounds.

What is not: MemoryMax and TasksMax, which are a control group's, are bounds of the process here (RLIMIT_DATA, RLIMIT_NPROC);
MemoryHigh, time-outs, the watchdog's end and restarts are systemd's own. Python and this tree are read where they lie.
"""

import ctypes
import os
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from tests.support.system_calls import filters

UNIT: Final = Path(__file__).parents[2] / "deploy" / "envctl.service"
USER: Final = 61184
"""The first of those that DynamicUser takes."""
_SEEN: Final = (sys.base_prefix, sys.prefix, str(UNIT.parents[1]))
_DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty")
_READ_ONLY, _NO_SUID, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4096, 16384, 1 << 18
_NEW_NAMESPACE, _NEW_UTS, _NEW_IPC, _NEW_USER = 0x20000, 0x4000000, 0x8000000, 0x10000000
_MOUNT_SETATTR, _HERE, _RECURSIVELY = 442, -100, 0x8000
_NO_NEW_PRIVILEGES, _DROP_BOUND, _DUMPABLE, _LAST = 38, 24, 4, 40
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Unit:
    """What a unit says: values by key, an empty one taking back those before it."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        self._found: defaultdict[str, list[str]] = defaultdict(list)
        for line in path.read_text().splitlines():
            if line and line[0] not in "#[":
                key, _, value = line.partition("=")
                self._found[key].append(value)

    def words(self, key: str) -> list[str]:
        """Return the words of a key's lines."""
        return [word for value in self._found[key] for word in value.split()]

    def mask(self) -> int:
        """Return what new files are not allowed."""
        (value,) = self.words("UMask")
        return int(value, 8)

    def holds(self, key: str, value: str = "yes") -> bool:
        """Tell whether a key has a value."""
        return self._found[key][-1:] == [value]

    def bytes_of(self, key: str) -> int:
        """Return a bound in bytes that is told in megabytes."""
        (value,) = self.words(key)
        return int(value.removesuffix("M")) << 20


def can_lock_in(folder: Path) -> bool:
    """Tell whether this machine lets us: root of a Linux that has what is asked. The folder becomes the user's, as it will."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    tried = subprocess.run([*locked_in(folder), "/bin/true"], check=False, capture_output=True)
    return tried.returncode == 0


def locked_in(folder: Path) -> list[str]:
    """Return what is put before a program."""
    return [sys.executable, "-m", "tests.support.locked_in", str(folder)]


def main(folder: Path, program: list[str]) -> None:
    """Become the program, locked in."""
    unit = Unit(UNIT)
    os.umask(unit.mask())
    _checked(_LIBC.unshare(_NEW_NAMESPACE | _NEW_UTS | _NEW_IPC))
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USER, USER, follow_symlinks=False)
    _file_system(unit, folder)
    (files,), (tasks,) = unit.words("LimitNOFILE"), unit.words("TasksMax")
    for bound, most in (
        (resource.RLIMIT_NOFILE, int(files)),
        (resource.RLIMIT_NPROC, int(tasks)),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, unit.bytes_of("MemoryMax")),
    ):
        resource.setrlimit(bound, (most, most))
    calls = filters(unit.words)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    _own_users()
    _no_rights()
    for one in calls:
        one.load()
    os.environ["HOME"] = str(folder)
    os.chdir(UNIT.parents[1])
    os.execv(program[0], program)


def _file_system(unit: Unit, folder: Path) -> None:
    """Make all of it read-only but the folder, which is bound again over what hides the rest."""
    wanted = all(
        (
            unit.holds("ProtectSystem", "strict"),
            *map(unit.holds, ("PrivateTmp", "ProtectHome", "PrivateDevices", "PrivateUsers")),
            unit.holds("ProtectProc", "invisible"),
            unit.holds("ProcSubset", "pid"),
        )
    )
    assert wanted, "the unit is not what is copied here"
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    seen = [(path, os.open(path, os.O_PATH), _READ_ONLY) for path in dict.fromkeys(_SEEN)]
    seen.append((str(folder), os.open(folder, os.O_PATH), 0))
    devices = [(name, os.open(f"/dev/{name}", os.O_PATH)) for name in _DEVICES if Path(f"/dev/{name}").exists()]  # fmt: skip
    hidden = ("/root", "/home", "/run/user")
    for place in filter(os.path.isdir, ("/tmp", "/var/tmp", "/dev", *hidden)):
        _mount("tmpfs", place, "tmpfs", _NO_SUID, "mode=1777" if place.endswith("tmp") else "mode=755")  # fmt: skip
    for name, descriptor in devices:
        Path("/dev", name).touch()
        _mount(f"/proc/self/fd/{descriptor}", f"/dev/{name}", "", _BIND)
    Path("/dev/shm").mkdir()
    _mount("tmpfs", "/dev/shm", "tmpfs", _NO_SUID, "mode=1777")
    os.umask(0o022)
    for path, descriptor, _ in seen:
        os.makedirs(path, exist_ok=True)  # noqa: PTH103 - with modes of its own
        _mount(f"/proc/self/fd/{descriptor}", path, "", _BIND | _RECURSIVE)
    os.umask(unit.mask())
    for _, descriptor, _ in seen:
        os.close(descriptor)
    _mount("proc", "/proc", "proc", _NO_SUID, "hidepid=invisible,subset=pid")
    _read_only("/", recursively=True)
    for place in ("/tmp", "/var/tmp", "/dev/shm", "/proc", str(folder)):
        _read_only(place, taken_back=True)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    given = (source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None)  # fmt: skip
    _checked(_LIBC.mount(*given), target)


def _read_only(place: str, *, recursively: bool = False, taken_back: bool = False) -> None:
    set_, clear = (0, _READ_ONLY) if taken_back else (_READ_ONLY, 0)
    attributes = (ctypes.c_uint64 * 4)(set_, clear, 0, 0)
    flags = _RECURSIVELY if recursively else 0
    _checked(_LIBC.syscall(_MOUNT_SETATTR, _HERE, place.encode(), flags, attributes, 32), place)


def _own_users() -> None:
    """Know no other user than itself."""
    _checked(_LIBC.prctl(_DUMPABLE, 1, 0, 0, 0))
    _checked(_LIBC.unshare(_NEW_USER))
    Path("/proc/self/setgroups").write_text("deny")
    for name in ("uid_map", "gid_map"):
        Path("/proc/self", name).write_text(f"{USER} {USER} 1")


def _no_rights() -> None:
    for number in range(_LAST + 1):
        _checked(_LIBC.prctl(_DROP_BOUND, number, 0, 0, 0))
    _checked(_LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _checked(_LIBC.capset(header, none))


def _checked(answer: int, about: str = "") -> None:
    if answer != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
