"""How much code three paths enter: files and functions of ``controller/``, counted by a profiler, all threads included.

    python -m benchmarks.paths [--path a|b|c] [--list] [--check]

* a: one YAML field edited in Git, applied by ``envctl apply --yes --scope config``, of a service and its team, all else in order;
* b: the stop at the end of office hours: ``PowerRun.tick`` when a group of two and a single instance fall due;
* c: ``envctl explain i-...`` of the single instance, which the schedule stopped.

A function counts once, however often it is called; so do a file, a property, a nested function and a generator. Not counted are
lambdas and comprehensions, methods that dataclasses and pydantic write, and ``controller/sandbox``: it is the server's side, and a
process of its own. Every other file under ``controller/`` counts, ``model/`` too.

The installation is the embedded sandbox with one account, its documents in a Git repository: for a those of one team, for b and c a
small fleet besides. When the limits were set the three entered 139 files and 561 functions, 110 and 463, and 117 and 480.

Each path is the first work of a new process, which has imported all of ``controller`` before, and had pydantic build its models:
what runs at import does not count, and no cache that an earlier run filled in memory hides what a fresh command enters. Caches on disk are as the run before left them.
For b, reading what is accepted comes before the measurement.

``--list`` prints the functions by file, both in the order of first entry, each file with the one it was first entered from.
``--check`` exits 1 beyond a limit.
"""

import argparse
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from inspect import CO_OPTIMIZED
from pathlib import Path
from pkgutil import walk_packages
from types import CodeType, FrameType
from typing import Any, TypeVar

import boto3

import controller
from benchmarks.schedules_fleet import FASTER, office_hours, write_documents
from controller import catalog
from controller.cli.main import run
from controller.cli.process import environment_instead, process_context
from controller.engine.commit.lease import Claim
from controller.engine.installation.installation import Master, find_installation, open_settings
from controller.engine.live.accounts import LiveAccounts
from controller.engine.power.fleet import accepted_now
from controller.engine.reconcile.tick import PowerRun
from controller.kinds.language.documented import Documented
from controller.model.ledger_record import Requester
from controller.sandbox.seed import CHILD_ROLE
from controller.sandbox.server import embedded_aws
from controller.targets.power import TARGET
from tests.support.seed_fleet import FIRST_ACCOUNT, FleetSize

T = TypeVar("T")
ROOT = Path(controller.__file__).parent
SANDBOX = ROOT / "sandbox"
SANDBOX_MODULES = "controller.sandbox"
SIZE = FleetSize(accounts=1, groups=1, group_size=2, instances=3)
OFFICE_HOURS_ENDED = timedelta(minutes=2)
"""Before now: the sandbox's credentials live by the real clock."""
TEAM = """apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta, groupEmailAddress: tango@acme.example}
---
"""
SERVICE = """apiVersion: envctl/v1
kind: Service
metadata: {name: Search}
spec: {owningCluster: Tango, bluePort: 40012, description: Finds things}
"""
CLOCK = Requester("benchmark", "schedule")
SETTINGS = {
    "targets": {"power": "enforce"},
    "power": {"graceSeconds": 0, "lookAgainSeconds": 0.01},
}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a path is and the most files and functions it may enter."""

    title: str
    files: int
    functions: int


LIMITS = {
    "a": Limit("one edited field: envctl apply --yes --scope config", 90, 380),
    "b": Limit("the stop at the end of office hours: PowerRun.tick", 75, 330),
    "c": Limit("envctl explain of an instance", 55, 250),
}


@dataclass(slots=True)
class Entered:
    """What one path entered, files by their path below the root of the repository."""

    functions: dict[str, list[str]] = field(default_factory=dict)
    """File -> names, in the order of first entry."""
    first_from: dict[str, str] = field(default_factory=dict)
    """File -> the file it was first entered from; empty where a library or a thread's beginning called."""
    hops: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of files of which the first calls into the second."""

    @property
    def count(self) -> int:
        """How many functions there are in all files."""
        return sum(len(names) for names in self.functions.values())


class Profiler:
    """Notes each call into ``controller/`` while it is on, in this thread and those that begin meanwhile."""

    def __init__(self) -> None:
        """Know no code yet."""
        self.entered = Entered()
        self._files: dict[CodeType, str] = {}
        self._calls: set[tuple[CodeType, CodeType | None]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Profile until the context ends."""
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        code, caller = frame.f_code, frame.f_back
        file = self._file(code)
        # Bodies of modules and classes are not optimized; lambdas and comprehensions have no name of their own.
        if not file or not code.co_flags & CO_OPTIMIZED or code.co_name.startswith("<"):
            return
        call = (code, caller.f_code if caller else None)
        with self._lock:
            if call in self._calls:
                return
            self._calls.add(call)
            self._keep(code, file, self._nearest(caller))

    def _keep(self, code: CodeType, file: str, came_from: str) -> None:
        self.entered.first_from.setdefault(file, came_from)
        names = self.entered.functions.setdefault(file, [])
        name = f"{code.co_qualname}:{code.co_firstlineno}"
        if name not in names:
            names.append(name)
        if came_from not in ("", file):
            self.entered.hops.add((came_from, file))

    def _nearest(self, frame: FrameType | None) -> str:
        """Return the file of the nearest caller of ours: libraries may be in between."""
        while frame is not None:
            file = self._file(frame.f_code)
            if file:
                return file
            frame = frame.f_back
        return ""

    def _file(self, code: CodeType) -> str:
        """Return the file of code of ours; empty for all other code."""
        if code not in self._files:
            path = Path(code.co_filename)
            ours = path.is_relative_to(ROOT) and not path.is_relative_to(SANDBOX)
            self._files[code] = str(path.relative_to(ROOT.parent)) if ours else ""
        return self._files[code]


