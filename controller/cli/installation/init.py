"""``envctl init``: a repository that validates, from an empty folder."""

import shlex
import tempfile
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from controller import catalog
from controller.cli.invocation import Invocation
from controller.cli.process import at_rest, counted, may_ask, note, note_problems, say
from controller.engine.authoring.first_repository import (
    FLEET,
    QUESTIONS,
    SETTINGS,
    first_repository,
    stand_ins,
)
from controller.engine.authoring.write_files import write_new_files
from controller.engine.desired.load_revision import RevisionLoader
from controller.errors import InvalidDesiredState, WrongUsage
from controller.model.ref import Problem
from controller.settings import read_settings
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
    options = place | network | owner | made_of | first
    given = {name: answer for name, answer in options.items() if answer is not None}
    call: Invocation = context.obj
    stands = {**stand_ins(), **given}
    _refuse_what_is_there(folder, first_repository(stands, ci=ci))
    check = partial(_problems, call.process.environment)
    if wrong := _errors(check(stands)):
        raise InvalidDesiredState(wrong)
    answers = _asked(given, check) if may_ask() else _usual(given)
    note_problems(check(answers))
    _write(folder, first_repository(answers, ci=ci))


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files (path -> text) and the schemas into a folder, and say what comes next. Raises as writing them."""
    schemas = {Path("schemas", name): text for name, text in schema_files(outputs=False).items()}
    files = {Path(path): text.encode() for path, text in texts.items()}
    write_new_files({folder / path: text for path, text in {**files, **schemas}.items()})
    for path in files:
        say(f"wrote {folder / path}")
    say(f"wrote {counted(len(schemas), 'schema')} to {folder / 'schemas'}")
    config = shlex.quote(str((folder / SETTINGS).resolve()))
    say(f"Next: export ENVCTL_CONFIG={config}\n      envctl validate")


def _refuse_what_is_there(folder: Path, paths: Iterable[str]) -> None:
    """Raise WrongUsage, before anything is asked, where one of these files or the schemas is there."""
    for path in (*paths, "schemas"):
        if (folder / path).exists():
            raise WrongUsage(
                f"{folder / path}: exists, and is not written over",
                fix="name a new folder: envctl init FOLDER; where a fleet has begun: envctl new KIND NAME",
            )


def _asked(given: Mapping[str, str], check: "_Check") -> dict[str, str]:
    """Return an answer to every question: as given, else asked for until it is right. Raises Abort where nobody answers."""
    answers = {**stand_ins(), **given}

    def fitting(name: str, answer: str) -> str:
        """Return the answer as it is taken. Raises BadParameter, which has it asked for again, where it is wrong."""
        taken = answer.strip().strip("\"'")
        if wrong := _errors(check({**answers, name: taken})):
            fix = f"; {wrong[0].fix}" if wrong[0].fix else ""
            raise typer.BadParameter(f"{wrong[0].message}{fix}")
        return taken

    try:
        with at_rest():
            for name in (name for name in QUESTIONS if name not in given):
                text, usual, _ = QUESTIONS[name]
                judged = partial(fitting, name)
                answers[name] = typer.prompt(text, default=usual, value_proc=judged, err=True)
    except typer.Abort:
        note("\nenvctl: nothing was written")
        raise
    return answers


def _usual(given: Mapping[str, str]) -> dict[str, str]:
    """Return an answer to every question: as given, else as usual. Raises WrongUsage where somebody has to say."""
    missing = [
        name for name, question in QUESTIONS.items() if question.usual is None and name not in given
    ]
    if missing:
        options = " ".join(f"--{name.replace('_', '-')} TEXT" for name in missing)
        raise WrongUsage(
            "what only you know has to be said, and there is nobody to ask", fix=f"add {options}"
        )
    return {**stand_ins(), **given}


_Check = Callable[[Mapping[str, str]], tuple[Problem, ...]]
"""Returns what is wrong with the files that answers make."""


def _problems(environment: Mapping[str, str], answers: Mapping[str, str]) -> tuple[Problem, ...]:
    """Load the documents as they would stand, by the settings beside them, and return what is wrong. Raises as reading those."""
    files = first_repository(answers, ci=Ci.NONE)
    rules = read_settings(SETTINGS, files[SETTINGS].encode(), environment).of_rules
    with tempfile.TemporaryDirectory(prefix="envctl-init-") as there:
        write_new_files({Path(there, path): text.encode() for path, text in files.items()})
        source = FolderSource(Path(there, FLEET))
        return RevisionLoader(catalog.kinds(), rules).load(source).problems


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if not problem.warning]
