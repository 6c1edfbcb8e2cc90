"""``envctl demo``: the guided tour, chapter by chapter: a few words, the command as one would type it, its real output."""

import shlex
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from controller.cli.main import run
from controller.cli.process import environment_instead, print_as_is, wants_colour
from controller.errors import EnvctlError
from controller.sandbox.ending import sigterm_ends_in_order
from controller.sandbox.run import EXAMPLES
from controller.sandbox.seed import seed
from controller.sandbox.server import embedded_aws, require_extra
from controller.sandbox.tour import (
    ADA,
    BEN,
    CONTRACTORS,
    GIT_ENVIRONMENT,
    TourRepository,
    change_service,
    delete_service,
)

WIDTH = 100
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
SERVICES = "services/services.yaml"
ENVIRONMENTS = "staging/environments.yaml"
SETTINGS = """region: eu-west-1
source:
  git: {{url: "{url}", ref: main, path: fleet}}
snapshots: {{folder: "{snapshots}"}}
targets: {{groups: off, scaling-schedules: off, power: off}}   # the tour is about the tables
"""
HOW_IT_ENDS = """
That was the tour: {elapsed:.0f} s. What to try next:

  envctl sandbox                      an AWS like this one, to play with as long as you like
  envctl validate examples/fleet      break a file in it first
  envctl render Environment/c50 --source examples/fleet
  envctl new Service Payments --source examples/fleet
  docs/tutorial/first-hour.md         the same tour with explanations
"""


def demo() -> None:
    """Tell and run a guided tour on an AWS in memory: no account, no questions, under ninety seconds."""
    require_extra()
    began, tour = time.monotonic(), Tour()
    with sigterm_ends_in_order(), tempfile.TemporaryDirectory(prefix="envctl-tour-") as name:
        folder = Path(name)
        repository = TourRepository(folder / "repository")
        repository.begin()
        tour.tell("Starting an AWS in memory, with a master account and two child accounts …")
        with embedded_aws() as aws:
            seeded = seed(aws.address, fleet=EXAMPLES)
            tour.tell(
                f"It answers at {aws.address}. Master account {seeded.master}, child accounts"
                f" {' and '.join(seeded.children)}. All of it is gone when the tour ends."
            )
            settings = folder / "envctl.yaml"
            settings.write_text(
                SETTINGS.format(url=f"file://{repository.folder}", snapshots=folder / "snapshots"),
                encoding="utf-8",
            )
            with environment_instead(
                {
                    **aws.environment,
                    **GIT_ENVIRONMENT,
                    "ENVCTL_CONFIG": str(settings),
                    "ENVCTL_USER": "tour",
                    "XDG_CACHE_HOME": str(folder / "cache"),
                    "NO_PROXY": "127.0.0.1",
                }
            ):
                _first_apply(tour, repository)
                _second_commit(tour, repository, folder)
                _drift(tour)
                _stale_plan(tour, repository, folder)
                _mass_delete(tour, repository)
                _restore(tour)
                _ledger(tour)
    print_as_is(HOW_IT_ENDS.format(elapsed=time.monotonic() - began))


class Tour:
    """Tells on standard output and runs commands in this process."""

    def __init__(self) -> None:
        """Begin to count chapters."""
        self._chapter = 0
        self._colour = wants_colour()

    def chapter(self, title: str) -> None:
        """Begin a new part."""
        self._chapter += 1
        self._write(f"\n{self._styled(f'{self._chapter}. {title}', _BOLD)}\n")

    def tell(self, text: str) -> None:
        """Say something, in whole sentences; line breaks are made here."""
        self._write(f"\n{textwrap.fill(' '.join(text.split()), WIDTH)}\n")

    def show(self, command: str, output: str = "") -> None:
        """Show a command that somebody else ran, and what it said."""
        self._write(f"\n{self._styled(f'$ {command}', _BOLD)}\n")
        if output:
            self._write(f"{output}\n")

    def envctl(self, *arguments: str, ends: int = 0) -> None:
        """Run a command and show it. Raises EnvctlError if it ends otherwise than ``ends``."""
        self.show(shlex.join(["envctl", *arguments]))
        began = time.monotonic()
        # What the command notes comes before or after its result on a terminal; here the order of writing counts.
        assert arguments[0] not in {"apply", "restore"} or "--yes" in arguments, (
            "the tour asks nothing"
        )
        code = run(arguments)
        sys.stderr.flush()
        took_s = time.monotonic() - began
        self._write(f"{self._styled(f'exit {code}, {took_s:.1f} s', _DIM)}\n")
        if code != ends:
            raise EnvctlError(f"tour: envctl {arguments[0]} ended with {code}, told was {ends}")

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._colour else text

    def _write(self, text: str) -> None:
        print_as_is(text)
        sys.stdout.flush()


