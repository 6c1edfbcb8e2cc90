"""``envctl get``: what there is of a kind, an object a line."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from controller import catalog
from controller.cli.invocation import Format, Invocation, say_answer
from controller.cli.process import note, terminal_width
from controller.cli.terminal.completion import account_names, object_names, team_names
from controller.engine.config.observe import ObservedConfig, observe_config
from controller.engine.installation.installation import reading_access
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.published_accounts import PublishedAccounts
from controller.engine.queries.listed_names import account_named, only_named
from controller.engine.queries.listing import LISTS, ListFilter, drifted_in, listed_in
from controller.engine.queries.live_listing import LIVE_LISTS, live_listed, look_for
from controller.engine.queries.schedules.exceptions import filter_of
from controller.engine.queries.seen_environments import as_published, as_seen
from controller.engine.reconcile.published_looks import open_published
from controller.errors import WrongUsage
from controller.loading.yaml_text import yaml_lines
from controller.model.accepted import AcceptedState
from controller.model.closest import did_you_mean
from controller.views.answer import Answer
from controller.views.documents.envelope import document_text
from controller.views.lists.accepted import list_answer
from controller.views.lists.live import live_answer, seen_text
from controller.views.lists.table import Shape


class ListFormat(StrEnum):
    """How a list is shown."""

    TEXT = "text"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


_LISTS: Final = (*LISTS, *LIVE_LISTS)
_SHAPES: Final[dict[ListFormat, Shape]] = {ListFormat.WIDE: "wide", ListFormat.NAME: "name"}

AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar="ACCOUNT",
        help="Only in this account: its name or number.",
        autocompletion=account_names,
    ),
]

TeamOption = Annotated[
    str | None,
    typer.Option(
        "--team",
        metavar="CLUSTER",
        help="Only what this team owns.",
        autocompletion=team_names,
    ),
]

ObservedOption = Annotated[
    str | None,
    typer.Option(
        "--observed",
        metavar="PLACE",
        help="From the last looks that are published in a folder or s3://BUCKET/PREFIX, not from what is there now.",
    ),
]


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
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help=f"What to list: {', '.join(_LISTS)}.",
            autocompletion=lambda: list(_LISTS),
        ),
    ],
    names: NamesArgument = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label", "-l", metavar="KEY=VALUE", help="Only what has this label. Repeatable."
        ),
    ] = None,
    account: AccountOption = None,
    team: TeamOption = None,
    observed: ObservedOption = None,
    output: Annotated[
        ListFormat,
        typer.Option(
            "--format", "-o", help="wide: every column; name: a name a line; json, yaml: as data."
        ),
    ] = ListFormat.TEXT,
) -> None:
    """List what there is, what schedules ask of it now and next, overrides and drift: groups and instances by a look, all else by the tables."""
    call: Invocation = context.obj
    what, _, named = what.partition("/")
    listing, asked = _listing(what), [*([named] if named else []), *(names or ())]
    labels = filter_of(team, None, label).labels
    wanted = ListFilter(account=account or "", team=team or "", labels=labels)
    shape = _SHAPES.get(output, "narrow")
    answer = _answer(call, listing, wanted, asked, observed, shape, output)
    answer = replace(answer, remarks=tuple(map(call.as_typed, answer.remarks)))
    if output is ListFormat.YAML:
        document = json.loads(document_text(answer.document, answer.fields()))
        answer = replace(answer, text=lambda: "\n".join(yaml_lines(document)))
    as_json = output is ListFormat.JSON
    say_answer(answer, Format.JSON if as_json else Format.TEXT)


def _answer(
    call: Invocation,
    what: str,
    wanted: ListFilter,
    names: Sequence[str],
    observed: str | None,
    shape: Shape,
    output: ListFormat,
) -> Answer:
    """Return the list as it is shown. Raises as reading the tables or the published looks."""
    now = call.process.clock()
    seen, accounts = _seen(call, observed, now)

    def accepted_at(at: datetime) -> AcceptedState:
        return accounts.accepted(seen.scopes[0], at, seen.overrides)

    accepted = accepted_at(now)
    width = terminal_width() if output is ListFormat.TEXT else None
    if what in LIVE_LISTS:
        scopes = look_for(accounts, accepted, wanted.account, now)
        # An account that is asked for by its number is chosen by now.
        listed = live_listed(
            what, scopes, accepted_at, now, replace(wanted, account=""), observed or ""
        )
        listed = replace(listed, found=only_named(what, listed.found, names))
        return live_answer(what, listed, now, shape, width)
    wanted = replace(wanted, account=account_named(wanted.account, accepted))
    found = listed_in(what, accepted, now, wanted, drifted_in(seen.scopes[0]))
    found, unknown = only_named(what, found, names), None
    if what == "environments":
        if isinstance(accounts, PublishedAccounts):
            found, unknown = as_published(found, accounts, accepted, now)
        else:
            found = as_seen(found, seen.statuses)
    if isinstance(accounts, PublishedAccounts):
        note(f"envctl: {seen_text(accounts.seen, str(observed), now)}")
    return list_answer(what, found, now, shape, width, accepted.unreadable, unknown)


def _seen(
    call: Invocation, observed: str | None, now: datetime
) -> tuple[ObservedConfig, LiveAccounts | PublishedAccounts]:
    """Return the tables and the accounts as they are now, or as they were published last."""
    if observed is None:
        return observe_config(call.installation), call.live
    access = reading_access(call.process, call.settings.region)
    with access.telling_who():
        place = open_published(observed, call.settings, catalog.kinds(), access, now)
    return place.config, place.accounts


def _listing(what: str) -> str:
    """Return the list that is meant: ``environments``, ``environment`` and ``Environment`` are one."""
    name = what.lower()
    name = name if name in _LISTS else f"{name}s"
    if name not in _LISTS:
        fix = did_you_mean(what, _LISTS, f"choose from {', '.join(_LISTS)}", quoted=False)
        raise WrongUsage(f"there is no list of {what!r}", fix=fix)
    return name
