"""What Git is told of a rollback: a commit that takes back the commits its records come from."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from controller.engine.rollback.chosen import PREFIX
from controller.engine.rollback.service import PreparedRollback
from controller.errors import WrongUsage
from controller.kinds.language.kind import DEFAULTS
from controller.loading.authoring.reverted_file import DocumentName, reverted_file
from controller.model.ref import ResourceRef
from controller.planning.authors import OF_DOCUMENTS
from controller.settings import GitSource
from controller.sources.git_revert import MAIN, Clone, RevertCommit

_COMMIT: Final = re.compile("[0-9a-f]{40}")
_BRANCH_LETTERS: Final = re.compile(r"[^0-9A-Za-z]+")


class Reverted(NamedTuple):
    """The commit that was made, and the objects that are rolled back and of whose files it changes none."""

    made: RevertCommit
    beside: tuple[str, ...]


def commits_of(prepared: PreparedRollback) -> tuple[str, ...]:
    """Return the commits that the records come from. Raises WrongUsage where none does."""
    found = {
        record.actor.commit
        for record in prepared.chosen.records
        if record.cause in OF_DOCUMENTS and _COMMIT.fullmatch(record.actor.commit)
    }
    if not found:
        raise WrongUsage(
            f"{prepared.chosen.name}: no commit made these changes, so there is none to revert",
            fix="leave --git out",
        )
    return tuple(sorted(found))


def write_revert(prepared: PreparedRollback, clone: Path, source: GitSource | None) -> Reverted:
    """Make the reverting commit in a clone, on a branch that begins where the source's is. Raises as ``commits_of`` and ``Clone.revert``.

    Of what those commits changed it takes back the documents of objects that are rolled back, and what has no object of its
    own unless a single record is taken back: defaults are of many.
    """
    what = prepared.chosen.name.removeprefix(PREFIX)
    commits, goes_back = commits_of(prepared), _goes_back(prepared)
    lines = "\n".join(f"This reverts commit {commit}." for commit in commits)
    made = Clone(clone).revert(
        commits,
        f"rollback/{_BRANCH_LETTERS.sub('-', what).strip('-')}",
        f"Roll back {what}\n\n{lines}",
        lambda now, reverted: reverted_file(now, reverted, goes_back),
        MAIN if source is None else source.ref,
    )
    places = {
        record.origin.rpartition(":")[0]
        for record in prepared.chosen.records
        if record.origin.rpartition(":")[0]
    }
    beside = sorted(
        place
        for place in places
        if not any(f"/{path}".endswith(f"/{place}") for path in made.paths)
    )
    return Reverted(made, tuple(beside))


def _goes_back(prepared: PreparedRollback) -> Callable[[DocumentName], bool]:
    chosen, touched = prepared.chosen, prepared.undone.touched
    is_one_record = [PREFIX + record.audit_id for record in chosen.records] == [chosen.name]

    def goes_back(found: DocumentName) -> bool:
        if found.kind in ("", DEFAULTS):
            return not is_one_record
        keys = found.name, f"{found.environment}/{found.name}"
        return any(ResourceRef(found.kind, key) in touched for key in keys)

    return goes_back