def _first_apply(tour: Tour, repository: TourRepository) -> None:
    tour.chapter("From YAML in Git to tables")
    tour.tell("Ada has put the fleet of the examples into a Git repository.")
    tour.show("git log --oneline", repository.git("log", "--format=%h %an: %s").strip())
    tour.tell(
        "A fresh account has no tables. Bootstrap makes them: keys, indexes, streams, recovery, protection."
    )
    tour.envctl("bootstrap")
    tour.tell(
        "A slip of the pen, before it is committed: all problems are said with file, line and fix."
    )
    repository.edit(SERVICES, "Auth", "owningCluster: Infra", "owningCluster: Infar")
    tour.envctl("validate", str(repository.fleet), ends=1)
    repository.edit(SERVICES, "Auth", "owningCluster: Infar", "owningCluster: Infra")
    tour.tell("What is committed is right; a warning is worth knowing and stops nothing.")
    tour.envctl("validate")
    tour.tell("What would happen? A plan changes nothing. Exit code 2 says that there are changes.")
    tour.envctl("plan", ends=2)
    tour.tell(
        "Do it. Each change and its audit record are written in one transaction, or neither is."
    )
    tour.envctl("apply", "--yes")
    tour.tell("And again: nothing is left to do.")
    tour.envctl("plan")


def _second_commit(tour: Tour, repository: TourRepository, plans: Path) -> None:
    tour.chapter("A second commit, reviewed before it happens")
    tour.tell("Ben gives a service to another team and retires an environment that nobody uses.")
    repository.edit(SERVICES, "Checkout", "owningCluster: Tango", "owningCluster: Infra")
    repository.edit(
        ENVIRONMENTS, "c48", "owningCluster: Tango", "owningCluster: Tango\n  lifecycle: retired"
    )
    repository.commit("Checkout moves to Infra; c48 retires", BEN)
    tour.show("git show", repository.shown())
    tour.tell(
        "The plan says which line of which file causes what. It is kept in a file for the reviewer."
    )
    file = str(plans / "plan.json")
    tour.envctl("plan", "--out", file, ends=2)
    tour.tell("What was reviewed is what is applied: the plan is made again and must be the same.")
    tour.envctl("apply", file, "--yes")


def _drift(tour: Tour) -> None:
    tour.chapter("Somebody changes an item behind our back")
    tour.show(change_service("Search", "nobody@acme.example"))
    tour.tell("Nobody committed that: it is drift, and it is put back.")
    tour.envctl("plan", ends=2)
    tour.envctl("apply", "--yes")


def _stale_plan(tour: Tour, repository: TourRepository, plans: Path) -> None:
    tour.chapter("A plan that is no longer true")
    repository.edit(SERVICES, "Search", "Finds things", "Finds everything")
    repository.commit("Search finds more", ADA)
    file = str(plans / "stale.json")
    tour.tell("Ada plans a change and sends the plan to a reviewer …")
    tour.envctl("plan", "--out", file, ends=2)
    repository.edit(SERVICES, "Search", "Finds everything", "Finds almost everything")
    repository.commit("To be honest", BEN)
    tour.tell("… but before it is approved, Ben commits something else. Exit code 4: review again.")
    tour.envctl("apply", file, "--yes", ends=4)
    tour.tell("The new plan is fine, and is applied.")
    tour.envctl("apply", "--yes")


def _mass_delete(tour: Tour, repository: TourRepository) -> None:
    tour.chapter("A commit that deletes too much")
    (repository.fleet / CONTRACTORS).unlink()
    repository.commit("Tidy up", BEN)
    tour.show("git show", repository.shown())
    tour.tell(
        "A guard refuses that, and says what would approve exactly these deletes and nothing else. Exit code 3."
    )
    tour.envctl("apply", "--yes", ends=3)
    tour.tell("It was a mistake. Ben takes it back.")
    repository.git("revert", "--no-edit", "HEAD", author=BEN)
    tour.show("git revert --no-edit HEAD")
    tour.envctl("plan")


def _restore(tour: Tour) -> None:
    tour.chapter("A snapshot, an accident, a restore")
    tour.tell("Every night a copy of the tables is taken, read back, and compared with the ledger.")
    tour.envctl("snapshot", "create")
    tour.show(delete_service("Search"))
    tour.tell("Somebody has deleted a service. What has changed since the snapshot?")
    tour.envctl("snapshot", "diff", "latest", ends=2)
    tour.tell("A restore is a plan like any other: guarded, shown, and on record.")
    tour.envctl("restore", "latest", "--kind", "Service", "--yes")
    tour.envctl("plan")


def _ledger(tour: Tour) -> None:
    tour.chapter("Who changed what, when and why")
    tour.envctl("audit", "list")
    tour.tell("One object, with the commit and the line each change came from:")
    tour.envctl("audit", "list", "--entity", "Service/Search")
    tour.tell("Every record is chained to the one before it. Is the chain whole?")
    tour.envctl("audit", "verify")
    tour.tell(
        "And does it lead to what the tables hold? It does, and following each item from record to record also shows "
        "the one change that did not go through envctl."
    )
    tour.envctl("audit", "verify", "--replay")
