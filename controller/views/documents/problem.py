"""What went wrong, for programs: problems of the desired state, and the error that ended a command."""

from typing import Annotated, NotRequired, TypedDict

from controller.errors import EnvctlError, InvalidDesiredState, exit_code_of
from controller.model.canonical import ABSENT
from controller.model.ref import Problem
from controller.views.documents.envelope import filled


class RelatedObject(TypedDict):
    """Another place that a problem between documents is about."""

    path: Annotated[str, "File, as the source names it."]
    line: int
    column: int
    document: Annotated[str, "The document there: DeploymentMap/web, or Defaults."]
    field: Annotated[str, "Dotted path inside that document."]


class ProblemObject(TypedDict):
    """One thing the author of the YAML has to mend, or is warned of."""

    path: Annotated[str, "File, as the source names it."]
    line: int
    column: int
    field: Annotated[str, "Dotted path inside the document; empty if the whole file is meant."]
    level: Annotated[str, ("error", "warning")]
    message: str
    fix: NotRequired[Annotated[str, "What to write instead."]]
    related: NotRequired[
        Annotated[
            list[RelatedObject], "The other places it is about, where it is between documents."
        ]
    ]


_Class = TypedDict("_Class", {"class": Annotated[str, "The same as code."]})


class ErrorObject(_Class):
    """What failed. Decide by ``code`` and ``facts``, never by the words."""

    code: Annotated[str, "The stable word of docs/reference/errors.md."]
    exitCode: int  # noqa: N815 - a key of JSON
    message: Annotated[str, "What failed and where, in one line."]
    detail: Annotated[str, "Further lines, such as what AWS or git says; most often empty."]
    fix: Annotated[str, "What to do, a line for each thing to type; empty if nothing is known."]
    facts: Annotated[dict[str, str | int], "What the message says, as data."]
    problems: Annotated[list[ProblemObject], "Of desired state that is wrong; else empty."]


class ErrorDocument(TypedDict):
    """What failed and where, what to do, and the exit code."""

    error: ErrorObject


def problem_json(problem: Problem) -> ProblemObject:
    """Return a problem for programs."""
    return filled(
        ProblemObject,
        problem.origin,
        problem,
        field=problem.path,
        level="warning" if problem.warning else "error",
        fix=problem.fix or ABSENT,
        related=[
            filled(RelatedObject, place.origin, document=place.document, field=place.path)
            for place in problem.related
        ]
        or ABSENT,
    )


def error_json(error: EnvctlError) -> ErrorDocument:
    """Return an error for programs; one that is not ours is given as an ``EnvctlError``, which is a bug of ours."""
    problems = error.problems if isinstance(error, InvalidDesiredState) else ()
    shown = filled(
        ErrorObject,
        error,
        **{"class": error.code},
        exitCode=exit_code_of(error),
        detail="" if problems else error.detail,
        problems=[problem_json(problem) for problem in problems],
    )
    return {"error": shown}