def set_up() -> None:
    """Make the tables, and apply what there is."""
    _envctl("bootstrap")
    _envctl("apply", "--yes", "--scope", "config")


def accept_fleet() -> None:
    """Apply the fleet, and remember its schedules while everything is on."""
    _envctl("apply", "--yes", "--scope", "config")
    _power(datetime.now(UTC) - timedelta(minutes=15))()


def apply_edit() -> Entered:
    """Apply what was committed since."""
    return _measured(lambda: _envctl("apply", "--yes", "--scope", "config"))


def stop_due() -> Entered:
    """Stop what is due."""
    entered = _measured(_power(datetime.now(UTC)))
    states = {instance["State"]["Name"] for instance in _instances()}
    assert states == {"stopped"}, states
    return entered


def explain_stopped() -> Entered:
    """Explain the instance that is in no group."""
    (single,) = _instances("c2")
    return _measured(lambda: _envctl("explain", single["InstanceId"]))


def _envctl(*arguments: str) -> None:
    """Run a command, which must succeed, in this process."""
    with io.TextIOWrapper(io.BytesIO()) as out, redirect_stdout(out):
        code = run(arguments)
    assert code == 0, f"envctl {' '.join(arguments)} ended with {code}"


def _power(now: datetime) -> Callable[[], object]:
    """Return what switches all that is due at a time; what is accepted is read already."""
    process = replace(process_context(), clock=lambda: now)
    master = Master(open_settings(None, process), process, catalog.kinds())
    accounts = LiveAccounts(find_installation(master), (TARGET,))
    accepted = accepted_now(accounts.installation, now, accounts).accepted
    power = PowerRun(accounts, Claim("benchmark", take_over=True), CLOCK)
    power.watch(accepted, now)
    return lambda: power.tick(accepted, now)


def _instances(environment: str = "*") -> list[Any]:
    """Return the instances of an environment as AWS describes them."""
    sts: Any = boto3.client("sts")
    role = f"arn:aws:iam::{FIRST_ACCOUNT:012d}:role/{CHILD_ROLE}"
    given = sts.assume_role(RoleArn=role, RoleSessionName="benchmark")["Credentials"]
    session: Any = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    )
    found = session.client("ec2").describe_instances(
        Filters=[{"Name": "tag:Environment", "Values": [environment]}]
    )
    return [instance for held in found["Reservations"] for instance in held["Instances"]]


