"""``envctl get``: what there is of a kind, an object a line."""

import json
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Final

import typer

from controller.cli.invocation import Format, Invocation, say_answer
from controller.cli.process import terminal_width
from controller.cli.terminal.completion import object_names
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.listed_names import account_named, only_named
from controller.engine.queries.listing import LISTS, ListFilter, listed_in
from controller.engine.queries.schedules.exceptions import filter_of
from controller.errors import WrongUsage
from controller.loading.yaml_text import yaml_lines
from controller.model.closest import did_you_mean
from controller.views.documents.envelope import document_text
from controller.views.listing import Shape, list_answer


class ListFormat(StrEnum):
    """How a list is shown."""

    TEXT = "text"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


_SHAPES: Final[dict[ListFormat, Shape]] = {ListFormat.WIDE: "wide", ListFormat.NAME: "name"}


NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help="Only these, by any name they have; of the first Kind/name says both.",
        autocompletion=object_names,
    ),
]


def get(
    context: typer.Context,
    *,
    what: Annotated[str, typer.Argument(metavar="WHAT", help=f"What to list: {', '.join(LISTS)}.")],
    names: NamesArgument = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label", "-l", metavar="KEY=VALUE", help="Only what has this label. Repeatable."
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account",
            metavar="ACCOUNT",
            help="Only what is in this account: its name or its number.",
        ),
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="CLUSTER", help="Only what this team owns.")
    ] = None,
    output: Annotated[
        ListFormat,
        typer.Option(
            "--format", "-o", help="wide: every column; name: a name a line; json, yaml: as data."
        ),
    ] = ListFormat.TEXT,
) -> None:
    """List environments, services, schedules, accounts or overrides: what the tables hold, and what schedules ask for now and next."""
    call: Invocation = context.obj
    what, _, named = what.partition("/")
    listing = _listing(what)
    labels = filter_of(team, None, label).labels
    now = call.process.clock()
    accepted = accepted_now(call.installation, now).accepted
    in_account = account_named(account, accepted) if account else ""
    wanted = ListFilter(account=in_account, team=team or "", labels=labels)
    asked = [*([named] if named else []), *(names or ())]
    found = only_named(listing, listed_in(listing, accepted, now, wanted), asked)
    width = terminal_width() if output is ListFormat.TEXT else None
    shape = _SHAPES.get(output, "narrow")
    answer = list_answer(listing, found, now, shape, width, accepted.unreadable)
    if output is ListFormat.YAML:
        document = json.loads(document_text(answer.document, answer.fields()))
        answer = replace(answer, text=lambda: "\n".join(yaml_lines(document)))
    as_json = output is ListFormat.JSON
    say_answer(answer, Format.JSON if as_json else Format.TEXT)


def _listing(what: str) -> str:
    """Return the list that is meant: ``environments``, ``environment`` and ``Environment`` are one."""
    name = what.lower()
    name = name if name in LISTS else f"{name}s"
    if name not in LISTS:
        fix = did_you_mean(what, LISTS, f"choose from {', '.join(LISTS)}", quoted=False)
        raise WrongUsage(f"there is no list of {what!r}", fix=fix)
    return name
