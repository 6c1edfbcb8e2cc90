"""What is wrong with a source, for programs."""

from typing import Annotated, TypedDict

from controller.engine.desired.load_revision import LoadedRevision
from controller.views.documents.problem import ProblemObject, problem_json


class ValidateDocument(TypedDict):
    """What is wrong with a source."""

    source: str
    revision: Annotated[str, "Commit, or digest of the files."]
    objects: int
    files: int
    valid: Annotated[bool, "False if there is a problem; warnings leave it true."]
    problems: Annotated[list[ProblemObject], "Problems and warnings, in file order."]


def validate_json(source: str, revision: LoadedRevision) -> ValidateDocument:
    """Return what is wrong with a source of that name."""
    return {
        "source": source,
        "revision": revision.tree.revision.id,
        "objects": len(revision.loaded.resources),
        "files": len(revision.tree.files),
        "valid": all(problem.warning for problem in revision.problems),
        "problems": [problem_json(problem) for problem in revision.problems],
    }