def _measured(action: Callable[[], object]) -> Entered:
    for module in walk_packages([str(ROOT)], "controller."):
        if not module.name.endswith("__main__") and not module.name.startswith(SANDBOX_MODULES):
            import_module(module.name)
    for model in _subclasses(Documented):
        model.model_rebuild()
    profiler = Profiler()
    with profiler.on():
        action()
    return profiler.entered


def _subclasses(model: type[Documented]) -> Iterator[type[Documented]]:
    for one in model.__subclasses__():
        yield one
        yield from _subclasses(one)


def in_new_process(work: Callable[[], T]) -> T:
    """Do work of this module in a process that has done nothing yet."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work).result()


def measure(last: str) -> dict[str, Entered]:
    """Return what the paths enter, one after the other on one installation, up to that which is wanted last."""
    with tempfile.TemporaryDirectory() as name, embedded_aws(extensions=FASTER) as aws:
        folder = Path(name)
        fleet = folder / "repository" / "fleet"
        fleet.mkdir(parents=True)
        settings = folder / "envctl.yaml"
        source = {"git": {"url": f"file://{fleet.parent}", "ref": "main", "path": "fleet"}}
        settings.write_text(json.dumps({**SETTINGS, "source": source}))
        aws.controls.send("fleet", asdict(SIZE))
        around = {
            **aws.environment,
            "ENVCTL_CONFIG": str(settings),
            "ENVCTL_USER": "benchmark",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        with environment_instead(around):
            _git(fleet.parent, "init", "--quiet", "--initial-branch=main")
            (fleet / "search.yaml").write_text(TEAM + SERVICE)
            _commit(fleet.parent, "A team and its service")
            in_new_process(set_up)
            (fleet / "search.yaml").write_text(TEAM + SERVICE.replace("things", "more"))
            _commit(fleet.parent, "Search finds more")
            found = {"a": in_new_process(apply_edit)}
            if last == "a":
                return found
            schedule = office_hours(datetime.now(UTC) - OFFICE_HOURS_ENDED)
            write_documents(fleet, SIZE, FIRST_ACCOUNT, schedule)
            (fleet / "search.yaml").unlink()
            _commit(fleet.parent, "The fleet")
            in_new_process(accept_fleet)
            found["b"] = in_new_process(stop_due)
            return {**found, "c": in_new_process(explain_stopped)}


def _commit(repository: Path, message: str) -> None:
    _git(repository, "add", "--all")
    author = ("-c", "user.name=Ada Author", "-c", "user.email=ada@acme.example")
    _git(repository, *author, "commit", "--quiet", "--message", message)


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repository, check=True)


def _print_list(path: str, entered: Entered) -> None:
    print(f"\n{path}: {LIMITS[path].title}")
    for file, names in entered.functions.items():
        print(f"  {file}  from {entered.first_from[file] or 'outside'}")
        for name in names:
            print(f"      {name}")
    print(f"  {len(entered.hops)} pairs of files of which one calls into the other")


def main() -> None:
    """Measure and print; with ``--check`` hold against the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--path", choices=sorted(LIMITS), help="only this one")
    parser.add_argument("--list", action="store_true", help="print the functions entered")
    parser.add_argument("--check", action="store_true", help="exit 1 beyond a limit")
    options = parser.parse_args()
    found = measure(options.path or max(LIMITS))
    shown = {path: found[path] for path in ([options.path] if options.path else found)}
    if options.list:
        for path, entered in shown.items():
            _print_list(path, entered)
    print(f"\n{'path':<56} files  limit  functions  limit")
    beyond = False
    for path, entered in shown.items():
        limit, files = LIMITS[path], len(entered.functions)
        beyond |= files > limit.files or entered.count > limit.functions
        print(
            f"{path}  {limit.title:<53} {files:>5}  {limit.files:>5}"
            f"  {entered.count:>9}  {limit.functions:>5}"
        )
    sys.exit(1 if beyond and options.check else 0)


if __name__ == "__main__":
    main()
