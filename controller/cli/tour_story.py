"""The guided tour, chapter by chapter."""

from collections.abc import Callable
from pathlib import Path

from controller.cli.tour import Tour
from controller.sandbox.tour import ADA, BEN, CONTRACTORS, TourRepository, change_service

SERVICES = "services/services.yaml"
ENVIRONMENTS = "staging/environments.yaml"


def tell_story(tour: Tour, repository: TourRepository, plans: Path) -> None:
    """Tell everything. ``plans`` is a folder for plan files. Raises EnvctlError if a command ends otherwise than told."""
    _first_apply(tour, repository)
    _second_commit(tour, repository, plans)
    _drift(tour)
    _stale_plan(tour, repository, plans)
    _mass_delete(tour, repository)
    _ledger(tour)


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
    repository.edit(SERVICES, _in("Auth", "owningCluster: Infra", "owningCluster: Infar"))
    tour.envctl("validate", str(repository.fleet), ends=1)
    repository.edit(SERVICES, _in("Auth", "owningCluster: Infar", "owningCluster: Infra"))
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
    repository.edit(SERVICES, _in("Checkout", "owningCluster: Tango", "owningCluster: Infra"))
    repository.edit(
        ENVIRONMENTS,
        _in("c48", "owningCluster: Tango", "owningCluster: Tango\n  lifecycle: retired"),
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
    repository.edit(SERVICES, _in("Search", "Finds things", "Finds everything"))
    repository.commit("Search finds more", ADA)
    file = str(plans / "stale.json")
    tour.tell("Ada plans a change and sends the plan to a reviewer …")
    tour.envctl("plan", "--out", file, ends=2)
    repository.edit(SERVICES, _in("Search", "Finds everything", "Finds almost everything"))
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
    repository.take_back(BEN)
    tour.show("git revert --no-edit HEAD")
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


def _in(name: str, before: str, after: str) -> Callable[[str], str]:
    """Return a change of the first such text in the document that has this name."""

    def change(text: str) -> str:
        documents = text.split("\n---\n")
        return "\n---\n".join(
            document.replace(before, after, 1) if f"name: {name}" in document else document
            for document in documents
        )

    return change
