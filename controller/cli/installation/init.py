"""``envctl init``: a repository that validates, from an empty folder."""

import shlex
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from controller import catalog
from controller.cli.invocation import Invocation
from controller.cli.process import at_rest, counted, may_ask, note_problems, say
from controller.engine.authoring.first_repository import (
    FLEET,
    QUESTIONS,
    SETTINGS,
    first_repository,
)
from controller.engine.authoring.write_files import write_new_files
from controller.engine.desired.load_revision import RevisionLoader
from controller.errors import InvalidDesiredState, WrongUsage
from controller.sources.folder import FolderSource
from controller.views.schema_files import schema_files


class Ci(StrEnum):
    """Whose pipeline validates changes."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


def _answer(name: str) -> Any:
    """Return the option that answers a question."""
    usual = QUESTIONS[name].usual
    told = f"{QUESTIONS[name].text}. {f'Usual: {usual}.' if usual else 'Asked for where it is not given.'}"
    return typer.Option(f"--{name.replace('_', '-')}", metavar="TEXT", help=told)


def init(
    context: typer.Context,
    *,
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to begin; default: here.")
    ] = Path(),
    region: Annotated[str | None, _answer("region")] = None,
    account: Annotated[str | None, _answer("account")] = None,
    account_number: Annotated[str | None, _answer("account_number")] = None,
    team: Annotated[str | None, _answer("team")] = None,
    email: Annotated[str | None, _answer("email")] = None,
    type_: Annotated[str | None, _answer("type")] = None,
    vpc: Annotated[str | None, _answer("vpc")] = None,
    subnet_a: Annotated[str | None, _answer("subnet_a")] = None,
    subnet_b: Annotated[str | None, _answer("subnet_b")] = None,
    map_: Annotated[str | None, _answer("map")] = None,
    role: Annotated[str | None, _answer("role")] = None,
    image: Annotated[str | None, _answer("image")] = None,
    environment: Annotated[str | None, _answer("environment")] = None,
    schedule: Annotated[str | None, _answer("schedule")] = None,
    timezone: Annotated[str | None, _answer("timezone")] = None,
    ci: Annotated[Ci, typer.Option("--ci", help="Whose pipeline validates changes.")] = Ci.GITHUB,
) -> None:
    """Begin a repository: settings, schemas, a first account, type, map and environment, a check in CI. It validates. Needs no AWS."""
    place = {"region": region, "account": account, "account_number": account_number}
    network = {"type": type_, "vpc": vpc, "subnet_a": subnet_a, "subnet_b": subnet_b}
    owner, made_of = {"team": team, "email": email}, {"map": map_, "role": role, "image": image}
    first = {"environment": environment, "schedule": schedule, "timezone": timezone}
    given = place | network | owner | made_of | first
    _begin(context.obj, folder, first_repository(_answers(given), ci=ci))


def _begin(call: Invocation, folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files (path -> text) and the schemas into a folder once they load, and say what comes next. Raises as both."""
    files = {Path(path): text.encode() for path, text in texts.items()}
    _check(files, call)
    schemas = {Path("schemas", name): text for name, text in schema_files(outputs=False).items()}
    write_new_files({folder / path: text for path, text in {**files, **schemas}.items()})
    for path in files:
        say(f"wrote {folder / path}")
    say(f"wrote {counted(len(schemas), 'schema')} to {folder / 'schemas'}")
    config = shlex.quote(str((folder / SETTINGS).resolve()))
    say(f"Next: export ENVCTL_CONFIG={config}\n      envctl validate")


def _answers(given: Mapping[str, str | None]) -> dict[str, str]:
    """Return an answer to every question: as given, as asked for, else as usual. Raises WrongUsage where somebody has to say."""
    if may_ask():
        with at_rest():
            return {
                name: str(typer.prompt(question.text, default=question.usual, err=True))
                if given[name] is None
                else str(given[name])
                for name, question in QUESTIONS.items()
            }
    answers = {name: given[name] or question.usual for name, question in QUESTIONS.items()}
    missing = [name for name, answer in answers.items() if answer is None]
    if missing:
        options = " ".join(f"--{name.replace('_', '-')} TEXT" for name in missing)
        raise WrongUsage(
            "what only you know has to be said, and there is nobody to ask", fix=f"add {options}"
        )
    return {name: str(answer) for name, answer in answers.items()}


def _check(files: Mapping[Path, bytes], call: Invocation) -> None:
    """Load the documents as they would stand. Raises InvalidDesiredState for an answer that is wrong."""
    with tempfile.TemporaryDirectory(prefix="envctl-init-") as there:
        write_new_files({Path(there, path): text for path, text in files.items()})
        loader = RevisionLoader(catalog.kinds(), call.settings.of_rules)
        revision = loader.load(FolderSource(Path(there, FLEET)))
        wrong = [problem for problem in revision.problems if not problem.warning]
    if wrong:
        raise InvalidDesiredState(wrong)
    note_problems(revision.problems)
