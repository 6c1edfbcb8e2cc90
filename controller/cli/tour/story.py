"""The chapters of the tour: what people do, what the clock does, what envctl makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import Final, Self

from controller.cli.invocation import Invocation
from controller.cli.tour.stepped_daemon import SteppedDaemon
from controller.cli.tour.telling import Tour
from controller.errors import EnvctlError
from controller.sandbox.outsiders import CHILDREN, change_service, instances, resize_group
from controller.sandbox.tour import ADA, BEN, CONTRACTORS, TourRepository

SERVICES = "services/services.yaml"
ENVIRONMENTS = "staging/environments.yaml"
MAPS = "maps/maps.yaml"
EVENING_AFTER: Final = timedelta(minutes=17)
"""Office hours end so long after the tour's begin: later than instances just launched are left alone for, and early enough that all
of the tour is over before the credentials the sandbox gave, by the real clock, are an hour old by the tour's."""
MINUTE: Final = timedelta(minutes=1)


@dataclass(eq=False)
class Story:
    """What the chapters work with. The daemon begins when it is first asked to work, and ends with the story."""

    tour: Tour
    repository: TourRepository
    move: Callable[[timedelta], None]

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End the daemon, if it ever began."""
        if "daemon" in vars(self):
            self.daemon.close()

    @cached_property
    def daemon(self) -> SteppedDaemon:
        """The daemon, put together from the settings. Raises as finding the installation."""
        return SteppedDaemon(Invocation(None, None), self.move)

    def daemon_works(self) -> None:
        """Show what the daemon does until nothing is due."""
        self.tour.daemon(self.daemon.work())

    def a_minute_later(self) -> None:
        """Let the daemon poll the source again."""
        self.tour.later(MINUTE, "the daemon asks Git once a minute")
        self.daemon_works()

    def show_instances(self, **expected: str) -> None:
        """Show what AWS says runs. Raises EnvctlError where an environment named is otherwise than told."""
        found: Mapping[str, str] = {
            environment: states
            for account in CHILDREN
            for environment, states in instances(account).items()
        }
        lines = [f"{environment:<4}  {states}" for environment, states in found.items()]
        self.tour.show("aws ec2 describe-instances   (both accounts)", "\n".join(lines))
        for environment, states in expected.items():
            if found.get(environment) != states:
                raise EnvctlError(f"tour: {environment} is otherwise than told: not {states}")


def _first_commit(story: Story) -> None:
    tour, repository = story.tour, story.repository
    tour.chapter("From YAML in Git to tables, and to groups in two accounts")
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
    tour.tell("What is committed is right.")
    tour.envctl("validate")
    tour.tell(
        "The daemon starts. `envctl run` goes on by itself, day and night; the tour moves its clock, so that nobody waits."
        " Each change to a table and its audit record are written in one transaction, or neither is; changes in accounts are"
        " announced on record before they are made."
    )
    story.daemon_works()
    tour.tell("Tables first, then the groups of two accounts, with their instances:")
    story.show_instances(c48="5 running", c49="5 running", c50="7 running", pr1="5 running")
    tour.envctl("status")


def _second_commit(story: Story) -> None:
    tour, repository = story.tour, story.repository
    tour.chapter("A commit arrives")
    tour.tell("Ben gives a service to another team, and c49 one web server more.")
    repository.edit(SERVICES, "Checkout", "owningCluster: Tango", "owningCluster: Infra")
    repository.edit(
        ENVIRONMENTS,
        "c49",
        "{owningCluster: Tango}",
        "{owningCluster: Tango, roles: {Web: {autoScalingSettings: {desiredCapacity: 5}}}}",
    )
    repository.commit("Checkout moves to Infra; c49 grows", BEN)
    tour.show("git show", repository.shown())
    tour.tell(
        "What would happen? A plan changes nothing, and says which line of which file causes what. Exit code 2 says that"
        " there are changes."
    )
    tour.envctl("plan", ends=2)
    tour.tell("It was reviewed where it was merged. The daemon applies it.")
    story.a_minute_later()
    story.show_instances(c49="6 running")


def _drift(story: Story) -> None:
    tour = story.tour
    tour.chapter("Somebody changes a table and a group behind our back")
    tour.show(change_service("Search", "nobody@acme.example"))
    tour.show(resize_group("staging-eu", "c49-ta-Web", 60))
    tour.tell(
        "Nobody committed that: it is drift. A table's stream tells within seconds, a look at its account the group, here every"
        " five minutes. Both are put back."
    )
    tour.later(5 * MINUTE, "streams have been read, and every account looked at again")
    story.daemon_works()
    tour.envctl("plan")


def _evening(story: Story) -> None:
    tour = story.tour
    tour.chapter("Evening comes, and one environment stays on")
    tour.tell("Tonight c50 is needed longer. An override says until when, by whom and why.")
    tour.envctl(
        *("override", "c50", "schedule=on", "--until", "+20m"),
        *("--reason", "release night", "--yes"),
    )
    tour.later(EVENING_AFTER - 6 * MINUTE, "office hours are over")
    story.daemon_works()
    tour.tell(
        "Instances go to standby and stop; nothing is terminated, and in the morning the same ones start."
        " Production and the shared cm1 have other schedules."
    )
    story.show_instances(c48="5 stopped", c49="6 stopped", c50="7 running", pr1="5 running")
    tour.envctl("explain", "c50")


def _bad_commits(story: Story) -> None:
    tour, repository = story.tour, story.repository
    tour.chapter("Two bad commits are refused, and nothing stops")
    repository.edit(SERVICES, "Auth", "owningCluster: Infra", "owningCluster: Infar")
    repository.commit("Auth moves", BEN)
    tour.show("git show", repository.shown())
    story.a_minute_later()
    tour.envctl("status")
    tour.tell(
        "What was accepted last stays in force, and so does the clock: the override of c50 ends."
    )
    tour.later(10 * MINUTE, "the release night is over")
    story.daemon_works()
    story.show_instances(c50="1 running, 6 stopped", pr1="5 running")
    tour.tell("Ben takes it back, and tidies up too much.")
    repository.git("revert", "--no-edit", "HEAD", author=BEN)
    tour.show("git revert --no-edit HEAD")
    (repository.fleet / CONTRACTORS).unlink()
    repository.commit("Tidy up", BEN)
    tour.show("git show", repository.shown())
    story.a_minute_later()
    tour.tell(
        "A guard refuses that, and says what would approve exactly these deletes and nothing else. Exit code 3."
    )
    tour.envctl("apply", "--yes", ends=3)
    tour.tell("It was a mistake, too.")
    repository.git("revert", "--no-edit", "HEAD", author=BEN)
    tour.show("git revert --no-edit HEAD")
    story.a_minute_later()
    tour.envctl("plan")


def _rollback(story: Story) -> None:
    tour, repository = story.tour, story.repository
    tour.chapter("An accident is rolled back, and Git told")
    repository.edit(MAPS, "web", "desiredCapacity: 4", "desiredCapacity: 1")
    repository.commit("Save some money", BEN)
    tour.show("git show", repository.shown())
    story.a_minute_later()
    story.show_instances(pr1="2 running")
    commit = repository.head()
    tour.tell(
        "Valid, but not what anybody wanted: production has one web server. A rollback takes back what one commit made, field by"
        " field, in tables and accounts. Git still says otherwise: what is put back is held until it does not. The commit that"
        " reverts Ben's is made along with it, on a branch of its own."
    )
    repository.git("config", "user.name", "Ada")
    repository.git("config", "user.email", "ada@acme.example")
    clone = ("--git", str(repository.folder))
    tour.envctl("rollback", "--commit", commit, *clone, "--reason", "not agreed upon", "--yes")
    story.show_instances(pr1="5 running")
    tour.envctl("override", "list")
    branch = repository.git("branch", "--list", "rollback/*", "--format=%(refname:short)").strip()
    tour.tell("Once that branch is merged Git says the same, and nothing is held any more.")
    repository.git("merge", "--quiet", branch)
    tour.show(f"git merge {branch}")
    story.a_minute_later()
    tour.envctl("override", "list")


def _restore(story: Story) -> None:
    tour, repository = story.tour, story.repository
    tour.chapter("A snapshot is restored")
    tour.tell(
        "Every night the daemon takes a copy of the tables, reads it back, and compares it with the ledger; a person may, too."
    )
    tour.envctl("snapshot", "create")
    tour.tell("Then a script of Ben's has been through the services.")
    repository.edit(SERVICES, "Search", "Finds things", "see wiki")
    repository.edit(SERVICES, "Checkout", "https://wiki.acme.example/checkout", "https://wiki")
    repository.commit("Texts by script", BEN)
    tour.show("git show", repository.shown())
    story.a_minute_later()
    tour.tell("A restore is a plan like any other: guarded, shown, and on record.")
    tour.envctl("restore", "latest", "--kind", "Service", "--reason", "texts lost", "--yes")
    tour.tell("The daemon does not undo it, though Git still has Ben's texts …")
    story.a_minute_later()
    tour.envctl("override", "list")
    tour.tell("… until Git has the right ones again.")
    repository.git("revert", "--no-edit", "HEAD", author=ADA)
    tour.show("git revert --no-edit HEAD")
    story.a_minute_later()
    tour.envctl("plan")


def _ledger(story: Story) -> None:
    tour = story.tour
    tour.chapter("The ledger proves all of it: who changed what, when and why")
    tour.envctl("audit", "list", "--since", "2h ago")
    tour.tell("One object, with the commit and the line each change came from:")
    tour.envctl("audit", "list", "--entity", "Service/Search")
    tour.tell("One environment, its groups and its instances with it:")
    tour.envctl("audit", "list", "--environment", "c49", "--power")
    tour.tell(
        "Every record is chained to the one before it. Are the chains whole, and do they lead to what the tables hold? Yes."
        " The one change to a table that did not go through envctl is on record, too: its stream told."
    )
    tour.envctl("audit", "verify", "--replay")


CHAPTERS: Final[tuple[Callable[[Story], None], ...]] = (
    _first_commit,
    _second_commit,
    _drift,
    _evening,
    _bad_commits,
    _rollback,
    _restore,
    _ledger,
)
