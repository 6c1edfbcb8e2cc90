"""``envctl schedule``: schedules asked, one or many at a time."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from controller.cli.commands import Commands, several
from controller.cli.process import print_as_is, utc_now
from controller.engine.queries.schedules.batch import decision_answers, state_answers
from controller.errors import WrongUsage


class Schedules(Commands):
    """Those that answer lines start fast; the others need an installation or a source."""

    module = "schedules.queries"
    later: ClassVar[Mapping[str, str]] = {
        "preview": "some days of a schedule as a calendar",
        "exceptions": "what is on outside its schedule, kept by old tags, or always on",
        "report": "hours on and off, and what schedules saved",
    }


schedule = several(
    name="schedule",
    cls=Schedules,
    suggest_commands=False,
    help="Schedules as calendars; what is on outside of them; batch answers.",
)

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Questions; default: standard input.")
]
LinesOption = Annotated[
    bool, typer.Option("--jsonl", help="A JSON object a line; there is no other form.")
]


@schedule.command("eval")
def evaluate(file: FileArgument = None, *, jsonl: LinesOption = True) -> None:  # noqa: ARG001 - the only form there is
    """Answer lines {"schedule", "utc"} with {"state": "on|off|noschedule|none|invalid"}."""
    _answer(file, state_answers)


@schedule.command("decide")
def decide(file: FileArgument = None, *, jsonl: LinesOption = True) -> None:  # noqa: ARG001 - as above
    """Answer facts of instances, one a line, with {"action", "source", "reason"}."""
    _answer(file, decision_answers)


def _answer(
    file: Path | None, answers: Callable[[Iterable[bytes], datetime], Iterator[bytes]]
) -> None:
    try:
        opened = nullcontext(sys.stdin.buffer) if file is None else file.open("rb")
    except OSError as error:
        raise WrongUsage(
            f"{file}: cannot be read: {error.strerror}", fix="name a file that exists"
        ) from error
    with opened as lines:
        for line in answers(lines, utc_now()):
            print_as_is(line.decode())
